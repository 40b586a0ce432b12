import { join } from 'node:path';
import { readCatalogue } from '../../../ingest/catalogue.ts';
import { createEventTable, type StoredTable } from '../../../ingest/feeds/misp/event-table.ts';
import type { Stand } from '../collectors/stand.ts';
import { STANDS } from '../collectors/stands/index.ts';
import { ip } from '../collectors/values.ts';
import type { Site, Trouble } from './site.ts';

/** How a source is read, and what happens to it. */
export interface Plan {
  readonly stand: Stand;
  /** Beside the section of the stand. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Hours between editions. */
  readonly edits: number;
  readonly troubles: readonly Trouble[];
  /** Calls a day that the source allows. */
  readonly daily?: number;
  /** The most requests that one poll may take. */
  readonly requests: number;
  /** Does the cursor say how far the source was read? */
  isCursorRight(cursor: unknown, site: Site, lastGoodAt: number): boolean;
}

/** The last edition of all comes out, and the last trouble ends, a day before the end. */
export const LAST_EDITION = 216;

/** The list that shrinks to a fifth, when, and when an operator says that it is right. */
export const SHRINKS = { feed: 'blocklist-de', edits: 12, edition: 9, releasedAt: 156, before: 100, after: 20 };

/** The feed in the midst of which one process is killed. */
export const KILLED_OVER = 'taxii-2.1';

/** The feed that would ask more often than its quota allows. */
export const EAGER = 'abuseipdb-eager';

/** The feed whose server fails for long: it is asked less and less often. */
export const FAILS = { feed: 'urlhaus-API', from: 8, hours: 20 };

/** The feed whose source has asked for patience when the process that reads it is killed. */
export const WAITS = 'threatfox-API';

/** The list of which absences are told. */
export const TELLS_ABSENCE = 'http-list-ndjson';

const trouble = (kind: Trouble['kind'], from: number, hours: number): Trouble => ({ kind, from, hours });

/** Feeds that have two stands, of which faults strike another page. */
const TWICE: ReadonlySet<string> = new Set(['misp index, events', 'misp-feed manifest']);

/** Entries of the catalogue whose settings a stand is read with; those that are `used` have them already. */
const CATALOGUED: Readonly<Record<string, string>> = {
  abuseipdb: 'abuseipdb',
  dshield: 'dshield',
  kev: 'kev',
  phishtank: 'phishtank',
  'spamhaus drop_v4': 'spamhaus-drop',
  'spamhaus drop_v6': 'spamhaus-drop-v6',
  'spamhaus asndrop': 'spamhaus-asn-drop',
  feodo: 'feodo',
  sslbl: 'sslbl',
  'threatfox API': 'threatfox',
  'urlhaus API': 'urlhaus',
  'malwarebazaar API': 'malwarebazaar',
  otx: 'otx',
};

const every = (text: string): Pick<Plan, 'settings'> => ({ settings: { every: text } });

const SPECIAL: Readonly<Record<string, Partial<Plan>>> = {
  abuseipdb: { daily: 5, troubles: [trouble('log-in-page', 60, 8)] },
  dshield: { troubles: [trouble('cut-gzip', 30, 7), trouble('asks-by-date', 100, 9)] },
  kev: { edits: 40, troubles: [trouble('asks-in-seconds', 70, 12)] },
  phishtank: { troubles: [trouble('asks-by-interval', 80, 8)] },
  feodo: { troubles: [trouble('asks-in-seconds', 46, 11), trouble('fails', 150, 6)] },
  sslbl: { troubles: [trouble('log-in-page', 120, 10)] },
  'threatfox API': { troubles: [trouble('asks-in-seconds', 46, 10), trouble('cut-gzip', 130, 5)] },
  'urlhaus API': { troubles: [trouble('fails', FAILS.from, FAILS.hours)] },
  'malwarebazaar API': { edits: 3, troubles: [trouble('fails', 90, 5)] },
  otx: {
    settings: { rate: { requests: 2, per: '1h' } },
    troubles: [trouble('fails', 110, 4), trouble('asks-by-date', 180, 6)],
    requests: 2,
  },
  'http-list csv': { troubles: [trouble('cut-gzip', 65, 9)] },
  'http-list json': { troubles: [trouble('asks-by-date', 20, 12)] },
  'http-list ndjson': { settings: { every: '4h', revoke_on_absence: true }, troubles: [trouble('fails', 140, 6)] },
  'use: tor-exits': { troubles: [trouble('asks-by-date', 46, 12), trouble('log-in-page', 160, 3)] },
  'use: cins': { troubles: [trouble('fails', 50, 14)] },
  'misp attributes': {
    ...every('1h'),
    troubles: [trouble('asks-in-seconds', 60, 6), trouble('log-in-page', 140, 4)],
    requests: 10,
  },
  'misp events': { requests: 8 },
  'misp index': { requests: 7 },
  'misp-feed events': {
    settings: { every: '1h', rate: { requests: 4, per: '60s' } },
    troubles: [trouble('cut-gzip', 41, 5)],
    requests: 7,
  },
  'taxii 1.0': { requests: 4 },
  'taxii 1.1': {
    ...every('1h'),
    troubles: [trouble('asks-in-seconds', 80, 7), trouble('log-in-page', 170, 4)],
    requests: 8,
  },
  'taxii 2.0': { ...every('2h'), troubles: [trouble('asks-by-date', 61, 9)], requests: 9 },
  'taxii 2.1': {
    ...every('1h'),
    edits: 7,
    troubles: [trouble('cut-gzip', 90, 5), trouble('asks-in-seconds', 120, 8)],
    requests: 8,
  },
};

export function plansOfTenDays(): Plan[] {
  const stands = STANDS.filter(({ name }) => !TWICE.has(name));
  const plans = stands.map((stand): Plan => planOf(stand.name === `use: ${SHRINKS.feed}` ? shrinking(stand) : stand));
  const [abuseipdb] = plans.filter(({ stand }) => stand.name === 'abuseipdb');
  // twice as eager as its quota allows, and without a budget of its own
  if (abuseipdb !== undefined) plans.push({ ...abuseipdb, settings: { name: EAGER, every: '3h' }, troubles: [] });
  return plans;
}

function planOf(stand: Stand): Plan {
  const special = SPECIAL[stand.name] ?? {};
  const rhythm = { every: stand.every === undefined ? '4h' : `${stand.every / 60_000}m` };
  return {
    stand,
    edits: stand.name === `use: ${SHRINKS.feed}` ? SHRINKS.edits : 13,
    troubles: [],
    // a list is had with one; of the others each page counts, and what leads to it
    requests: 1,
    isCursorRight: (cursor, site, lastGoodAt) => isRight(stand, cursor, site, lastGoodAt),
    ...special,
    settings: {
      ...(stand.name.startsWith('use: ') ? {} : (cataloguedSettings(stand.name) ?? rhythm)),
      ...special.settings,
    },
  };
}

const catalogue = readCatalogue(join(import.meta.dirname, '../../../rules/feeds.yaml'));

function cataloguedSettings(stand: string): Readonly<Record<string, unknown>> | undefined {
  const entry = catalogue.get(CATALOGUED[stand] ?? '');
  if (entry === undefined) return undefined;
  const { url: _, ...settings } = entry.feed;
  return settings;
}

function isRight(
  { name, kind }: Stand,
  cursor: unknown,
  { seenEdition, editedAt, told }: Site,
  lastGoodAt: number,
): boolean {
  const text = JSON.stringify(cursor);
  const events = told / EVENT_SIZE;
  if (name === 'abuseipdb') return text.includes(new Date(Date.UTC(2026, 0, 1, seenEdition)).toISOString());
  if (kind === 'list' || /^(?:threatfox|urlhaus) export$/.test(name)) return text.includes(`edition-${seenEdition}`);
  if (name.startsWith('malwarebazaar')) return text.includes(`"readAt":${lastGoodAt}`);
  if (name.startsWith('misp-feed')) return text.includes(`"etag":${JSON.stringify(`"${events}"`)}`);
  if (name === 'misp index') return createEventTable(cursor as StoredTable).size === events;
  if (name.startsWith('misp')) return text.includes(`"timestamp":${editedAt / 1000}`);
  return text.includes(new Date(editedAt).toISOString().slice(0, 19));
}

/** Attributes of an event of the MISP stands. */
const EVENT_SIZE = 4;

/** From one edition on a fifth of what stood on it before is left, and stays. */
function shrinking(stand: Stand): Stand {
  const told: Stand['told'] = (edition) => {
    const from = Math.min(edition, SHRINKS.edition - 1) * 10;
    const length = edition < SHRINKS.edition ? SHRINKS.before : SHRINKS.after;
    return Array.from({ length }, (_, index) => ip(from + index));
  };
  return {
    ...stand,
    told,
    open() {
      let edition = 1;
      return {
        answer({ headers }) {
          const etag = `"edition-${edition}"`;
          if (headers['if-none-match'] === etag) return { status: 304, headers: { etag }, body: '' };
          const body = told(edition)
            .map(({ value }) => `${value}\n`)
            .join('');
          return { status: 200, headers: { 'content-type': 'text/plain', etag }, body, page: 1 };
        },
        publish() {
          edition += 1;
        },
        struck: 0,
      };
    },
  };
}
