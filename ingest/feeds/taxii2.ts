import { z } from 'zod';
import { duration, size } from '../../core/process/config/sections.ts';
import { TiplineError } from '../../core/process/errors.ts';
import { defineFeed, type FeedContext, type Page, type PollContext, type PolledFeed } from '../feed.ts';
import { credentialKeys, headersOf, refuseTwoCredentials } from '../fetch/credentials.ts';
import { createStix2Reader } from '../formats/stix2/reader.ts';
import { fetchedKeys } from '../settings.ts';
import { readByNext } from './taxii2/by-next.ts';
import { readByRange } from './taxii2/by-range.ts';
import { asksForPatience, type Collection, findCollections } from './taxii2/collections.ts';
import { openConnection, VERSIONS } from './taxii2/connection.ts';
import { earlierBy, latestOf } from './taxii2/date-added.ts';
import { type Position, positionShape, type Reading } from './taxii2/reading.ts';

const words = z.array(z.string().min(1).max(300)).min(1).max(100);

const schema = z
  .strictObject({
    ...fetchedKeys,
    ...credentialKeys,
    type: z.literal('taxii2'),
    url: z
      .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
      .describe(
        'The address of the discovery (such as https://taxii.example.org/taxii2/), of an API root or of a collection.',
      ),
    version: z
      .enum(['auto', ...VERSIONS])
      .default('auto')
      .describe('The version of TAXII that the server speaks; `auto` tries 2.1 and then 2.0.'),
    collections: words
      .optional()
      .describe('Ids, aliases or titles of the collections to read; without it all that the account may read.'),
    since: z
      .union([z.literal('all'), duration], { error: 'must be "all", or a duration such as 30d' })
      .default('all')
      .describe('How far back the first reading goes: `all`, or a duration such as 30d.'),
    overlap: z
      .union([z.literal(0), duration], { error: 'must be 0, or a duration such as 5m' })
      .default(0)
      .describe(
        'How far each reading reaches back behind the last one, for servers that take up objects with a time that has passed.',
      ),
    match: z
      .strictObject({
        type: words.optional().describe('Types of STIX objects, such as indicator.'),
        id: words.optional().describe('Ids of STIX objects.'),
        version: words.optional().describe('`last`, `first`, `all`, or times of versions.'),
        spec_version: words.optional().describe('Versions of STIX, such as 2.1.'),
      })
      .default({})
      .describe('What the server is to leave out: only objects that match are asked for.'),
    observables: z
      .boolean()
      .default(true)
      .describe('Take observables as well that no indicator covers; they are tagged `observable`.'),
    trust_roots: z
      .boolean()
      .default(false)
      .describe('Send the credentials to API roots on other origins that the discovery names, too.'),
    page_size: z
      .int()
      .min(1)
      .max(100_000)
      .default(1000)
      .describe('Objects to ask for at once; the server may give fewer.'),
    max_pages: z
      .int()
      .min(10)
      .max(10_000_000)
      .default(100_000)
      .describe('Requests after which a reading ends with an error.'),
    max_size: size.default(4 * 1024 ** 3).describe('Cap on a page, which is read piece by piece.'),
  })
  .superRefine(refuseTwoCredentials);

type Taxii2 = z.output<typeof schema>;

/** Collections of a TAXII 2.0 or 2.1 server (OASIS). */
export const taxii2 = defineFeed({
  type: 'taxii2',
  schema,
  secrets: ['password', 'token', 'headers', 'proxy', 'tls'],
  open: (config, context) => openTaxii(config, context),
});

const cursorShape = z.object({ fingerprint: z.string(), collections: z.record(z.string(), positionShape) });

function openTaxii(config: Taxii2, { fetcher, fingerprint }: FeedContext & { fingerprint: string }): PolledFeed {
  const connection = openConnection({
    fetcher,
    url: config.url,
    headers: headersOf(config),
    version: config.version,
    trustRoots: config.trust_roots,
    maxBytes: config.max_size,
  });
  const filters = Object.entries(config.match).map(
    ([name, values]) => [`match[${name}]`, (values ?? []).join(',')] as const,
  );
  const habits: Reading['habits'] = { rangeSign: '=' };

  async function* poll(context: PollContext): AsyncGenerator<Page> {
    const { signal, tally, startedAt } = context;
    const collected_at = new Date(startedAt).toISOString();
    const positions = positionsIn(context.cursor, fingerprint);
    const { collections, problems } = await findCollections({
      connection,
      wanted: config.collections ?? [],
      tally,
      signal,
    });
    let requests = 0;
    // one for all: what an indicator points to may stand in another collection
    const reader = createStix2Reader({ observables: config.observables }, tally);

    function readingOf(collection: Collection): Reading {
      return {
        collection,
        connection,
        reader,
        context,
        limit: config.page_size,
        filters,
        habits,
        spend() {
          requests += 1;
          if (requests > config.max_pages) throw tooManyPages(config.max_pages);
        },
        commit(position) {
          const { href } = collection.url;
          // a reading that reached back and found nothing leaves the next one where it was
          const since =
            position.walk === undefined ? latestOf(positions.get(href)?.since, position.since) : position.since;
          positions.set(href, { ...position, ...(since === undefined ? {} : { since }) });
          return { records: [], cursor: { fingerprint, collections: Object.fromEntries(positions) } };
        },
      };
    }

    function beginningOf(collection: Collection): Position {
      const known = positions.get(collection.url.href);
      if (known?.walk !== undefined) return known;
      if (known?.since !== undefined) return { ...known, since: earlierBy(known.since, config.overlap) };
      const since = config.since === 'all' ? undefined : new Date(startedAt - config.since).toISOString();
      return { ...known, ...(since === undefined ? {} : { since }) };
    }

    try {
      for (const collection of collections) {
        const read = collection.version === '2.1' ? readByNext : readByRange;
        try {
          for await (const page of read(readingOf(collection), beginningOf(collection))) {
            for (const record of page.records) if ('indicator' in record) record.collected_at = collected_at;
            yield page;
          }
        } catch (error) {
          // one that cannot be read now does not keep the others waiting
          problems.push(error);
          if (asksForPatience(error) || requests > config.max_pages) break;
        }
        if (signal.aborted) return;
      }
    } finally {
      reader.close();
    }
    if (problems.length > 0) throw problems.find(asksForPatience) ?? problems[0];
  }

  return { kind: 'polled', every: config.every, local: false, poll };
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
