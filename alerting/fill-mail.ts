import { randomBytes } from 'node:crypto';
import { TiplineError } from '../core/process/errors.ts';
import type { Seam } from '../core/process/seam.ts';
import type { Outbox, OutboxMail, OutboxRow, Versioned } from '../store/port.ts';
import { compose } from './compose.ts';
import { buildDigest, type Digest } from './digest.ts';
import type { MailBook } from './mail-book.ts';

/** Rows that are read, listed and taken at once. */
const PAGE = 2000;
/** Rows of one mail; more wait for the next. Their ids stand in the mail's own record. */
const MOST_ROWS = 100_000;

export interface FillContext {
  outbox: Outbox;
  book: MailBook;
  seam: Seam;
  settings: {
    threshold: number;
    repeatAfter: number;
    /** Rows that the mail shows in full. */
    maxRows: number;
    /** Right side of the Message-ID. */
    domain: string;
  };
}

/**
 * - sealed: ready to be sent;
 * - nothing: no row waits;
 * - overtaken: another sender, or an answer of the store that got lost; the next round sees what became of it.
 */
export type Filled = { kind: 'sealed'; mail: Versioned<OutboxMail> } | { kind: 'nothing' } | { kind: 'overtaken' };

/** A mail that still takes rows; it has not been sent. */
export function isTaking(mail: OutboxMail): boolean {
  return mail.text === '';
}

/**
 * Takes every row that waits now into one mail and seals it, so that it can be sent. Rows that come to wait meanwhile are for the
 * next mail. `begun` is a mail that an earlier sender left while it was taking.
 *
 *   none --list--> taking --take--> taking --(next page)--> ... --seal--> sealed   (or withdrawn, if all was closed again)
 *
 * - list: the ids of a page are written into the mail (created with its Message-ID by the first page);
 * - take: each row goes from `pending` to `mailed` with the mail's id, by compare-and-set;
 * - seal: the body is composed of the listed rows that are the mail's, and written, by compare-and-set on the list.
 *
 * Rows are listed before they are taken and the seal names the list it was made from. So a row can be taken by no mail whose
 * body misses it, and death at any point leaves either rows that wait, or a taking mail that the next sender goes on with.
 */
export async function fillMail(
  begun: Versioned<OutboxMail> | undefined,
  context: FillContext,
  now: number,
): Promise<Filled> {
  const { outbox, seam } = context;
  let mail = begun;
  if (mail !== undefined) await takeListed(outbox, mail.value, now, () => {});

  let most: number | undefined;
  for (;;) {
    const listed = new Set(mail?.value.rows);
    const page = await outbox.pending(PAGE);
    most ??= Math.min(listed.size + page.total, MOST_ROWS);
    const fresh = page.rows.filter(({ value }) => !listed.has(value.id)).slice(0, most - listed.size);
    if (fresh.length === 0) break;

    for (const { value } of fresh) listed.add(value.id);
    const begunOrNew = mail?.value ?? newMail(context.settings.domain, now);
    mail = await write(outbox, mail, { ...begunOrNew, rows: [...listed] });
    if (mail === undefined || !isTaking(mail.value)) return { kind: 'overtaken' };
    seam('sender:after-mail-saved');

    const { id } = mail.value;
    // A row that changed meanwhile is taken when the mail is sealed, if it still waits then.
    await outbox.save(fresh.map(({ value, version }) => ({ value: taken(value, id, now), version })));
    seam('sender:after-rows-claimed');
  }
  return mail === undefined ? { kind: 'nothing' } : seal(mail, context, now);
}

async function seal(
  mail: Versioned<OutboxMail>,
  { outbox, book, seam, settings }: FillContext,
  now: number,
): Promise<Filled> {
  const digest = await digestOf(outbox, mail.value, settings.maxRows, now);
  if (digest.total === 0) {
    // All of it was closed again before anybody was told. The same compare-and-set as a seal, so no row is lost with it.
    const withdrawn = { ...mail.value, subject: 'withdrawn before it was sent', sentAt: now, rows: [] };
    const saved = await outbox.saveMail({ value: withdrawn, version: mail.version });
    return { kind: saved ? 'nothing' : 'overtaken' };
  }

  await book.begin(mail.value.id, now);
  const { threshold, repeatAfter } = settings;
  const body = compose(digest, { threshold, repeatAfter, at: now });
  const sealed = await write(outbox, mail, { ...mail.value, ...body, indicators: digest.total, createdAt: now });
  seam('sender:after-sealed');
  // Counted already: another sender has it in hand.
  if (sealed === undefined || sealed.value.attempts > 0) return { kind: 'overtaken' };
  return { kind: 'sealed', mail: sealed };
}

async function digestOf(outbox: Outbox, mail: OutboxMail, most: number, now: number): Promise<Digest> {
  const digest = buildDigest(most);
  await takeListed(outbox, mail, now, (row) => {
    if (row.open) digest.add(row.alert);
  });
  return digest.finish();
}

/** Takes the listed rows that still wait, and hands over all that are the mail's. */
async function takeListed(outbox: Outbox, mail: OutboxMail, now: number, own: (row: OutboxRow) => void): Promise<void> {
  for (let from = 0; from < mail.rows.length; from += PAGE) {
    let left = mail.rows.slice(from, from + PAGE);
    for (let attempt = 0; left.length > 0; attempt += 1) {
      if (attempt === 20) {
        throw new TiplineError('OUTBOX_CONTENDED', 'alerts change faster than they can be put into a mail', {
          retryable: true,
        });
      }
      const waiting: Versioned<OutboxRow>[] = [];
      for (const { value, version } of (await outbox.read(left)).values()) {
        if (value.state === 'pending') waiting.push({ value: taken(value, mail.id, now), version });
        else if (value.mail === mail.id) own(value);
      }
      const saved = await outbox.save(waiting);
      left = [];
      waiting.forEach(({ value }, index) => {
        if (saved[index] === true) own(value);
        else left.push(value.id);
      });
    }
  }
}

function taken(row: OutboxRow, mail: string, now: number): OutboxRow {
  return { ...row, state: 'mailed', mail, alertedAt: now };
}

function newMail(domain: string, now: number): OutboxMail {
  const id = randomBytes(10).toString('hex');
  return {
    id,
    messageId: `<${id}.alert@${domain}>`,
    createdAt: now,
    sentAt: 0,
    attempts: 0,
    subject: '',
    text: '',
    html: '',
    indicators: 0,
    rows: [],
  };
}

/** The mail as it stands after the write; undefined when another sender was first. */
async function write(
  outbox: Outbox,
  before: Versioned<OutboxMail> | undefined,
  value: OutboxMail,
): Promise<Versioned<OutboxMail> | undefined> {
  if (!(await outbox.saveMail({ value, version: before?.version ?? null }))) return undefined;
  return outbox.readMail(value.id);
}
