import { z } from 'zod';
import type { Fields } from '../../core/contract/fields.ts';
import type { RawIndicator } from '../../core/contract/raw-indicator.ts';
import { typeFromAlias } from '../../core/indicator/alias.ts';
import { reached } from '../../core/process/config/hosts.ts';
import { size } from '../../core/process/config/values.ts';
import { defineFeed, type FeedContext, type Page, type PollContext, type PolledFeed } from '../feed.ts';
import { contextOf, numberIn, percentIn, textIn, timeIn, truthIn, wordsIn } from '../formats/fields.ts';
import { exportRows, rowRecords } from '../formats/rows.ts';
import { listText } from '../formats/text.ts';
import { inPages } from '../pages.ts';
import { printable } from '../printable.ts';
import { sourceUrl } from '../setting-values.ts';
import { fetchedKeys } from '../settings.ts';
import { apiRows, authKey, byId, explained, exportUrl, KEY_NEEDED } from './abuse-ch.ts';
import { pollWholeList } from './whole-list.ts';

const DAY = 86_400_000;
/** The API looks no further back. */
const MOST_DAYS = 7;
const API_URL = 'https://threatfox-api.abuse.ch/api/v1/';
const PUBLIC_EXPORT_URL = 'https://threatfox.abuse.ch/export/json/recent/';

const schema = z
  .strictObject({
    ...fetchedKeys,
    type: z.literal('threatfox'),
    from: z
      .enum(['api', 'export'])
      .default('api')
      .describe('`api` asks for what is new since the last reading, `export` reads the file of the last two days.'),
    auth_key: authKey
      .optional()
      .describe('Your Auth-Key of abuse.ch; `export` goes without one, as long as they offer that.'),
    url: reached(sourceUrl.optional(), [API_URL, PUBLIC_EXPORT_URL]).describe(
      'Address of the API, or of an export in CSV or JSON; without it that of ThreatFox.',
    ),
    days: z
      .int()
      .min(1)
      .max(MOST_DAYS)
      .default(3)
      .describe('How many days back the first reading from the API goes; later ones go back to the last.'),
    max_size: size.default(256 * 1024 ** 2).describe('Cap on an answer.'),
  })
  .superRefine(({ from, auth_key }, context) => {
    if (from === 'api' && auth_key === undefined) {
      context.addIssue({ code: 'custom', path: ['auth_key'], message: KEY_NEEDED });
    }
  });

type ThreatFox = z.output<typeof schema>;

/** ThreatFox of abuse.ch (https://threatfox.abuse.ch/api/): addresses with ports, domains, URLs and hashes of malware. */
export const threatfox = defineFeed({
  type: 'threatfox',
  schema,
  // an export's address holds the key
  secrets: ['auth_key', 'url'],
  open: (config, context) => (config.from === 'api' ? openApi(config, context) : openExport(config, context)),
});

const cursorShape = z.object({ fingerprint: z.string(), newest: z.string() });

function openApi(config: ThreatFox, { fetcher, fingerprint }: FeedContext & { fingerprint: string }): PolledFeed {
  /** Days to ask for: back to the newest that is known, and one more, because entries are let in late. */
  function daysOf({ cursor, startedAt, tally }: PollContext): { days: number; newest: string } {
    const known = cursorShape.safeParse(cursor);
    if (!known.success || known.data.fingerprint !== fingerprint) return { days: config.days, newest: '' };
    const { newest } = known.data;
    const since = Math.ceil((startedAt - Date.parse(newest)) / DAY);
    if (since > MOST_DAYS) {
      tally.note(`nothing was read for ${since} days, and the API tells of ${MOST_DAYS}: what came before is missing`);
    }
    return { days: Math.min(Math.max(since + 1, 1), MOST_DAYS) || config.days, newest };
  }

  async function* poll(context: PollContext): AsyncGenerator<Page> {
    const { days, newest: known } = daysOf(context);
    let newest = known;
    const answer = await fetcher
      .post({
        url: config.url ?? API_URL,
        body: JSON.stringify({ query: 'get_iocs', days }),
        contentType: 'application/json',
        accept: 'application/json',
        headers: { 'auth-key': config.auth_key ?? '' },
        maxBytes: config.max_size,
        signal: context.signal,
      })
      .catch((error: unknown) => {
        throw explained(error);
      });
    const text = listText(answer.bytes, { contentType: answer.contentType, allowHtmlType: false });
    const collected_at = new Date(context.startedAt).toISOString();
    for await (const records of inPages(rowRecords(apiRows(text, 'data', context.tally), recordsOf, context.tally))) {
      for (const record of records) {
        record.collected_at = collected_at;
        const { first_seen = '' } = record;
        // a date in the future would have the next reading ask for too little
        if (first_seen > newest && first_seen <= collected_at) newest = first_seen;
      }
      yield { records };
    }
    if (newest !== '') yield { records: [], cursor: { fingerprint, newest } };
  }

  return { kind: 'polled', every: config.every, local: false, poll };
}

function openExport(config: ThreatFox, { fetcher, fingerprint }: FeedContext & { fingerprint: string }): PolledFeed {
  const {
    auth_key: key,
    url = key === undefined ? PUBLIC_EXPORT_URL : exportUrl('threatfox-api.abuse.ch', key, 'recent.json'),
  } = config;
  return pollWholeList({
    every: config.every,
    fingerprint,
    url,
    snapshot: false,
    fetch: (validators, { signal }) => fetcher.get({ url, validators, maxBytes: config.max_size, signal }),
    read(answer, { tally }) {
      const text = listText(answer.bytes, { contentType: answer.contentType, allowHtmlType: false });
      return rowRecords(exportRows(text, EXPORT, tally), recordsOf, tally);
    },
  });
}

const EXPORT = {
  csv: {
    columns: [
      'first_seen_utc',
      'ioc_id',
      'ioc_value',
      'ioc_type',
      'threat_type',
      'fk_malware',
      'malware_alias',
      'malware_printable',
      'last_seen_utc',
      'confidence_level',
      'is_compromised',
      'reference',
      'tags',
      'anonymous',
      'reporter',
    ],
    surely: 'ioc_value',
  },
  json: { at: byId, id: 'id' },
};

function recordsOf(fields: Fields): RawIndicator[] | string {
  const indicator = textIn(fields, 'ioc', 'ioc_value');
  if (indicator === undefined) return 'no ioc';
  const told = textIn(fields, 'ioc_type') ?? '';
  // addresses that mails are sent from have types of their own
  const type = told === 'envelope_from' || told === 'body_from' ? 'email' : typeFromAlias(told);
  if (type === undefined) return `"${printable(told, 40)}" is no type of indicator that tipline knows`;
  const record: RawIndicator = { indicator, type };
  const ref = textIn(fields, 'id', 'ioc_id');
  if (ref !== undefined) record.ref = ref;
  const confidence = percentIn(fields, 'confidence_level');
  if (confidence !== undefined) record.confidence = confidence;
  const first = timeIn(fields, 'first_seen', 'first_seen_utc');
  if (first !== undefined) record.first_seen = first;
  const last = timeIn(fields, 'last_seen', 'last_seen_utc') ?? first;
  if (last !== undefined) record.last_seen = last;
  const tags = wordsIn(fields, 'tags');
  if (truthIn(fields, 'is_compromised') === true) tags.push('compromised');
  if (tags.length > 0) record.tags = tags;
  const threat = textIn(fields, 'threat_type');
  if (threat !== undefined) record.categories = [threat];
  const malware = malwareOf(fields);
  if (malware !== undefined) record.malware = [malware];
  const reference = textIn(fields, 'reference');
  if (reference !== undefined) record.reference = reference;
  const port =
    told === 'ip:port' ? numberIn({ port: indicator.slice(indicator.lastIndexOf(':') + 1) }, 'port') : undefined;
  if (port !== undefined) record.port = port;
  const context = contextOf({
    malware_aliases: wordsIn(fields, 'malware_alias'),
    malpedia: textIn(fields, 'malware_malpedia'),
    reporter: textIn(fields, 'reporter'),
  });
  if (context !== undefined) record.context = context;
  return [record];
}

/** The name as people write it, else that of Malpedia. */
function malwareOf(fields: Fields): string | undefined {
  const name = textIn(fields, 'malware_printable', 'malware', 'fk_malware');
  return name === undefined || /^unknown\b/i.test(name) ? undefined : name;
}
