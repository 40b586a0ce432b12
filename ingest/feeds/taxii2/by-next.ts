import { FetchError } from '../../fetch/fetch-error.ts';
import type { ListAnswer } from '../../fetch/fetcher.ts';
import { dateAdded, isAfter, latestOf, settledAt } from './date-added.ts';
import { newestInManifest } from './manifest.ts';
import {
  cannotGoOn,
  onwardFrom,
  type Position,
  questionUrl,
  type Reading,
  readPage,
  statusOf,
  type Walk,
} from './reading.ts';

const MOST_LIMIT = 1_000_000;
/** Pages without any object in a row, each with a promise of more. */
const MOST_EMPTY = 1000;

/**
 * Reads a collection of TAXII 2.1 from a position to its end. Yields the position behind each page that was read.
 *
 * A walk follows `next`, with all that was asked first repeated. Where the server has no `next` for it, or no longer knows the one it
 * gave, the walk goes on by date (see `onwardFrom`). At its end the position is the date of the newest object, echoed as the server
 * wrote it; where no header tells that date, the manifest does.
 */
export async function* readByNext(reading: Reading, begun: Position): AsyncGenerator<Position> {
  const { context } = reading;
  let { since, dates } = begun;
  let walk: Walk = begun.walk ?? { limit: reading.limit };
  if (begun.walk === undefined && dates === 'manifest') {
    const manifest = await newestInManifest(reading, since);
    if (manifest.kind === 'none') dates = 'none';
    else if (manifest.newest === undefined) return;
    else walk.until = manifest.newest;
  }
  /** The stored `next` may be of yesterday: then any refusal of it is one for its age. */
  let resumed = walk.next !== undefined;
  /** Since when a walk began again that got no further yet. */
  let retried: { since: string | undefined } | undefined;
  let objects = 0;
  let empty = 0;
  /** The server's, with the last page. */
  let clock: string | undefined;
  /** Objects that a smaller limit gave. */
  let narrow: number | undefined;

  const position = (): Position => ({
    ...(since === undefined ? {} : { since }),
    ...(dates === undefined ? {} : { dates }),
    walk,
  });

  function again(from: string | undefined, limit: number): void {
    since = from;
    const { next: _, ...rest } = walk;
    walk = { ...rest, limit };
  }

  /** The next question when there is no `next`. Each either asks further on, or for more at once, or is the last. */
  function goOnByDate(): void {
    const onward = onwardFrom(walk, since);
    if (onward !== undefined) {
      narrow = undefined;
      again(onward, reading.limit);
    } else if (walk.limit < MOST_LIMIT && (narrow === undefined || objects > narrow)) {
      // all of a page bears one date: only a longer page shows what else bears it
      narrow = objects;
      again(since, Math.min(walk.limit * 10, MOST_LIMIT));
    } else if (walk.last !== undefined && isAfter(walk.last, since)) {
      if (objects > 0) {
        context.tally.note(
          `the server gives ${objects} objects at most and says that more were added at ${walk.last}; there is no way to ask for those`,
        );
      }
      narrow = undefined;
      again(walk.last, reading.limit);
    } else {
      throw cannotGoOn(reading, 'gives neither "next" nor a date to ask for it with');
    }
  }

  for (;;) {
    reading.spend();
    let answer: ListAnswer;
    try {
      answer = await ask(reading, since, walk);
    } catch (error) {
      if (walk.next === undefined || !isStale(error, resumed)) throw error;
      resumed = false;
      const stuck = retried !== undefined && retried.since === since && onwardFrom(walk, since) === undefined;
      if (stuck) goOnByDate();
      else again(onwardFrom(walk, since) ?? since, walk.limit);
      retried = { since };
      continue;
    }
    clock = answer.headers.date;
    const page = await readPage(reading, answer);
    if (context.signal.aborted) return;
    if (walk.next !== undefined) retried = undefined;
    resumed = false;
    objects = page.objects;
    const last = latestOf(walk.last, dateAdded(answer.headers['x-taxii-date-added-last']));
    if (last !== undefined) {
      dates = undefined;
    } else if (objects > 0 && walk.until === undefined && dates === undefined) {
      const manifest = await newestInManifest(reading, since);
      dates = manifest.kind === 'none' || manifest.newest === undefined ? 'none' : 'manifest';
      if (manifest.kind === 'read' && manifest.newest !== undefined) {
        // asked only now, it may name what was added behind this page: the walk begins again, and ends where the manifest ended
        walk = { limit: reading.limit, until: manifest.newest };
        continue;
      }
    }
    walk = { ...walk, ...(last === undefined ? {} : { last }) };
    if (!page.more) break;
    empty = objects === 0 ? empty + 1 : 0;
    if (empty > MOST_EMPTY) throw cannotGoOn(reading, `gave ${MOST_EMPTY} empty pages in a row`);
    if (page.next === undefined) goOnByDate();
    else walk = { ...walk, next: page.next };
    yield position();
  }
  const newest = walk.last ?? walk.until;
  if (newest !== undefined) since = settledAt(newest, since, clock, context.startedAt);
  const { walk: _, ...done } = position();
  yield done;
}

async function ask(reading: Reading, since: string | undefined, { limit, next }: Walk): Promise<ListAnswer> {
  const { connection, context } = reading;
  const url = questionUrl(reading, 'objects/', [
    ...(since === undefined ? [] : [['added_after', since] as const]),
    ['limit', String(limit)],
    ...(next === undefined ? [] : [['next', next] as const]),
  ]);
  return await connection.objects({ url, version: '2.1', signal: context.signal }, 'objects');
}

/** medallion forgets a `next` after a while, and at once when it led to the last page, and then answers 400. */
function isStale(error: unknown, resumed: boolean): boolean {
  const status = statusOf(error);
  if (status === undefined) return false;
  if (status === 400 || status === 404 || status === 410 || status === 422) return true;
  return resumed && status >= 500 && error instanceof FetchError && error.retryAfterMs === undefined;
}
