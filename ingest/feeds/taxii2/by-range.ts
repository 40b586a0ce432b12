import type { ListAnswer } from '../../fetch/fetcher.ts';
import { dateAdded, latestOf, settledAt } from './date-added.ts';
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

/**
 * Of a page that many are read again with the next one, at most a tenth of it. Positions count from the oldest object: when one of those
 * that came gets a new version meanwhile, it moves to the end, all others move up, and the first of the next page would never be seen.
 */
const OVERLAP = 10;

/**
 * Reads a collection of TAXII 2.0 from a position to its end, part by part with the Range header. Yields the position behind each
 * part that was read. A walk that was interrupted goes on by date where the server tells dates, else by number.
 */
export async function* readByRange(reading: Reading, begun: Position): AsyncGenerator<Position> {
  const { context } = reading;
  let { since, dates } = begun;
  let walk: Walk & { start: number } = { ...begun.walk, limit: reading.limit, start: begun.walk?.start ?? 0 };
  /** The server's, with the last part. */
  let clock: string | undefined;
  const onward = onwardFrom(walk, since);
  if (onward !== undefined) {
    since = onward;
    walk = { ...walk, start: 0 };
  }
  if (begun.walk === undefined && dates === 'manifest') {
    const manifest = await newestInManifest(reading, since);
    if (manifest.kind === 'none') dates = 'none';
    else if (manifest.newest === undefined) return;
    else walk.until = manifest.newest;
  }

  const position = (): Position => ({
    ...(since === undefined ? {} : { since }),
    ...(dates === undefined ? {} : { dates }),
    walk,
  });

  for (;;) {
    const answer = await ask(reading, since, walk);
    if (answer === undefined) break;
    clock = answer.headers.date;
    const page = await readPage(reading, answer);
    if (context.signal.aborted) return;
    const last = latestOf(walk.last, dateAdded(answer.headers['x-taxii-date-added-last']));
    if (last !== undefined) {
      dates = undefined;
      walk = { ...walk, last };
    } else if (page.objects > 0 && walk.until === undefined && dates === undefined) {
      const manifest = await newestInManifest(reading, since);
      dates = manifest.kind === 'none' || manifest.newest === undefined ? 'none' : 'manifest';
      if (manifest.kind === 'read' && manifest.newest !== undefined) {
        // see by-next.ts
        walk = { limit: reading.limit, start: 0, until: manifest.newest };
        continue;
      }
    }
    const part = contentRange(answer.headers['content-range']);
    // what was received counts: the border in the header is one off with some servers, and the length with others
    const end = Math.min(part.first ?? walk.start, walk.start) + page.objects;
    const isLast = part.total === undefined ? answer.status !== 206 || page.objects === 0 : end >= part.total;
    if (isLast) break;
    if (end <= walk.start) throw cannotGoOn(reading, 'gives nothing new for the range that was asked');
    const overlap = Math.min(OVERLAP, Math.floor((end - walk.start) / 10));
    walk = { ...walk, start: end - overlap };
    yield position();
  }
  const newest = walk.last ?? walk.until;
  if (newest !== undefined) since = settledAt(newest, since, clock, context.startedAt);
  const { walk: _, ...done } = position();
  yield done;
}

/** Undefined when there is nothing at that position. */
async function ask(
  reading: Reading,
  since: string | undefined,
  { start, limit }: { start: number; limit: number },
): Promise<ListAnswer | undefined> {
  const { connection, context, habits } = reading;
  const url = questionUrl(reading, 'objects/', since === undefined ? [] : [['added_after', since]]);
  const range = (): string => `items${habits.rangeSign}${start}-${start + limit - 1}`;
  const send = (): Promise<ListAnswer> => {
    reading.spend();
    return connection.objects({ url, version: '2.0', range: range(), signal: context.signal }, 'objects');
  };
  try {
    return await send();
  } catch (error) {
    const status = statusOf(error);
    // nothing behind the end; and some servers call a collection without objects not found, which it was a moment ago
    const isEmpty = status === 416 || status === 404;
    if (isEmpty && (start > 0 || status === 404)) return undefined;
    if (habits.rangeSign === ' ' || (status !== 400 && status !== 416)) {
      if (isEmpty) return undefined;
      throw error;
    }
    // HTTP writes `items=0-9` (RFC 9110, section 14.2), the examples of TAXII 2.0 `items 0-9`
    habits.rangeSign = ' ';
    try {
      return await send();
    } catch (second) {
      habits.rangeSign = '=';
      if (isEmpty || statusOf(second) === 416 || statusOf(second) === 404) return undefined;
      throw statusOf(second) === 400 ? error : second;
    }
  }
}

/** `items 0-9/30`, in which the first number and the total may be missing. */
function contentRange(header: string | undefined): { first?: number; total?: number } {
  const match = /^\s*items[ =](?:(\d{1,12})-\d{1,12}|\*)\/(?:(\d{1,12})|\*)\s*$/i.exec(header ?? '');
  if (match === null) return {};
  const [, first, total] = match;
  return {
    ...(first === undefined ? {} : { first: Number(first) }),
    ...(total === undefined ? {} : { total: Number(total) }),
  };
}
