import { z } from 'zod';
import type { RawIndicator } from '../../core/contract/raw-indicator.ts';
import { TiplineError } from '../../core/process/errors.ts';
import type { Page, PollContext, PolledFeed } from '../feed.ts';
import type { Answer, ListAnswer, Validators } from '../fetch/fetcher.ts';
import { inPages } from '../pages.ts';
import type { Tally } from '../tally.ts';

/** A source that gives everything it has with each answer. */
export interface WholeList {
  every: number;
  fingerprint: string;
  /** Where it is now; an address may hold a key, so no more than its host and file name are remembered. */
  url: string;
  /** What is no longer on the list expires by itself. */
  snapshot: boolean;
  /** A document without any entry is an answer, and no fault of the server; one whose entries are all of no use still is. */
  mayBeEmpty?: boolean;
  fetch(validators: Validators, context: PollContext): Promise<Answer>;
  read(answer: ListAnswer, context: PollContext): AsyncIterable<readonly RawIndicator[]>;
}

const cursorShape = z.object({
  fingerprint: z.string(),
  etag: z.string().optional(),
  lastModified: z.string().optional(),
});

/** Polls such a source: asks only for what changed, and keeps its place when all of the list is on the bus. */
export function pollWholeList(list: WholeList): PolledFeed {
  const { host, pathname } = new URL(list.url);
  const fingerprint = `${list.fingerprint} ${host}/${pathname.split('/').findLast((part) => part !== '') ?? ''}`;

  async function* poll(context: PollContext): AsyncGenerator<Page> {
    const answer = await list.fetch(validatorsOf(context, fingerprint), context);
    if (answer.kind === 'unchanged') return;
    const collected_at = new Date(context.startedAt).toISOString();
    let total = 0;
    const seen = { bytes: 0, skipped: 0 };
    const tally: Tally = {
      ...context.tally,
      skip(where, reason, as) {
        seen.skipped += 1;
        context.tally.skip(where, reason, as);
      },
    };
    const bytes = counted(answer.bytes, seen);
    for await (const records of inPages(list.read({ ...answer, bytes }, { ...context, tally }))) {
      for (const record of records) {
        record.collected_at = collected_at;
        if (list.snapshot) record.valid_until ??= context.validUntil;
      }
      total += records.length;
      yield { records };
    }
    if (total === 0 && !(list.mayBeEmpty === true && seen.bytes > 0 && seen.skipped === 0)) throw emptyList();
    yield { records: [], cursor: { fingerprint, ...answer.validators } };
  }
  return { kind: 'polled', every: list.every, local: false, snapshot: list.snapshot, poll };
}

/** Undefined asks for the whole list: nothing is known of it, it was read with other settings, or it must be published again. */
function validatorsOf({ cursor, republishDue }: PollContext, fingerprint: string): Validators {
  const known = cursorShape.safeParse(cursor);
  if (!known.success || republishDue || known.data.fingerprint !== fingerprint) return {};
  const { etag, lastModified } = known.data;
  return { ...(etag === undefined ? {} : { etag }), ...(lastModified === undefined ? {} : { lastModified }) };
}

async function* counted(bytes: AsyncIterable<Buffer>, seen: { bytes: number }): AsyncGenerator<Buffer> {
  for await (const chunk of bytes) {
    seen.bytes += chunk.length;
    yield chunk;
  }
}

export function emptyList(): TiplineError {
  return new TiplineError(
    'FEED_EMPTY',
    'the answer holds no entry that could be used, which is taken for a fault of the server or a change of its format',
    { retryable: true },
  );
}
