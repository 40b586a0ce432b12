import { z } from 'zod';
import type { Fields } from '../../core/contract/fields.ts';
import type { RawIndicator } from '../../core/contract/raw-indicator.ts';
import { reached } from '../../core/process/config/hosts.ts';
import { size } from '../../core/process/config/values.ts';
import { defineFeed, type FeedContext, type Page, type PollContext, type PolledFeed } from '../feed.ts';
import { contextOf, textIn, timeIn, wordsIn } from '../formats/fields.ts';
import { exportRows, rowRecords } from '../formats/rows.ts';
import { listText } from '../formats/text.ts';
import { inPages } from '../pages.ts';
import { sourceUrl } from '../setting-values.ts';
import { fetchedKeys } from '../settings.ts';
import { apiRows, authKey, byId, explained, exportUrl, KEY_NEEDED } from './abuse-ch.ts';
import { pollWholeList } from './whole-list.ts';

const API_URL = 'https://urlhaus-api.abuse.ch/v1/urls/recent/';
const PUBLIC_EXPORT_URL = 'https://urlhaus.abuse.ch/downloads/json_recent/';
/** The API gives no more at once. */
const MOST_FROM_API = 1000;

const schema = z
  .strictObject({
    ...fetchedKeys,
    type: z.literal('urlhaus'),
    from: z
      .enum(['export', 'api'])
      .default('export')
      .describe('`export` reads the file of the last 30 days, `api` the newest 1,000 of the last three days.'),
    auth_key: authKey
      .optional()
      .describe('Your Auth-Key of abuse.ch; `export` goes without one, as long as they offer that.'),
    url: reached(sourceUrl.optional(), [API_URL, PUBLIC_EXPORT_URL]).describe(
      'Address of the API, or of an export in CSV or JSON; without it that of URLhaus.',
    ),
    max_size: size.default(256 * 1024 ** 2).describe('Cap on an answer.'),
  })
  .superRefine(({ from, auth_key }, context) => {
    if (from === 'api' && auth_key === undefined) {
      context.addIssue({ code: 'custom', path: ['auth_key'], message: KEY_NEEDED });
    }
  });

type UrlHaus = z.output<typeof schema>;

/** URLhaus of abuse.ch (https://urlhaus.abuse.ch/api/): URLs that malware is loaded from, and whether they answer now. */
export const urlhaus = defineFeed({
  type: 'urlhaus',
  schema,
  // an export's address holds the key
  secrets: ['auth_key', 'url'],
  open: (config, context) => (config.from === 'api' ? openApi(config, context) : openExport(config, context)),
});

const cursorShape = z.object({ fingerprint: z.string(), newest: z.string() });

function openApi(config: UrlHaus, { fetcher, fingerprint }: FeedContext & { fingerprint: string }): PolledFeed {
  async function* poll(context: PollContext): AsyncGenerator<Page> {
    const known = cursorShape.safeParse(context.cursor);
    const before = known.success && known.data.fingerprint === fingerprint ? known.data.newest : '';
    const answer = await fetcher
      .get({
        url: config.url ?? API_URL,
        accept: 'application/json',
        headers: { 'auth-key': config.auth_key ?? '' },
        maxBytes: config.max_size,
        signal: context.signal,
      })
      .catch((error: unknown) => {
        throw explained(error);
      });
    if (answer.kind === 'unchanged') return;
    const text = listText(answer.bytes, { contentType: answer.contentType, allowHtmlType: false });
    const collected_at = new Date(context.startedAt).toISOString();
    let [oldest, newest, count] = ['', before, 0];
    for await (const records of inPages(rowRecords(apiRows(text, 'urls', context.tally), recordsOf, context.tally))) {
      for (const record of records) {
        record.collected_at = collected_at;
        const { first_seen = '' } = record;
        if (first_seen !== '' && (oldest === '' || first_seen < oldest)) oldest = first_seen;
        if (first_seen > newest && first_seen <= collected_at) newest = first_seen;
      }
      count += records.length;
      yield { records };
    }
    if (before !== '' && oldest > before && count >= MOST_FROM_API) {
      context.tally.note(
        `the API gives ${MOST_FROM_API} URLs at once, and more came since the last reading; read it more often, or "from: export"`,
      );
    }
    if (newest !== '') yield { records: [], cursor: { fingerprint, newest } };
  }
  return { kind: 'polled', every: config.every, local: false, poll };
}

function openExport(config: UrlHaus, { fetcher, fingerprint }: FeedContext & { fingerprint: string }): PolledFeed {
  const { auth_key: key, every, max_size: maxBytes } = config;
  const url =
    config.url ?? (key === undefined ? PUBLIC_EXPORT_URL : exportUrl('urlhaus-api.abuse.ch', key, 'recent.json'));
  return pollWholeList({
    every,
    fingerprint,
    url,
    snapshot: false,
    fetch: (validators, { signal }) => fetcher.get({ url, validators, maxBytes, signal }),
    read(answer, { tally }) {
      const text = listText(answer.bytes, { contentType: answer.contentType, allowHtmlType: false });
      return rowRecords(exportRows(text, EXPORT, tally), recordsOf, tally);
    },
  });
}

const EXPORT = {
  csv: {
    columns: ['id', 'dateadded', 'url', 'url_status', 'last_online', 'threat', 'tags', 'urlhaus_link', 'reporter'],
    surely: 'url',
  },
  json: { at: byId, id: 'id' },
};

function recordsOf(fields: Fields): RawIndicator[] | string {
  const indicator = textIn(fields, 'url');
  if (indicator === undefined) return 'no url';
  const record: RawIndicator = { indicator, type: 'url' };
  const ref = textIn(fields, 'id');
  if (ref !== undefined) record.ref = ref;
  const first = timeIn(fields, 'dateadded', 'date_added');
  if (first !== undefined) record.first_seen = first;
  const status = textIn(fields, 'url_status')?.toLowerCase();
  // one that answers now was seen now, which the time of the reading says
  const last = status === 'online' ? undefined : (timeIn(fields, 'last_online') ?? first);
  if (last !== undefined) record.last_seen = last;
  const tags = wordsIn(fields, 'tags');
  if (status === 'online' || status === 'offline') tags.push(status);
  if (tags.length > 0) record.tags = tags;
  const threat = textIn(fields, 'threat');
  if (threat !== undefined) record.categories = [threat];
  const reference = textIn(fields, 'urlhaus_link', 'urlhaus_reference');
  if (reference !== undefined) record.reference = reference;
  const context = contextOf({ reporter: textIn(fields, 'reporter') });
  if (context !== undefined) record.context = context;
  return [record];
}
