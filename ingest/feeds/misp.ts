import { z } from 'zod';
import { duration, size } from '../../core/process/config/values.ts';
import { defineFeed, type FeedContext, type Page, type PollContext, type PolledFeed } from '../feed.ts';
import { FetchError } from '../fetch/fetch-error.ts';
import type { ListAnswer } from '../fetch/fetcher.ts';
import { type MispOptions, TO_IDS_POLICIES } from '../formats/misp/options.ts';
import { MISP_TYPES } from '../formats/misp/types.ts';
import { listText } from '../formats/text.ts';
import { sourceUrl } from '../setting-values.ts';
import { fetchedKeys } from '../settings.ts';
import { type EventEntry, readChangedEvents } from './misp/changed-events.ts';
import { type Connection, openConnection } from './misp/connection.ts';
import { readEventHeads } from './misp/event-heads.ts';
import { createEventTable } from './misp/event-table.ts';
import { eventFilter, filterSection, searchFilter } from './misp/filter.ts';
import { newSearch, readSearch, type SearchCursor, searchCursorShape } from './misp/search.ts';

const schema = z.strictObject({
  ...fetchedKeys,
  type: z.literal('misp'),
  url: sourceUrl
    .transform((url) => url.replace(/\/{1,10}$/, ''))
    .describe('Where MISP is, such as https://misp.example.org.'),
  api_key: z
    .string()
    .min(1)
    .max(500)
    .regex(/^[\x21-\x7e]+$/, 'must be the automation key of a user, without spaces')
    .describe('The automation key of a user of that MISP.'),
  mode: z
    .enum(['attributes', 'event', 'index'])
    .default('attributes')
    .describe(
      '`attributes` searches single attributes, `event` whole events, `index` reads the list of events and then those that changed, for a MISP that forbids searches.',
    ),
  to_ids: z
    .enum(TO_IDS_POLICIES)
    .default('only')
    .describe(
      'Attributes that are not for detection: `only` leaves them out, `prefer` takes them with a confidence of 20 at most, `ignore` makes no difference.',
    ),
  published: z.boolean().default(true).describe('Take nothing from events that are not published.'),
  filter: filterSection.describe('What is taken: by tags, types, categories and organisations.'),
  look_back: duration.optional().describe('How far back the first reading goes; without it everything is read.'),
  enforce_warninglist: z
    .boolean()
    .default(false)
    .describe('Leave out what stands on a warning list of that MISP; for the modes that search.'),
  decay_score: z
    .boolean()
    .default(false)
    .describe(
      "Take the score of MISP's decaying models as confidence; it costs that server time. For the mode attributes.",
    ),
  page_size: z
    .int()
    .min(1)
    .max(100_000)
    .optional()
    .describe('Attributes (default 5000) or events (default 20) that are asked for at once.'),
  max_pages: z.int().min(10).max(1_000_000).default(10_000).describe('Pages after which a reading ends with an error.'),
  max_size: size.default(4 * 1024 ** 3).describe('Cap on an answer, which is read piece by piece.'),
});

type Misp = z.output<typeof schema>;

/** A MISP server, by its REST API (https://www.misp-project.org/openapi/). */
export const misp = defineFeed({
  type: 'misp',
  schema,
  secrets: ['api_key'],
  open: (config, context) => openMisp(config, context),
});

const indexCursorShape = z.object({
  fingerprint: z.string(),
  events: z.string().max(1_000_000),
  floor: z.int().min(0),
});

function openMisp(config: Misp, { fetcher, fingerprint }: FeedContext & { fingerprint: string }): PolledFeed {
  const connection = openConnection(fetcher, { base: config.url, apiKey: config.api_key, maxBytes: config.max_size });
  const read = config.mode === 'index' ? readIndex : readBySearch;
  return {
    kind: 'polled',
    every: config.every,
    local: false,
    async *poll(context) {
      const collected_at = new Date(context.startedAt).toISOString();
      for await (const page of read(config, connection, fingerprint, context)) {
        for (const record of page.records) if ('indicator' in record) record.collected_at = collected_at;
        yield page;
      }
    },
  };
}

function readBySearch(
  config: Misp,
  connection: Connection,
  fingerprint: string,
  context: PollContext,
): AsyncGenerator<Page> {
  const kind = config.mode === 'event' ? 'event' : 'attribute';
  const path = kind === 'event' ? '/events/restSearch' : '/attributes/restSearch';
  return readSearch(
    {
      kind,
      pageSize: config.page_size ?? (kind === 'event' ? 20 : 5000),
      maxPages: config.max_pages,
      options: optionsOf(config, connection),
      ask: (known) => questionOf(config, kind, known),
      send: (body) => connection.post(path, body, context),
      context,
    },
    searchCursorOf(config, fingerprint, context),
  );
}

/** Other settings read everything anew, but what was told before must be withdrawn under them too. */
function searchCursorOf(config: Misp, fingerprint: string, { cursor, startedAt }: PollContext): SearchCursor {
  const known = searchCursorShape.safeParse(cursor);
  if (known.success && known.data.fingerprint === fingerprint) return known.data;
  const from = sinceOf(config, startedAt) ?? null;
  return newSearch(fingerprint, from, known.success ? known.data.knownId : 0);
}

function sinceOf({ look_back }: Misp, startedAt: number): number | undefined {
  return look_back === undefined ? undefined : Math.max(0, Math.floor((startedAt - look_back) / 1000));
}

function questionOf(config: Misp, kind: 'attribute' | 'event', known: boolean): Record<string, unknown> {
  // those that are switched off are asked for once something was told: a false alarm is taken back by switching it off
  const onlyForDetection = kind === 'attribute' && config.to_ids === 'only' && !known;
  return {
    deleted: [0, 1],
    ...(kind === 'attribute' ? { type: MISP_TYPES, includeEventTags: 1, includeEventUuid: 1, includeContext: 1 } : {}),
    ...searchFilter(config.filter),
    ...(onlyForDetection ? { to_ids: 1 } : {}),
    ...(config.published ? { published: 1 } : {}),
    ...(config.enforce_warninglist ? { enforceWarninglist: 1 } : {}),
    ...(config.decay_score && kind === 'attribute' ? { includeDecayScore: 1 } : {}),
  };
}

function optionsOf({ to_ids, filter }: Misp, connection: Connection): MispOptions {
  return {
    toIds: to_ids,
    eventUrl: connection.eventUrl,
    // events come with all their attributes, whatever was asked for
    ...(filter.types === undefined ? {} : { types: new Set(filter.types) }),
    ...(filter.categories === undefined ? {} : { categories: new Set(filter.categories) }),
  };
}

async function* readIndex(
  config: Misp,
  connection: Connection,
  fingerprint: string,
  context: PollContext,
): AsyncGenerator<Page> {
  const { filter } = config;
  // heads with tags and organisation are needed to choose by them; without, the short ones do
  const minimal = filter.tags === undefined && filter.orgs === undefined;
  const asked = { ...(minimal ? { minimal: 1 } : {}), ...(config.published ? { published: 1 } : {}) };
  const index = await connection.post('/events/index', asked, context);
  const { entries, listed } = await readEventHeads(
    listText(index.bytes, { contentType: index.contentType, allowHtmlType: false }),
    eventFilter(filter, sinceOf(config, context.startedAt), config.published),
    context.tally,
  );
  const stored = indexCursorShape.safeParse(context.cursor);
  const known = stored.success ? stored.data : undefined;
  const table = createEventTable(known?.fingerprint === fingerprint ? known : undefined);
  table.retain(listed);
  yield* readChangedEvents({
    entries: entries.filter(({ uuid, stamp }) => !table.isRead(uuid, stamp)).sort((a, b) => a.stamp - b.stamp),
    table,
    before: createEventTable(known),
    fetch: (entry) => fetchEvent(connection, entry, context),
    options: optionsOf(config, connection),
    context,
    cursor: () => ({ fingerprint, ...table.encode() }),
  });
}

/** With its deleted attributes, so that withdrawals are told; from where a feed would find it when that way is closed. */
async function fetchEvent(connection: Connection, { uuid }: EventEntry, context: PollContext): Promise<ListAnswer> {
  try {
    return await connection.get(`/events/view/${uuid}/deleted:1`, context);
  } catch (error) {
    if (!(error instanceof FetchError) || error.refusal?.status !== 404) throw error;
    return await connection.get(`/events/${uuid}.json`, context);
  }
}
