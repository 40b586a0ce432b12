import { z } from 'zod';
import { reached } from '../../core/process/config/hosts.ts';
import { duration, size } from '../../core/process/config/values.ts';
import { TiplineError } from '../../core/process/errors.ts';
import { defineFeed, type OpenContext, type Page, type PollContext, type PolledFeed } from '../feed.ts';
import { credentialKeys, headersOf, refuseTwoCredentials } from '../fetch/credentials.ts';
import { sourceUrl } from '../setting-values.ts';
import { fetchedKeys } from '../settings.ts';
import { asksForPatience, type Collection, elsewhere, findCollections } from './taxii1/collections.ts';
import { openConnection } from './taxii1/connection.ts';
import { type Polling, type Position, pollCollection, positionShape } from './taxii1/poll.ts';
import { Taxii1Error } from './taxii1/status.ts';
import { earlierBy, latestOf } from './taxii2/date-added.ts';

const DAY_MS = 86_400_000;

const schema = z
  .strictObject({
    ...fetchedKeys,
    ...credentialKeys,
    type: z.literal('taxii1'),
    url: reached(sourceUrl.optional(), []).describe(
      'The address of the discovery service, such as https://taxii.example.org/services/discovery.',
    ),
    poll_url: reached(sourceUrl.optional(), []).describe(
      'The address of the poll service, for a server without discovery; `collections` must be named then.',
    ),
    version: z
      .enum(['auto', '1.1', '1.0'])
      .default('auto')
      .describe('The version of TAXII that the server speaks; `auto` tries 1.1 and then 1.0.'),
    collections: z
      .array(z.string().min(1).max(1000))
      .min(1)
      .max(1000)
      .optional()
      .describe('Names of the collections (feeds) to poll; without it all that the server lists.'),
    since: z
      .union([z.literal('all'), duration], { error: 'must be "all", or a duration such as 24h' })
      .optional()
      .describe(
        'How far back the first poll goes: `all`, or a duration; the default is 24h for data feeds and all of a data set.',
      ),
    overlap: z
      .union([z.literal(0), duration], { error: 'must be 0, or a duration such as 5m' })
      .default(0)
      .describe(
        'How far each poll reaches back behind the last one, for servers that label contents with a time that has passed.',
      ),
    subscription: z
      .string()
      .min(1)
      .max(1000)
      .optional()
      .describe('Id of the subscription, for servers that want one with each poll.'),
    asynchronous: z
      .boolean()
      .default(false)
      .describe('Let the server prepare its answers and have them fetched later.'),
    max_wait: duration
      .default(600_000)
      .describe('How long a reading waits for an answer that is not ready; a later one fetches it then.'),
    observables: z.boolean().default(true).describe('Take observables as well that no indicator speaks of.'),
    trust_observables: z
      .boolean()
      .default(false)
      .describe('Take mere observables for indicators, for sources that send nothing else.'),
    trust_addresses: z
      .boolean()
      .default(false)
      .describe('Send the credentials to services on other origins that the discovery names, too.'),
    max_pages: z
      .int()
      .min(10)
      .max(10_000_000)
      .default(10_000)
      .describe('Requests after which a reading ends with an error.'),
    max_size: size.default(16 * 1024 ** 3).describe('Cap on an answer, which is read piece by piece.'),
  })
  .superRefine((config, context) => {
    refuseTwoCredentials(config, context);
    if (config.url === undefined && config.poll_url === undefined) {
      context.addIssue({ code: 'custom', path: ['url'], message: 'must be there, or poll_url' });
    }
    if (config.poll_url !== undefined && config.collections === undefined) {
      context.addIssue({ code: 'custom', path: ['collections'], message: 'must be there with poll_url' });
    }
  });

type Taxii1 = z.output<typeof schema>;

/** Collections of a TAXII 1.0 or 1.1 server, with STIX 1 in them. */
export const taxii1 = defineFeed({
  type: 'taxii1',
  schema,
  secrets: ['password', 'token', 'headers', 'proxy', 'tls'],
  open: (config, context) => openTaxii(config, context),
});

const cursorShape = z.object({ fingerprint: z.string(), collections: z.record(z.string(), positionShape) });

function openTaxii(config: Taxii1, { fetcher, fingerprint, clock }: OpenContext): PolledFeed {
  const connection = openConnection({
    fetcher,
    url: config.poll_url ?? config.url ?? '',
    headers: headersOf(config),
    version: config.version,
    trustAddresses: config.trust_addresses,
    maxBytes: config.max_size,
  });
  const stix = { observables: config.observables, trustObservables: config.trust_observables };

  async function* poll(context: PollContext): AsyncGenerator<Page> {
    const { signal, tally, startedAt } = context;
    const collected_at = new Date(startedAt).toISOString();
    const positions = positionsIn(context.cursor, fingerprint);
    const { collections, problems } = await findCollections({
      connection,
      wanted: config.collections ?? [],
      pollAddress: config.poll_url === undefined ? undefined : connection.url,
      version: config.version,
      tally,
      signal,
    });
    let requests = 0;
    let polled = 0;
    let refused: unknown;

    function pollingOf(collection: Collection): Polling {
      return {
        collection,
        connection,
        context,
        clock,
        stix,
        subscription: config.subscription,
        asynchronous: config.asynchronous,
        patience: config.max_wait,
        spend() {
          requests += 1;
          if (requests > config.max_pages) throw tooManyPages(config.max_pages);
        },
        commit(position) {
          const key = keyOf(collection);
          const begin = latestOf(positions.get(key)?.begin, position.begin);
          positions.set(key, { ...position, ...(begin === undefined ? {} : { begin }) });
          return { records: [], cursor: { fingerprint, collections: Object.fromEntries(positions) } };
        },
      };
    }

    function beginningOf(collection: Collection): Position {
      const known = positions.get(keyOf(collection));
      if (known?.pending !== undefined) return known;
      if (known?.begin !== undefined) return { begin: earlierBy(known.begin, config.overlap) };
      const since = config.since ?? (collection.isSet ? 'all' : DAY_MS);
      return since === 'all' ? {} : { begin: new Date(startedAt - since).toISOString() };
    }

    for (const collection of collections) {
      try {
        for await (const page of pollCollection(pollingOf(collection), beginningOf(collection))) {
          for (const record of page.records) if ('indicator' in record) record.collected_at = collected_at;
          yield page;
        }
        polled += 1;
      } catch (error) {
        if (!connection.trusts(collection.address)) tally.note(elsewhere(collection.address));
        // servers list what others may poll
        if (config.collections === undefined && isRefusal(error)) refused ??= error;
        else problems.push(error);
        if (asksForPatience(error) || requests > config.max_pages) break;
      }
      if (signal.aborted) return;
    }
    if (refused !== undefined && polled === 0) problems.push(refused);
    else if (refused instanceof Error) tally.note(`a collection may not be polled: ${refused.message}`);
    if (problems.length > 0) throw problems.find(asksForPatience) ?? problems[0];
  }

  return { kind: 'polled', every: config.every, local: false, poll };
}

function keyOf({ address: { href }, name }: Collection): string {
  return `${href} ${name}`;
}

function isRefusal(error: unknown): boolean {
  return error instanceof Taxii1Error && /^(?:UNAUTHORIZED|DENIED|NOT_FOUND)$/.test(error.status);
}

/** Other settings make other records of the same content: then everything is read anew. */
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
