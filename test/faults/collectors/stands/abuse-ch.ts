import type { Seen } from '../faults.ts';
import { feedName, type Source, type SourceOptions, type Stand, type Told, UNMET_BY_LISTS } from '../stand.ts';
import { domain, fingerprint, hash, inJournal, ip, url as urlOf } from '../values.ts';
import { type Answering, type Issue, journalSource, json, onCondition, plain, refusal, spaced } from './journal.ts';
import { linesOf, listStand } from './list.ts';

/** One key for all of their platforms. */
const KEY = 'abusech-s3cret';
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const { 'same-timestamp': _, ...UNMET_BY_API } = UNMET_BY_LISTS;

interface JournalParts {
  name: string;
  section(url: string): Readonly<Record<string, unknown>>;
  told(edition: number): Told[];
  answering: Answering;
  every?: number;
  quiet: boolean;
  unmet: Stand['unmet'];
}

function journalStand({ name, section, answering, ...rest }: JournalParts): Stand {
  return {
    name,
    section: (url) => ({ name: feedName(name), max_size: '2mb', ...section(url) }),
    secrets: [KEY],
    open: (options: SourceOptions = {}): Source => journalSource(rest.told, options, answering),
    kind: 'journal',
    ...rest,
  };
}

function hasKey({ headers, url }: Seen): boolean {
  return headers['auth-key'] === KEY || url.includes(KEY);
}

const flat = (issues: readonly Issue[]): { at: number; value: string; id: number }[] =>
  issues.flatMap(({ at, told, edition }) =>
    told.map(({ value }, index) => ({ at, value, id: edition * 1000 + index })),
  );

function threatfoxEntry({ at, value, id }: { at: number; value: string; id: number }, field: string): object {
  return {
    id: String(id),
    [field]: value,
    ioc_type: 'domain',
    threat_type: 'botnet_cc',
    malware_printable: 'Example',
    confidence_level: 75,
    [field === 'ioc' ? 'first_seen' : 'first_seen_utc']: `${spaced(at)} UTC`,
    reporter: 'somebody',
  };
}

const threatfox = (edition: number): Told[] => inJournal(edition, domain);
const urlhaus = (edition: number): Told[] => inJournal(edition, urlOf);

const samples = (edition: number): Told[] =>
  inJournal(edition, (number) => hash('sha256', number), { first: 10, later: 3 }).flatMap(({ value }) => {
    const number = Number.parseInt(value.slice(1), 16);
    return [hash('sha256', number), hash('sha1', number), hash('md5', number)];
  });

/** Three hashes a sample, as `samples` has them. */
function sampleRows(issues: readonly Issue[]): { at: number; sha256: string; sha1: string; md5: string }[] {
  return issues.flatMap(({ at, told }) =>
    Array.from({ length: told.length / 3 }, (_unused, index) => {
      const [sha256, sha1, md5] = told.slice(index * 3, index * 3 + 3).map(({ value }) => value);
      return { at, sha256: sha256 ?? '', sha1: sha1 ?? '', md5: md5 ?? '' };
    }),
  );
}

const BAZAAR_HEADER =
  '# "first_seen_utc","sha256_hash","md5_hash","sha1_hash","reporter","file_name","file_type_guess","mime_type","signature","clamav","vtpercent","imphash","ssdeep","tlsh"\n';

const bazaar: Answering = (seen, issues, page) => {
  if (!hasKey(seen)) return refusal(401, { error: 'Unauthorized' });
  const newest = issues.at(-1)?.at ?? 0;
  if (seen.method === 'GET') {
    const rows = sampleRows(issues.filter(({ at }) => at > newest - 2 * DAY));
    const body = rows
      .map(({ at, sha256, sha1, md5 }) =>
        [spaced(at), sha256, md5, sha1, 'somebody', 'a, b.exe', 'exe', 'application/x-dosexec', 'Example', ...NA]
          .map((cell) => `"${cell}"`)
          .join(', '),
      )
      .join('\n');
    return plain(`${BAZAAR_HEADER}${body}\n`, page());
  }
  // its memory is an hour long
  const data = sampleRows(issues.filter(({ at }) => at > newest - HOUR)).map(({ at, sha256, sha1, md5 }) => ({
    sha256_hash: sha256,
    sha1_hash: sha1,
    md5_hash: md5,
    first_seen: spaced(at),
    file_name: 'a.exe',
  }));
  return json({ query_status: 'ok', data }, page());
};
const NA = Array.from({ length: 5 }, () => 'n/a');

const bazaarStand = (name: string, every: number): Stand =>
  journalStand({
    name,
    section: (url) => ({
      type: 'malwarebazaar',
      auth_key: KEY,
      url: `${url}/api/v1/`,
      export_url: `${url}/v2/files/exports/${KEY}/recent.csv`,
    }),
    told: samples,
    answering: bazaar,
    every,
    quiet: false,
    unmet: UNMET_BY_LISTS,
  });

export const ABUSE_CH: readonly Stand[] = [
  journalStand({
    name: 'threatfox API',
    section: (url) => ({ type: 'threatfox', auth_key: KEY, url: `${url}/api/v1/` }),
    told: threatfox,
    answering: (seen, issues, page) => {
      if (!hasKey(seen)) return refusal(401, { error: 'Unauthorized' });
      const { days = 7 } = JSON.parse(seen.body) as { days?: number };
      const newest = issues.at(-1)?.at ?? 0;
      const data = flat(issues.filter(({ at }) => at > newest - days * DAY)).map((each) => threatfoxEntry(each, 'ioc'));
      return json({ query_status: 'ok', data }, page());
    },
    quiet: false,
    unmet: UNMET_BY_API,
  }),
  journalStand({
    name: 'threatfox export',
    section: (url) => ({ type: 'threatfox', from: 'export', url: `${url}/${KEY}/recent.json` }),
    told: threatfox,
    answering: (seen, issues, page) =>
      onCondition(seen, issues, () => {
        const entries = flat(issues).map((each) => [String(each.id), [threatfoxEntry(each, 'ioc_value')]]);
        return json(Object.fromEntries(entries), page());
      }),
    quiet: true,
    unmet: UNMET_BY_LISTS,
  }),
  journalStand({
    name: 'urlhaus API',
    section: (url) => ({ type: 'urlhaus', from: 'api', auth_key: KEY, url: `${url}/v1/urls/recent/` }),
    told: urlhaus,
    answering: (seen, issues, page) => {
      if (!hasKey(seen)) return refusal(401, { error: 'Unauthorized' });
      const urls = flat(issues)
        .toReversed()
        .slice(0, 1000)
        .map(({ at, value, id }) => ({
          id: String(id),
          url: value,
          url_status: 'online',
          date_added: `${spaced(at)} UTC`,
          threat: 'malware_download',
          tags: ['x'],
        }));
      return json({ query_status: 'ok', urls }, page());
    },
    quiet: false,
    unmet: UNMET_BY_API,
  }),
  journalStand({
    name: 'urlhaus export',
    section: (url) => ({ type: 'urlhaus', auth_key: KEY, url: `${url}/${KEY}/recent.csv` }),
    told: urlhaus,
    answering: (seen, issues, page) =>
      onCondition(seen, issues, () => {
        const rows = flat(issues).map(
          ({ at, value, id }) =>
            `"${id}","${spaced(at)}","${value}","online","${spaced(at)}","malware_download","a,b","https://urlhaus.example.org/url/${id}/","somebody"\r\n`,
        );
        const header = '# id,dateadded,url,url_status,last_online,threat,tags,urlhaus_link,reporter\r\n';
        return plain(`${header}${rows.join('')}`, page());
      }),
    quiet: true,
    unmet: UNMET_BY_LISTS,
  }),
  bazaarStand('malwarebazaar API', 20 * 60_000),
  bazaarStand('malwarebazaar export', 2 * HOUR),
  listStand({
    name: 'feodo',
    path: '/ipblocklist.json',
    section: (url) => ({ type: 'feodo', url, max_size: '2mb' }),
    make: ip,
    contentType: 'application/json',
    body: (told) =>
      JSON.stringify(
        told.map(({ value }) => ({
          ip_address: value,
          port: 443,
          status: 'offline',
          first_seen: '2026-01-01 05:00:00',
          last_online: '2026-01-20',
          malware: 'Example',
        })),
      ),
  }),
  listStand({
    name: 'sslbl',
    path: '/sslblacklist.csv',
    section: (url) => ({ type: 'sslbl', url, max_size: '2mb' }),
    make: fingerprint,
    contentType: 'text/csv',
    body: (told) =>
      `# Listingdate,SHA1,Listingreason\r\n${linesOf(told, (value) => `2026-01-20 05:00:00,${value},AsyncRAT C&C\r`)}`,
  }),
];
