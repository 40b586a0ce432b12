import { z } from 'zod';
import type { RawIndicator } from '../../../core/contract/raw-indicator.ts';
import { TiplineError } from '../../../core/process/errors.ts';
import type { Clock } from '../../clock.ts';
import type { Page, PollContext } from '../../feed.ts';
import { createStix1Reader, type Stix1Options, type Stix1Reader } from '../../formats/stix1/reader.ts';
import type { PollResponse, StatusMessage } from '../../formats/taxii1/message.ts';
import { fulfilmentRequest, pollRequest } from '../../formats/taxii1/requests.ts';
import { dateAdded, isAfter, latestOf, settledAt, stepBack } from '../taxii2/date-added.ts';
import { type Collection, unexpected } from './collections.ts';
import type { Answered, Connection } from './connection.ts';
import { statusError, Taxii1Error } from './status.ts';

/** How far a collection was read. */
export const positionShape = z.object({
  /** What has a label up to here is on the bus; absent: nothing was read. */
  begin: z.string().max(64).optional(),
  /** An answer that the server still prepared. */
  pending: z.object({ id: z.string().max(1024) }).optional(),
});

export type Position = z.output<typeof positionShape>;

/** One collection while it is polled. */
export interface Polling {
  readonly collection: Collection;
  readonly connection: Connection;
  readonly context: PollContext;
  readonly clock: Clock;
  readonly stix: Stix1Options;
  readonly subscription: string | undefined;
  readonly asynchronous: boolean;
  /** Milliseconds that a reading waits for an answer that is not ready. */
  readonly patience: number;
  /** Counts one request; throws when they were too many. */
  spend(): void;
  /** The page that puts a position into the cursor, once all that came before is on the bus. */
  commit(position: Position): Page;
}

/** What all parts of one result said. */
interface Result {
  end: string | undefined;
  /** The latest label. */
  label: string | undefined;
  partial: boolean;
  blocks: number;
  /** The server's clock. */
  date: string | undefined;
}

/**
 * Polls a collection of TAXII 1 from a position to its end.
 *
 * The position moves when all parts of a result are on the bus, and not before: an object of the first part may wait for what the last one
 * defines. It moves to where the server says that the answer reached (`Inclusive_End_Timestamp`); where it does not say so, as with data
 * sets, to the latest label. Of a result that the server capped (`partial_count`) the rest is asked for from the last label, one step
 * before it: begin is exclusive, and some of the objects with just that label may be what was cut off. Repeats are dropped by enrich.
 */
export async function* pollCollection(polling: Polling, begun: Position): AsyncGenerator<Page> {
  const { context, collection } = polling;
  let position = begun;
  for (;;) {
    const { begin } = position;
    const result = yield* readResult(polling, position);
    if (result === undefined || context.signal.aborted) return;
    if (!result.partial) {
      const next = nextBegin(polling, result, begin);
      yield polling.commit(next === undefined ? {} : { begin: next });
      return;
    }
    const { label } = result;
    const from = label === undefined ? undefined : stepBack(label);
    if (from !== undefined && isAfter(from, begin)) {
      position = { begin: from };
    } else if (label !== undefined && isAfter(label, begin)) {
      context.tally.note(
        `the server gives ${result.blocks} content blocks at most and says that there are more at ${label}; there is no way to ask for those`,
      );
      position = { begin: label };
    } else {
      throw new TiplineError(
        'FEED_PAGING',
        `the server says that ${collection.address.origin} has more to give, but its labels lead no further; what came is kept`,
        { retryable: true },
      );
    }
    yield polling.commit(position);
  }
}

function nextBegin(
  { collection: { version }, context: { startedAt } }: Polling,
  result: Result,
  begin: string | undefined,
): string | undefined {
  const now = Date.parse(result.date ?? '') || startedAt;
  const { label } = result;
  // TAXII 1.0 has no word for an answer that was capped: OpenTAXII gives the oldest blocks then, and claims to have told all until now
  const end = version === '1.0' && label !== undefined ? undefined : result.end;
  // one that lies in the future would leave out what comes until then
  if (end !== undefined && Date.parse(end) <= now + MOST_AHEAD_MS) return latestOf(begin, end);
  return label === undefined ? begin : latestOf(begin, settledAt(label, begin, result.date, startedAt));
}

const MOST_AHEAD_MS = 60_000;

/** Reads all parts of one result. Undefined when the worker stops. */
async function* readResult(polling: Polling, position: Position): AsyncGenerator<Page, Result | undefined> {
  const { context, collection } = polling;
  const { tally, signal } = context;
  const stix = createStix1Reader(polling.stix, tally);
  const result: Result = { end: undefined, label: undefined, partial: false, blocks: 0, date: undefined };
  const label = (text: string): void => {
    const time = timeOf(text);
    if (time !== undefined) result.label = latestOf(result.label, time);
  };
  const send = (body: string): AsyncGenerator<Page, Answered> => sendTo(polling, body, { stix, label });
  let failure: { error: unknown } | undefined;
  try {
    try {
      let response = yield* firstPart(polling, position, send);
      for (let part = 2; ; part += 1) {
        if (response === undefined) return undefined;
        const { message, date } = response;
        result.date = date;
        result.end = latestOf(result.end, timeOf(message.end ?? ''));
        result.partial ||= message.partial;
        result.blocks += message.blocks;
        const id = message.resultId;
        // without an id the rest can only be had by its labels
        result.partial ||= message.more && id === undefined;
        if (!message.more || id === undefined) break;
        const answer = yield* send(fulfilmentRequest(collection.name, id, part));
        response = yield* settle(polling, answer, send, { begin: position.begin, id, part });
      }
    } catch (error) {
      failure = { error };
    }
    if (signal.aborted) return undefined;
    // what waits for the rest of a broken result is as true as what did not have to
    stix.end();
    for (let records = stix.take(); records.length > 0; records = stix.take()) yield { records };
    if (failure !== undefined) throw failure.error;
    return result;
  } finally {
    stix.release();
  }
}

type Send = (body: string) => AsyncGenerator<Page, Answered>;
type Part = { message: PollResponse; date: string | undefined } | undefined;

async function* sendTo(
  { connection, collection, context, spend }: Polling,
  body: string,
  content: { stix: Stix1Reader; label(text: string): void },
): AsyncGenerator<Page, Answered> {
  spend();
  const { address, version } = collection;
  const { tally, signal } = context;
  let answered: Answered | undefined;
  async function* records(): AsyncGenerator<RawIndicator[]> {
    answered = yield* connection.ask({ address, body, version, tally, signal, ...content });
  }
  for await (const each of records()) yield { records: each };
  if (answered === undefined) throw new Error('an answer ended without its message');
  return answered;
}

async function* firstPart(polling: Polling, { begin, pending }: Position, send: Send): AsyncGenerator<Page, Part> {
  const { collection, subscription, asynchronous } = polling;
  const { name, version, isSet } = collection;
  if (pending !== undefined) {
    try {
      const answer = yield* send(fulfilmentRequest(name, pending.id, 1));
      return yield* settle(polling, answer, send, { begin, id: pending.id, part: 1 });
    } catch (error) {
      // results are kept for a while; then the poll itself is sent again
      if (!(error instanceof Taxii1Error) || error.status === 'PENDING' || error.status === 'RETRY') throw error;
    }
  }
  const ask = (from: string | undefined): string =>
    pollRequest(version, { collection: name, begin: from, subscription, asynchronous });
  try {
    return yield* settle(polling, yield* send(ask(begin)), send, { begin, id: undefined, part: 1 });
  } catch (error) {
    // a time has no meaning for data sets, and some servers will not hear of one
    const isBegin = error instanceof Taxii1Error && error.status === 'BAD_MESSAGE' && isSet && begin !== undefined;
    if (!isBegin) throw error;
    return yield* settle(polling, yield* send(ask(undefined)), send, { begin, id: undefined, part: 1 });
  }
}

interface Asked {
  begin: string | undefined;
  /** Of the result, once it is known. */
  id: string | undefined;
  part: number;
}

/** Waits for an answer that the server still prepares, but not for ever: a later reading fetches it. */
async function* settle(polling: Polling, first: Answered, send: Send, asked: Asked): AsyncGenerator<Page, Part> {
  const { signal } = polling.context;
  const { begin, part } = asked;
  let { id } = asked;
  let waited = 0;
  let times = 0;
  let answer = first;
  while (answer.message.kind === 'status' && answer.message.type === 'PENDING') {
    const wait = waitOf(answer.message, times);
    times += 1;
    id = answer.message.resultId ?? id;
    if (id === undefined) throw statusError(answer.message);
    if (waited + wait > polling.patience) {
      // later parts belong to what was read already, and are not asked for without it
      if (part === 1) yield polling.commit({ ...(begin === undefined ? {} : { begin }), pending: { id } });
      throw statusError({ ...answer.message, wait: Math.ceil(wait / 1000) });
    }
    await polling.clock.pause(wait, signal);
    if (signal.aborted) return undefined;
    waited += wait;
    answer = yield* send(fulfilmentRequest(polling.collection.name, id, part));
  }
  if (answer.message.kind !== 'poll') throw unexpected(answer.message);
  return { message: answer.message, date: answer.date };
}

const SHORTEST_WAIT_MS = 200;
const USUAL_WAIT_MS = 30_000;

/** As estimated; a server that says 0 again and again is asked less and less often. */
function waitOf({ wait }: StatusMessage, times: number): number {
  const least = Math.min(USUAL_WAIT_MS, SHORTEST_WAIT_MS * 2 ** times);
  return wait === undefined ? USUAL_WAIT_MS : Math.max(least, wait * 1000);
}

/** With zone and six digits at most, as TAXII 1.1 wants it back; a time without zone is meant in UTC. */
function timeOf(text: string): string | undefined {
  const written = text.trim();
  const zoned = /(?:z|[+-]\d{2}:?\d{2})$/i.test(written) ? written : `${written}Z`;
  return dateAdded(zoned.replace(/(\.\d{6})\d{1,12}/, '$1'));
}
