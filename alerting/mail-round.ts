import { createBackoff } from '../core/process/backoff.ts';
import type { WorkerContext } from '../core/process/worker-context.ts';
import type { Cursors, OutboxMail, Versioned } from '../store/port.ts';
import type { Failure } from './channels/channel.ts';
import { type FillContext, fillMail, isTaking } from './fill-mail.ts';
import { type Lease, whileLeading } from './leadership.ts';
import { type SendContext, sendMail, tellUntold } from './send-mail.ts';

/** Health part: can mails be sent? */
export const MAIL_PART = 'mail';

/**
 * Sealed mails that may stand unsent. A refused mail (5xx) must not hold up the others, since the next one may pass; but if the
 * server refuses them all, the rows wait for one mail that has everything instead of making one more every quiet time.
 */
const MOST_STANDING = 3;
/** Between two tries of what needs an operator: no alert is given up, and no account is locked by trying. */
const SLOW = 15 * 60_000;

export interface RoundOptions {
  /** Whether rows that wait become a mail: not now, when the quiet time has passed, or at once. */
  compose: 'no' | 'when-quiet' | 'at-once';
  /** Try also what was put off. */
  force: boolean;
}

export interface RoundResult {
  /** Mails begun and not accepted. */
  standing: number;
  /** What keeps them. */
  problem: Failure | undefined;
  composed: boolean;
}

export interface MailRounds {
  /** One round under the lease: tell, send what stands, compose, send. `undefined` when another process holds the lease. */
  go(options: RoundOptions): Promise<RoundResult | undefined>;
  /** Tries the channel without a mail and reports health; true when it works. */
  verify(): Promise<boolean>;
  /** The last round broke off, by an outage of the store or the bus: another one has to finish its work. */
  brokeOff(): boolean;
  /** Nothing stands in the outbox: what this process could not send another one did. True when that is news here. */
  nothingStands(): boolean;
  /** Epoch ms before which a round has nothing to send again; 0 when nothing stands. */
  nextTry(): number;
  /** Epoch ms before which no new mail is due. */
  quietUntil(): number;
  /** Mails accepted by this process. */
  accepted(): number;
}

export interface RoundContext {
  fill: FillContext;
  send: SendContext;
  cursors: Cursors;
  lease: Lease;
  /** Milliseconds between two mails at least. */
  quiet: number;
  context: WorkerContext;
}

export function createMailRounds({ fill, send, cursors, lease, quiet, context }: RoundContext): MailRounds {
  const { health, log, metrics } = context;
  const { outbox, book, channel, now } = send;
  const mailed = metrics.counter('tipline_mails_total', 'Mails handed to the mail server, by its answer', ['answer']);
  const backoff = createBackoff({ first: 5000, most: 5 * 60_000 });
  /** Refused mails, with the time to try them again. */
  const putOff = new Map<string, number>();
  let blockedUntil = 0;
  let quietUntil = 0;
  let standing = 0;
  let accepted = 0;
  let brokeOff = false;

  /** `accepted`, or the failure that keeps the mail. */
  const attempt = async (mail: Versioned<OutboxMail>): Promise<'accepted' | 'elsewhere' | Failure> => {
    const { id, indicators, attempts } = mail.value;
    const delivery = await sendMail(mail, send);
    switch (delivery.kind) {
      case 'elsewhere':
        return 'elsewhere';
      case 'accepted':
        accepted += 1;
        putOff.delete(id);
        backoff.reset();
        blockedUntil = 0;
        log.info({ mail: id, indicators, attempt: attempts + 1 }, `mail handed to ${channel.description}`);
        if (delivery.refusedRecipients.length > 0) {
          log.warn(
            { recipients: delivery.refusedRecipients },
            'the mail server refuses some recipients; check alerting.email.to',
          );
        }
        break;
      case 'refused':
        putOff.set(id, now() + SLOW);
        log.warn({ mail: id, indicators }, delivery.message);
        break;
      case 'unreachable':
        blockedUntil = now() + (delivery.lasting ? SLOW : backoff.next());
        log.warn({ mail: id, indicators }, delivery.message);
        break;
      default: {
        const never: never = delivery;
        return never;
      }
    }
    mailed(1, { answer: delivery.kind });
    return delivery.kind === 'accepted' ? 'accepted' : delivery;
  };

  const round = async ({ compose, force }: RoundOptions): Promise<RoundResult> => {
    await tellUntold(send);
    const unsent = await outbox.unsent();
    for (const id of putOff.keys()) if (!unsent.some(({ value }) => value.id === id)) putOff.delete(id);
    let problem: Failure | undefined;
    let progressed = false;
    standing = 0;

    const deliver = async (mail: Versioned<OutboxMail>): Promise<void> => {
      const outcome = await attempt(mail);
      if (outcome === 'accepted') {
        progressed = true;
        return;
      }
      standing += 1;
      if (outcome !== 'elsewhere') problem = outcome;
    };

    const blocked = (): boolean => problem?.kind === 'unreachable' || (!force && now() < blockedUntil);
    for (const mail of unsent.filter(({ value }) => !isTaking(value))) {
      if (blocked() || (!force && now() < (putOff.get(mail.value.id) ?? 0))) standing += 1;
      else await deliver(mail);
    }

    // A mail that an earlier sender left while it took rows is finished first: its rows have waited.
    const begun = unsent.find(({ value }) => isTaking(value));
    quietUntil = (await book.read()).last + quiet;
    const due = compose === 'at-once' || (compose === 'when-quiet' && now() >= quietUntil);
    let composed = false;
    if ((due || begun !== undefined) && !blocked() && standing < MOST_STANDING) {
      const filled = await fillMail(begun, fill, now());
      switch (filled.kind) {
        case 'sealed':
          composed = true;
          quietUntil = now() + quiet;
          await deliver(filled.mail);
          break;
        case 'overtaken':
          standing += 1;
          break;
        case 'nothing':
          break;
        default: {
          const never: never = filled;
          return never;
        }
      }
    }

    if (problem !== undefined) {
      health.report(
        MAIL_PART,
        'down',
        `${standing} ${standing === 1 ? 'mail waits' : 'mails wait'}: ${problem.message}`,
      );
    } else if (progressed && standing === 0) {
      health.report(MAIL_PART, 'up');
    }
    return { standing, problem, composed };
  };

  return {
    async go(options) {
      brokeOff = true;
      const led = await whileLeading(cursors, lease, () => round(options));
      brokeOff = false;
      return led?.value;
    },
    async verify() {
      const failure = await channel.verify();
      if (failure === undefined) health.report(MAIL_PART, 'up');
      else health.report(MAIL_PART, 'down', failure.message);
      return failure === undefined;
    },
    brokeOff: () => brokeOff,
    nothingStands() {
      const news = standing > 0;
      standing = 0;
      blockedUntil = 0;
      putOff.clear();
      return news;
    },
    nextTry() {
      if (standing === 0) return 0;
      return putOff.size < standing ? blockedUntil : Math.max(blockedUntil, Math.min(...putOff.values()));
    },
    quietUntil: () => quietUntil,
    accepted: () => accepted,
  };
}
