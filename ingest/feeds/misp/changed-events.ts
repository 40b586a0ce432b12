import { messageOf, TiplineError } from '../../../core/process/errors.ts';
import type { FeedRecord, Page, PollContext } from '../../feed.ts';
import { FetchError } from '../../fetch/fetch-error.ts';
import type { ListAnswer } from '../../fetch/fetcher.ts';
import type { MispOptions } from '../../formats/misp/options.ts';
import { mispRecords } from '../../formats/misp/records.ts';
import { createSummary, noteLeftOut } from '../../formats/misp/summary.ts';
import { listText } from '../../formats/text.ts';
import { PAGE_RECORDS } from '../../pages.ts';
import { createEventMembers, type EventReading } from './event-members.ts';
import type { EventTable } from './event-table.ts';

/** An event as a manifest or an index names it. */
export interface EventEntry {
  uuid: string;
  /** Second of its last change. */
  stamp: number;
}

interface ChangedEvents {
  entries: readonly EventEntry[];
  table: EventTable;
  /** What was read before, under other settings too: tells attributes that changed since. */
  before: EventTable;
  fetch(entry: EventEntry): Promise<ListAnswer>;
  options: MispOptions;
  context: PollContext;
  cursor(): unknown;
}

/** Events between two cursors: encoding one takes a moment, and an event that is read twice does no harm. */
const EVENTS_A_CURSOR = 50;
/** So many events in a row that cannot be had are a fault of the server. */
const MOST_IN_A_ROW = 5;

/**
 * Reads events one after the other, the oldest first, and keeps in `table` which are on the bus. An event that is not there or is broken
 * stops nothing: it stays out of the table, so that the next run tries it again. Gives how many there were, by way of the note and,
 * for other faults than a missing event, by throwing the first one after all others were read.
 */
export async function* readChangedEvents(work: ChangedEvents): AsyncGenerator<Page> {
  const { table, before, context, options } = work;
  const { tally } = context;
  const summary = createSummary();
  let records: FeedRecord[] = [];
  let done = 0;
  let missing = 0;
  let firstMissing = '';
  let failed = 0;
  let inARow = 0;
  let failure: TiplineError | undefined;
  const members = context.memory === undefined ? undefined : createEventMembers(context.memory, tally);
  /** Readings of events of which all stands in what was yielded, or in `records`. */
  let read: EventReading[] = [];

  /** The cursor moves only when what the events said is remembered: else what is new in them could not be taken back later. */
  async function* deliver(cursor: unknown): AsyncGenerator<Page> {
    if (read.length === 0) yield cursor === undefined ? { records } : { records, cursor };
    else {
      yield { records };
      for (const reading of read) await reading.keep();
      if (cursor !== undefined) yield { records: [], cursor };
    }
    read = [];
    records = [];
  }

  for (const entry of work.entries) {
    if (context.signal.aborted) return;
    const readBefore = before.known(entry.uuid);
    const reading = members?.begin();
    const own: MispOptions = {
      ...options,
      summary,
      // only what changed since the event was read can have been switched off since
      ...(readBefore === undefined ? {} : { switchedOff: (_id, stamp) => stamp > readBefore }),
    };
    try {
      const answer = await work.fetch(entry);
      const bytes = listText(answer.bytes, { contentType: answer.contentType, allowHtmlType: false });
      for await (const batch of mispRecords(bytes, own, reading?.tally ?? tally)) {
        reading?.note(batch);
        records.push(...batch);
        if (records.length >= PAGE_RECORDS) yield* deliver(undefined);
      }
      if (reading !== undefined) {
        reading.event(entry.uuid, entry.stamp);
        records.push(...(await reading.withdrawn()));
        read.push(reading);
      }
    } catch (error) {
      if (!(error instanceof TiplineError) || context.signal.aborted) throw error;
      if (isMissing(error)) {
        missing += 1;
        if (firstMissing === '') firstMissing = entry.uuid;
        continue;
      }
      failed += 1;
      inARow += 1;
      failure ??= failedEvent(entry.uuid, error);
      if (inARow < MOST_IN_A_ROW && !isFatal(error)) continue;
      // a server that lets so many requests through a quarter of an hour must not be asked for the same ones again
      yield* deliver(work.cursor());
      throw error;
    }
    inARow = 0;
    done += 1;
    table.set(entry.uuid, entry.stamp);
    if (done % EVENTS_A_CURSOR !== 0) continue;
    yield* deliver(work.cursor());
  }
  noteLeftOut(summary, tally);
  members?.tell();
  if (missing > 0) {
    tally.note(`${missing} listed events are not there (the first is ${firstMissing}); they are tried again next time`);
  }
  if (failed > 1) tally.note(`${failed} events could not be read; they are tried again next time`);
  yield* deliver(work.cursor());
  if (failure !== undefined) throw failure;
}

function isMissing(error: TiplineError): boolean {
  return error instanceof FetchError && (error.refusal?.status === 404 || error.refusal?.status === 410);
}

/** What the next event would meet too. A server that asks to be left alone is asked for no other event before its time. */
function isFatal(error: TiplineError): boolean {
  if (error instanceof FetchError && error.retryAfterMs !== undefined) return true;
  return /^FEED_(UNAUTHORIZED|RATE_LIMITED|BUDGET|UNREACHABLE|TLS|TLS_FILES|PROXY)$/.test(error.code);
}

function failedEvent(uuid: string, cause: TiplineError): TiplineError {
  return new TiplineError(
    'FEED_EVENT',
    `the event ${uuid} cannot be read and is tried again next time: ${messageOf(cause)}`,
    { cause, retryable: true },
  );
}
