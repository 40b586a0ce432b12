import { z } from 'zod';
import { TiplineError } from '../../../core/process/errors.ts';
import type { Page, PollContext } from '../../feed.ts';
import type { ListAnswer } from '../../fetch/fetcher.ts';
import type { MispOptions } from '../../formats/misp/options.ts';
import { mispRecords } from '../../formats/misp/records.ts';
import { createSummary, noteLeftOut, type Summary } from '../../formats/misp/summary.ts';
import { listText } from '../../formats/text.ts';
import { inPages } from '../../pages.ts';
import type { Tally } from '../../tally.ts';
import { createEventMembers } from './event-members.ts';

const second = z.int().min(0).max(253_402_300_799);

/**
 * How far a MISP was read by search. Each reading makes two sweeps: what changed since (`timestamp`), then what was published since
 * (`publish_timestamp`), because an event that waited for its publication brings attributes with old timestamps.
 */
export const searchCursorShape = z.object({
  fingerprint: z.string(),
  /** From which second each sweep asks; null: from the beginning. */
  timestamp: second.nullable(),
  published: second.nullable(),
  /** Greatest number of an attribute that was met before this reading. */
  knownId: z.int().min(0),
  /** The sweep that was interrupted. */
  sweep: z
    .object({
      by: z.enum(['timestamp', 'publish_timestamp']),
      /** Second of the server's clock at which the reading began. */
      began: second,
      page: z.int().min(1),
      newest: second,
      greatestId: z.int().min(0),
    })
    .nullable(),
});

export type SearchCursor = z.output<typeof searchCursorShape>;
type Sweep = NonNullable<SearchCursor['sweep']>;

export interface Search {
  kind: 'attribute' | 'event';
  pageSize: number;
  maxPages: number;
  options: MispOptions;
  /** What to ask for beside page and time. `known`: something was told before, so what was withdrawn must come too. */
  ask(known: boolean): Readonly<Record<string, unknown>>;
  send(body: Readonly<Record<string, unknown>>): Promise<ListAnswer>;
  context: PollContext;
}

/** Publishing writes its second first and is done later; a minute of both clocks may differ. */
const OVERLAP_SECONDS = 300;
/** Pages without anything in a row, before a count in their headers is no longer believed. */
const MOST_EMPTY = 3;
/** An interrupted sweep that is older begins anew: what was deleted meanwhile has moved its pages. */
const MOST_PAUSE_SECONDS = 86_400;

/** Where the two sweeps begin. `from`: null reads everything. */
export function newSearch(fingerprint: string, from: number | null, knownId: number): SearchCursor {
  return { fingerprint, timestamp: from, published: from, knownId, sweep: null };
}

/**
 * Reads both sweeps page by page. The cursor moves with each page that is on the bus; an interrupted sweep goes on with the page before the
 * one it had come to.
 *
 * A sweep's next beginning is the newest timestamp it met, asked for again (inclusive, so that nothing with the same second is lost), but
 * never later than the moment at which it began by the server's clock: what changes while pages are read may belong to a page that was
 * read already.
 */
export async function* readSearch(search: Search, start: SearchCursor): AsyncGenerator<Page> {
  const summary = createSummary();
  const state = { cursor: start };
  const clock: Clock = { began: start.sweep?.by === 'publish_timestamp' ? start.sweep.began : undefined };
  if (clock.began === undefined) yield* readSweep(search, state, 'timestamp', clock, summary);
  // null: everything was just read, whenever it was published
  if (start.published !== null) yield* readSweep(search, state, 'publish_timestamp', clock, summary);
  if (search.context.signal.aborted) return;
  const { cursor } = state;
  const done: SearchCursor = {
    ...cursor,
    published: Math.max(0, (clock.began ?? 0) - OVERLAP_SECONDS),
    // not before both sweeps are done: what is new in the first is new in the second, too
    knownId: Math.max(cursor.knownId, cursor.sweep?.greatestId ?? 0),
    sweep: null,
  };
  yield { records: [], cursor: done };
  noteLeftOut(summary, search.context.tally);
}

interface Clock {
  began: number | undefined;
}

async function* readSweep(
  search: Search,
  state: { cursor: SearchCursor },
  by: Sweep['by'],
  clock: Clock,
  total: Summary,
): AsyncGenerator<Page> {
  const { context } = search;
  const { knownId } = state.cursor;
  const from = by === 'timestamp' ? state.cursor.timestamp : state.cursor.published;
  const nowSeconds = Math.floor(context.startedAt / 1000);
  let sweep = resumed(state.cursor.sweep, by, nowSeconds);
  const asked = {
    ...search.ask(knownId > 0),
    returnFormat: 'json',
    limit: search.pageSize,
    // whole seconds and nothing else: what MISP cannot read as a time it takes for a moment to come, and then finds nothing
    ...(from === null ? {} : { [by]: String(from) }),
  };
  if (context.signal.aborted) return;
  const isLast = pageEnd(context.tally);
  // attributes that are searched for one by one are no event
  const remembers = search.kind === 'event' ? context.memory : undefined;
  const members = remembers === undefined ? undefined : createEventMembers(remembers, context.tally);
  for (let pages = 0; ; pages += 1) {
    if (pages === search.maxPages) throw tooManyPages(search.maxPages);
    const page = sweep?.page ?? 1;
    const answer = await search.send({ ...asked, page });
    const began: number = sweep?.began ?? clock.began ?? beganAt(answer, nowSeconds);
    clock.began = began;
    const seen = createSummary();
    const reading = members?.begin();
    const options: MispOptions = {
      ...search.options,
      summary: seen,
      ...(reading === undefined ? {} : { eventRead: (uuid, stamp) => reading.event(uuid.toLowerCase(), stamp) }),
      // one with a greater number is new, so it was never told
      ...(knownId > 0 ? { switchedOff: (id: number) => id > 0 && id <= knownId } : {}),
    };
    const bytes = listText(answer.bytes, { contentType: answer.contentType, allowHtmlType: false });
    for await (const records of inPages(mispRecords(bytes, options, reading?.tally ?? context.tally))) {
      reading?.note(records);
      yield { records };
    }
    if (context.signal.aborted) return;
    if (reading !== undefined) {
      const gone = await reading.withdrawn();
      if (gone.length > 0) yield { records: gone };
      await reading.keep();
    }
    addTo(total, seen);
    sweep = {
      by,
      began,
      page: page + 1,
      newest: Math.max(sweep?.newest ?? 0, search.kind === 'event' ? seen.newestEvent : seen.newestAttribute),
      greatestId: Math.max(sweep?.greatestId ?? state.cursor.sweep?.greatestId ?? 0, seen.greatestId),
    };
    const count = search.kind === 'event' ? seen.events : seen.attributes;
    if (isLast(seen, count, answer.headers)) break;
    state.cursor = { ...state.cursor, sweep };
    yield { records: [], cursor: state.cursor };
  }
  members?.tell();
  const { newest, began, greatestId } = sweep;
  state.cursor = {
    ...state.cursor,
    ...(by === 'timestamp' && newest > 0 ? { timestamp: Math.min(newest, began) } : {}),
    // where a reading stands that is interrupted here
    sweep: { by: 'publish_timestamp', began, page: by === 'timestamp' ? 1 : sweep.page, newest: 0, greatestId },
  };
  yield { records: [], cursor: state.cursor };
}

/** The page before is read again: if something was deleted since, what stood first on the next one stands there now. */
function resumed(sweep: SearchCursor['sweep'], by: Sweep['by'], nowSeconds: number): Sweep | undefined {
  if (sweep === null || sweep.by !== by || Math.abs(nowSeconds - sweep.began) > MOST_PAUSE_SECONDS) return undefined;
  return { ...sweep, page: Math.max(1, sweep.page - 1) };
}

/**
 * Tells the last page of a sweep. A short page is none: warning lists, decay and the server's own lists take things out of it. The end is a
 * page without anything, of which the server does not say that it took out what was there. Its X-Result-Count is believed a few times
 * only: some versions tell 1 for nothing, or the number of all.
 */
function pageEnd(tally: Tally): (seen: Summary, count: number, headers: ListAnswer['headers']) => boolean {
  let empty = 0;
  let mark = '';
  let same = 0;
  return (seen, count, headers) => {
    if (count === 0) {
      empty += 1;
      if (numberIn(headers['x-skipped-elements-count']) > 0) return false;
      return numberIn(headers['x-result-count']) <= 1 || empty > MOST_EMPTY;
    }
    empty = 0;
    const now = `${seen.first} ${seen.last} ${seen.events} ${seen.attributes}`;
    same = now === mark ? same + 1 : 0;
    mark = now;
    // once may come of what was put in before it meanwhile
    if (same < 2) return false;
    tally.note('this MISP gives the same page again and again: it takes no notice of "page" and "limit"');
    return true;
  };
}

function numberIn(header: string | undefined): number {
  return header !== undefined && /^\s*\d{1,15}\s*$/.test(header) ? Number(header) : 0;
}

/** Second at which the server answered, by its own clock; by ours, with some slack, when it tells none. */
function beganAt({ headers }: ListAnswer, nowSeconds: number): number {
  const date = Date.parse(headers.date ?? '');
  return Number.isNaN(date) ? nowSeconds - OVERLAP_SECONDS : Math.floor(date / 1000);
}

function addTo(total: Summary, { attributes, notForDetection, filtered, otherTypes }: Summary): void {
  total.attributes += attributes;
  total.notForDetection += notForDetection;
  total.filtered += filtered;
  for (const [type, count] of otherTypes) total.otherTypes.set(type, (total.otherTypes.get(type) ?? 0) + count);
}

function tooManyPages(most: number): TiplineError {
  return new TiplineError(
    'FEED_PAGES',
    `more than ${most} pages in one reading ("max_pages"); the next reading goes on from there`,
    { retryable: true },
  );
}
