import { z } from 'zod';
import { TiplineError } from '../../../core/process/errors.ts';
import type { Page, PolledFeed } from '../../feed.ts';
import { createStix2Reader } from '../../formats/stix2/reader.ts';
import { readByNext } from './by-next.ts';
import { readByRange } from './by-range.ts';
import { asksForPatience, type Collection, findCollections } from './collections.ts';
import type { Connection } from './connection.ts';
import { earlierBy, latestOf } from './date-added.ts';
import { type Position, positionShape, type Reading } from './reading.ts';

export interface PollOptions {
  connection: Connection;
  fingerprint: string;
  /** Ids, aliases or titles of collections; all that may be read when there are none. */
  wanted: readonly string[];
  /** How far the first reading reaches back, in ms. */
  since: 'all' | number;
  /** How far each later one does, in ms. */
  overlap: number;
  filters: Reading['filters'];
  observables: boolean;
  pageSize: number;
  /** Objects that are read before their records are given out. */
  together: number;
  maxPages: number;
}

const cursorShape = z.object({ fingerprint: z.string(), collections: z.record(z.string(), positionShape) });

/**
 * Reads one collection after the other. The positions of all of them are one cursor, which moves when what was read together is on the bus.
 */
export function createPoll(options: PollOptions): PolledFeed['poll'] {
  const { connection, fingerprint, filters } = options;
  const habits: Reading['habits'] = { rangeSign: '=' };
  /** A page broke: until none does, each that is whole is noted, lest the reading come no further than the same one. */
  let shy = false;

  return async function* poll(context): AsyncGenerator<Page> {
    const { signal, tally, startedAt } = context;
    const collected_at = new Date(startedAt).toISOString();
    const positions = positionsIn(context.cursor, fingerprint);
    const { collections, problems } = await findCollections({
      connection,
      wanted: options.wanted,
      tally,
      signal,
    });
    let requests = 0;
    const together = shy ? 1 : options.together;
    // one for all: what an indicator points to may stand in another collection
    const reader = createStix2Reader({ observables: options.observables }, tally);

    const held: Reading['held'] = { objects: 0, broken: false };

    function readingOf(collection: Collection): Reading {
      return {
        collection,
        connection,
        reader,
        context,
        limit: options.pageSize,
        filters,
        habits,
        held,
        spend() {
          requests += 1;
          if (requests > options.maxPages) throw tooManyPages(options.maxPages);
        },
      };
    }

    /** Gives out what was read, and then notes up to where. Of a page that broke nothing is noted: some of what came may be held back. */
    async function* settle({ url: { href } }: Collection, position: Position | undefined): AsyncGenerator<Page> {
      const { broken } = held;
      held.objects = 0;
      held.broken = false;
      for (const records of reader.records(broken)) {
        for (const record of records) record.collected_at = collected_at;
        yield { records };
      }
      shy = broken;
      if (position === undefined || broken) return;
      // a reading that reached back and found nothing leaves the next one where it was
      const since = position.walk === undefined ? latestOf(positions.get(href)?.since, position.since) : position.since;
      positions.set(href, { ...position, ...(since === undefined ? {} : { since }) });
      yield { records: [], cursor: { fingerprint, collections: Object.fromEntries(positions) } };
    }

    async function* readCollection(collection: Collection): AsyncGenerator<Page> {
      const read = collection.version === '2.1' ? readByNext : readByRange;
      let reached: Position | undefined;
      try {
        for await (const position of read(readingOf(collection), beginningOf(collection))) {
          reached = position;
          if (signal.aborted) return;
          if (held.objects < together) continue;
          yield* settle(collection, reached);
          reached = undefined;
        }
      } catch (error) {
        // one that cannot be read now does not keep the others waiting
        if (!signal.aborted) problems.push(error);
      }
      if (signal.aborted) return;
      yield* settle(collection, reached);
    }

    function beginningOf(collection: Collection): Position {
      const known = positions.get(collection.url.href);
      if (known?.walk !== undefined) return known;
      if (known?.since !== undefined) return { ...known, since: earlierBy(known.since, options.overlap) };
      const since = options.since === 'all' ? undefined : new Date(startedAt - options.since).toISOString();
      return { ...known, ...(since === undefined ? {} : { since }) };
    }

    try {
      for (const collection of collections) {
        yield* readCollection(collection);
        if (signal.aborted) return;
        if (problems.some(asksForPatience) || requests > options.maxPages) break;
      }
    } finally {
      reader.close();
    }
    if (problems.length > 0) throw problems.find(asksForPatience) ?? problems[0];
  };
}

/** Other settings make other records of the same objects: then everything is read anew. */
function positionsIn(cursor: unknown, fingerprint: string): Map<string, Position> {
  const known = cursorShape.safeParse(cursor);
  if (!known.success || known.data.fingerprint !== fingerprint) return new Map();
  return new Map(Object.entries(known.data.collections));
}

function tooManyPages(most: number): TiplineError {
  return new TiplineError(
    'FEED_PAGES',
    `more than ${most} requests in one reading ("max_pages"); the next reading goes on from there`,
    { retryable: true },
  );
}
