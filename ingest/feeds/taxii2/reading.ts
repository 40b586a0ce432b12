import { z } from 'zod';
import { TiplineError } from '../../../core/process/errors.ts';
import type { PollContext } from '../../feed.ts';
import { FetchError } from '../../fetch/fetch-error.ts';
import type { ListAnswer } from '../../fetch/fetcher.ts';
import type { Stix2Reader } from '../../formats/stix2/reader.ts';
import { listText } from '../../formats/text.ts';
import type { Collection } from './collections.ts';
import type { Connection } from './connection.ts';
import { isAfter, stepBack } from './date-added.ts';

const date = z.string().max(64);

/** How far a collection was read. */
export const positionShape = z.object({
  /** What was added up to here is on the bus; `added_after` of the next question, as the server wrote it. Absent: from the beginning. */
  since: date.optional(),
  /** No header tells when objects were added: the manifest does, or nothing, and then all is read each time. */
  dates: z.enum(['manifest', 'none']).optional(),
  /** A walk over the pages behind `since` that is not at its end. */
  walk: z
    .object({
      limit: z.int().min(1),
      /** TAXII 2.1: what the server wants to hear for the next page. */
      next: z.string().max(4096).optional(),
      /** TAXII 2.0: the number of the next object. */
      start: z.int().min(0).optional(),
      /** When the newest of the objects that came was added. */
      last: date.optional(),
      /** The newest in the manifest before the walk began. */
      until: date.optional(),
    })
    .optional(),
});

export type Position = z.output<typeof positionShape>;
export type Walk = NonNullable<Position['walk']>;

/** One collection while it is read. */
export interface Reading {
  readonly collection: Collection;
  readonly connection: Connection;
  readonly reader: Stix2Reader;
  readonly context: PollContext;
  /** Objects to ask for at once. */
  readonly limit: number;
  /** `match[…]`: to be repeated with each page. */
  readonly filters: readonly (readonly [string, string])[];
  /** How TAXII 2.0 wants its Range header; learnt from its refusals. */
  readonly habits: { rangeSign: '=' | ' ' };
  /** Counts one request; throws when they were too many. */
  spend(): void;
  /** What is in `reader` and not given out yet. */
  readonly held: Held;
}

export interface Held {
  objects: number;
  /** The last page broke: what came of it is not all that was on it. */
  broken: boolean;
}

/** What a page said beside its objects. */
export interface PageEnd {
  more: boolean;
  next: string | undefined;
  objects: number;
}

/** Reads one page into the reader. When it breaks, what it held so far stays there: a server may break it each time. */
export async function readPage({ reader, held }: Reading, answer: ListAnswer): Promise<PageEnd> {
  const { bytes, contentType, status } = answer;
  if (status === 204) {
    for await (const _ of bytes);
    return { more: false, next: undefined, objects: 0 };
  }
  held.broken = true;
  const end = await reader.read(listText(bytes, { contentType, allowHtmlType: false }));
  held.broken = false;
  held.objects += end.objects;
  return end;
}

/** An address below the collection with what is asked there. */
export function questionUrl(reading: Reading, path: string, terms: readonly (readonly [string, string])[]): URL {
  const url = new URL(path, reading.collection.url);
  for (const [name, value] of [...terms, ...reading.filters]) url.searchParams.append(name, value);
  return url;
}

/**
 * From where a walk that broke off goes on by date alone.
 *
 * Pages come in the order in which objects were added, by the rules of both versions, so whatever is older than the newest
 * object that came is on the bus, while of those with just its date some may be on the page that never came. `added_after` leaves out
 * the date that it names. So the question goes one step back, and the objects with that date come twice; enrich drops repeats. Undefined
 * when that is no further than the walk began: then it would bring the same page again.
 */
export function onwardFrom(walk: Walk, since: string | undefined): string | undefined {
  const from = walk.last === undefined ? undefined : stepBack(walk.last);
  return from !== undefined && isAfter(from, since) ? from : undefined;
}

export function statusOf(error: unknown): number | undefined {
  return error instanceof FetchError ? error.refusal?.status : undefined;
}

export function cannotGoOn(reading: Reading, why: string): TiplineError {
  return new TiplineError(
    'FEED_PAGING',
    `the server says that ${reading.collection.url.origin} has more to give, but ${why}; what came so far is kept`,
    { retryable: true },
  );
}
