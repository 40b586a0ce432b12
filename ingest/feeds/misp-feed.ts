import { z } from 'zod';
import { duration, size } from '../../core/process/config/values.ts';
import { TiplineError } from '../../core/process/errors.ts';
import { defineFeed, type FeedContext, type Page, type PollContext, type PolledFeed } from '../feed.ts';
import type { ListAnswer, Validators } from '../fetch/fetcher.ts';
import { TO_IDS_POLICIES } from '../formats/misp/options.ts';
import { listText } from '../formats/text.ts';
import { sourceUrl } from '../setting-values.ts';
import { fetchedKeys } from '../settings.ts';
import { type EventEntry, readChangedEvents } from './misp/changed-events.ts';
import { type EventHeads, readEventHeads } from './misp/event-heads.ts';
import { createEventTable, type EventTable } from './misp/event-table.ts';
import { eventFilter, filterSection } from './misp/filter.ts';

/** RFC 9110 token, and nothing that could begin another header. */
const headerName = z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, 'must be the name of a header');
const headerValue = z
  .string()
  .max(4096)
  .regex(/^[\x20-\x7e]*$/, 'must be one line of printable ASCII');

const schema = z.strictObject({
  ...fetchedKeys,
  type: z.literal('misp-feed'),
  url: sourceUrl
    .transform((url) => url.replace(/\/(?:manifest\.json)?$/, ''))
    .describe('The folder of the feed, in which manifest.json stands.'),
  headers: z
    .record(headerName, headerValue)
    .default({})
    .describe("Headers for the feed's own server, such as Authorization."),
  to_ids: z
    .enum(TO_IDS_POLICIES)
    .default('only')
    .describe(
      'Attributes that are not for detection: `only` leaves them out, `prefer` takes them with a confidence of 20 at most, `ignore` makes no difference.',
    ),
  filter: filterSection.describe(
    'What is taken: events by tags and organisations, attributes by types and categories.',
  ),
  look_back: duration
    .optional()
    .describe('Events that were changed last before this are not read; without it all are.'),
  max_size: size.default(4 * 1024 ** 3).describe('Cap on an event, which is read piece by piece, and on the manifest.'),
});

type MispFeed = z.output<typeof schema>;

/** A feed that a MISP publishes: a folder with manifest.json and a file for each event. */
export const mispFeed = defineFeed({
  type: 'misp-feed',
  schema,
  secrets: ['headers'],
  open: (config, context) => openFeed(config, context),
});

const cursorShape = z.object({
  fingerprint: z.string(),
  events: z.string().max(1_000_000),
  floor: z.int().min(0),
  /** Of the manifest, once all that it lists was read. */
  etag: z.string().optional(),
  lastModified: z.string().optional(),
});

type Cursor = z.output<typeof cursorShape>;

function openFeed(config: MispFeed, { fetcher, fingerprint }: FeedContext & { fingerprint: string }): PolledFeed {
  const { url: base, headers, max_size: maxBytes } = config;

  async function* poll(context: PollContext): AsyncGenerator<Page> {
    const { signal, tally, startedAt } = context;
    const parsed = cursorShape.safeParse(context.cursor);
    const stored = parsed.success ? parsed.data : undefined;
    const same = stored?.fingerprint === fingerprint;
    const manifest = await fetcher.get({
      url: `${base}/manifest.json`,
      accept: 'application/json',
      headers,
      validators: same ? validatorsOf(stored) : {},
      maxBytes,
      signal,
    });
    if (manifest.kind === 'unchanged') return;
    const since = config.look_back === undefined ? undefined : Math.floor((startedAt - config.look_back) / 1000);
    const heads = await readEventHeads(textOf(manifest), eventFilter(config.filter, since, false), tally);

    const table = createEventTable(same ? stored : undefined);
    const events = keepListed(table, heads, context);
    const collected_at = new Date(startedAt).toISOString();
    const pages = readChangedEvents({
      entries: events,
      table,
      before: createEventTable(stored),
      fetch: (entry) => fetchEvent(entry.uuid, signal),
      options: {
        toIds: config.to_ids,
        eventUrl: (uuid) => `${base}/${uuid}.json`,
        ...(config.filter.types === undefined ? {} : { types: new Set(config.filter.types) }),
        ...(config.filter.categories === undefined ? {} : { categories: new Set(config.filter.categories) }),
      },
      context,
      cursor: () => ({ fingerprint, ...table.encode() }),
    });
    for await (const page of pages) {
      for (const record of page.records) if ('indicator' in record) record.collected_at = collected_at;
      yield page;
    }
    // with one event missing the manifest must be asked for again, changed or not
    if (events.every(({ uuid, stamp }) => table.isRead(uuid, stamp))) {
      yield { records: [], cursor: { fingerprint, ...table.encode(), ...shortOnes(manifest.validators) } };
    }
  }

  async function fetchEvent(uuid: string, signal: AbortSignal): Promise<ListAnswer> {
    const answer = await fetcher.get({
      url: `${base}/${uuid}.json`,
      accept: 'application/json',
      headers,
      maxBytes,
      signal,
    });
    if (answer.kind === 'list') return answer;
    throw new TiplineError('FEED_STATUS', 'answered 304 to a request without conditions', { retryable: true });
  }

  return { kind: 'polled', every: config.every, local: false, poll };
}

/** The listed events that are to be read, the oldest first. What is no longer listed is forgotten. */
function keepListed(table: EventTable, { entries, listed }: EventHeads, { tally }: PollContext): EventEntry[] {
  if (listed.length === 0 && table.size > 0) {
    throw new TiplineError(
      'FEED_EMPTY',
      `the manifest lists no event, and listed ${table.size} before: this is taken for a fault of the server`,
      { retryable: true },
    );
  }
  const gone = table.retain(listed);
  if (gone > 0) tally.note(`${gone} events are no longer in the manifest; what they told expires by itself`);
  if (table.floor > 0) {
    tally.note(
      `the feed has more events than can be told apart: new ones from before ${new Date(table.floor * 1000).toISOString()} are not noticed; two feeds with a "filter" each can follow it`,
    );
  }
  return entries.filter(({ uuid, stamp }) => !table.isRead(uuid, stamp)).sort((a, b) => a.stamp - b.stamp);
}

function textOf(answer: ListAnswer): AsyncIterable<Buffer> {
  return listText(answer.bytes, { contentType: answer.contentType, allowHtmlType: false });
}

/** Another's text in our store: a server may write 30 kB into a header. */
function shortOnes({ etag = '', lastModified = '' }: Validators): Validators {
  return {
    ...(etag !== '' && etag.length <= 300 ? { etag } : {}),
    ...(lastModified !== '' && lastModified.length <= 100 ? { lastModified } : {}),
  };
}

function validatorsOf({ etag, lastModified }: Cursor): Validators {
  return { ...(etag === undefined ? {} : { etag }), ...(lastModified === undefined ? {} : { lastModified }) };
}
