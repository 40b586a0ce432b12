import type { RawIndicator } from '../../core/contract/raw-indicator.ts';
import type { Tally } from '../tally.ts';
import { adblockRecords } from './adblock.ts';
import { COMMENT_MARKS } from './comments.ts';
import { type ColumnName, delimitedRecords } from './delimited.ts';
import { dnsmasqRecords } from './dnsmasq.ts';
import { htmlRecords, textRecords } from './free-text/text.ts';
import { hostsFileRecords } from './hosts-file.ts';
import { iprepRecords } from './iprep.ts';
import { ipsetRecords } from './ipset.ts';
import { jsonRecords, MOST_DOCUMENT_BYTES, ndjsonRecords } from './json.ts';
import { maltrailRecords } from './maltrail.ts';
import { markdownRecords } from './markdown.ts';
import type { ToIds } from './misp/options.ts';
import { mispRecords } from './misp/records.ts';
import { openiocRecords } from './openioc/records.ts';
import { pollResponseRecords } from './poll-response.ts';
import { rawLineRecords, rawRecords } from './raw-records.ts';
import { type ConfidenceSteps, type ListColumn, rowReader } from './record.ts';
import { stix1Records } from './stix1/records.ts';
import { stix2Records } from './stix2/records.ts';
import { tableRecords } from './table/table.ts';
import { zeekIntelRecords } from './zeek-intel.ts';

/** Lists whose columns have to be named: only the configuration, or a header row, says what stands where. */
const COLUMN_FORMATS = ['lines', 'csv', 'tsv', 'json', 'ndjson'] as const;
/** Formats that say themselves what is what. */
const SELF_DESCRIBING = [
  'table',
  'stix2',
  'stix1',
  'openioc',
  'misp',
  'zeek',
  'maltrail',
  'hosts',
  'adblock',
  'dnsmasq',
  'iprep',
  'ipset',
  'markdown',
  'text',
  'html',
] as const;
/** What tipline publishes itself: records of whoever is trusted to write them. */
const OWN = ['raw', 'raw-lines'] as const;
/** Formats of what is fetched from elsewhere. */
export const LIST_FORMATS = [...COLUMN_FORMATS, ...SELF_DESCRIBING] as const;
export type ListFormat = (typeof LIST_FORMATS)[number];
/** Every format that tipline reads, by the name that configuration and command line have for it. A new one is one line here and one below. */
export const FORMAT_NAMES = [...LIST_FORMATS, ...OWN] as const;
export type FormatName = (typeof FORMAT_NAMES)[number];

export interface FormatSettings {
  /** By number from 1, by header name, or by path in JSON. */
  columns?: Readonly<Partial<Record<ListColumn, ColumnName>>>;
  confidenceSteps?: ConfidenceSteps | undefined;
  delimiter?: string | undefined;
  /** The first row names the columns. Default: yes when a column is given by name. */
  header?: boolean | undefined;
  comments?: readonly string[] | undefined;
  /** Names of the categories of iprep. */
  categories?: ReadonlyMap<number, string>;
  /** Of free text, only what was disarmed. */
  onlyDisarmed?: boolean;
  /** Free text is a list of words that are hardly ever indicators. */
  wordList?: boolean;
  /** The host that free text was fetched from. */
  ownHost?: string;
  /** STIX 1 that stands in a Poll_Response of TAXII 1. */
  pollResponse?: boolean;
  /** What to do with MISP attributes that are not for detection. */
  toIds?: ToIds;
  /** Cap on a document that must be read whole. */
  maxBytes?: number;
}

export type ReadFormat = (bytes: AsyncIterable<Buffer>, tally: Tally) => AsyncGenerator<RawIndicator[]>;

export function hasColumns(name: FormatName): name is (typeof COLUMN_FORMATS)[number] {
  return (COLUMN_FORMATS as readonly string[]).includes(name);
}

/** True for formats that must get the bytes as they are: a page that is wanted, and documents that declare their encoding themselves. */
export function readsBytes(name: FormatName): boolean {
  return name === 'html' || name === 'stix1' || name === 'openioc';
}

/** Makes the reader of a format. Built once, so that a document costs no look at the settings. */
export function openFormat(name: FormatName, settings: FormatSettings): ReadFormat {
  switch (name) {
    case 'lines':
    case 'csv':
    case 'tsv':
      return openDelimited(name, settings);
    case 'json':
    case 'ndjson':
      return openJson(name === 'json' ? jsonRecords : ndjsonRecords, settings);
    case 'table':
      return (bytes, tally) => tableRecords(bytes, settings, tally);
    case 'stix2':
      return (bytes, tally) => stix2Records(bytes, {}, tally);
    case 'stix1':
      return settings.pollResponse === true ? pollResponseRecords : (bytes, tally) => stix1Records(bytes, {}, tally);
    case 'openioc':
      return openiocRecords;
    case 'misp': {
      const { toIds } = settings;
      const options = toIds === undefined ? {} : { toIds };
      return (bytes, tally) => mispRecords(bytes, options, tally);
    }
    case 'zeek':
      return zeekIntelRecords;
    case 'maltrail':
      return maltrailRecords;
    case 'hosts':
      return hostsFileRecords;
    case 'adblock':
      return adblockRecords;
    case 'dnsmasq':
      return dnsmasqRecords;
    case 'ipset':
      return ipsetRecords;
    case 'markdown':
      return (bytes, tally) => markdownRecords(bytes, settings, tally);
    case 'iprep': {
      const { categories } = settings;
      const options = categories === undefined ? {} : { categories };
      return (bytes, tally) => iprepRecords(bytes, options, tally);
    }
    case 'text':
      return (bytes, tally) => textRecords(bytes, settings, tally);
    case 'html':
      return (bytes, tally) => htmlRecords(bytes, settings, tally);
    case 'raw':
      return rawRecords;
    case 'raw-lines':
      return rawLineRecords;
    default: {
      const never: never = name;
      return never;
    }
  }
}

function openDelimited(name: 'lines' | 'csv' | 'tsv', settings: FormatSettings): ReadFormat {
  const delimiter = name === 'lines' ? undefined : (settings.delimiter ?? (name === 'csv' ? ',' : '\t'));
  const columns = settings.columns ?? { indicator: 1 };
  const options = {
    delimiter,
    quotes: name === 'csv',
    header: settings.header ?? Object.values(columns).some((place) => typeof place === 'string'),
    comments: settings.comments ?? COMMENT_MARKS.filter((mark) => mark !== delimiter),
    columns,
    reader: (cells: Parameters<typeof rowReader<readonly string[]>>[0]) => rowReader(cells, settings.confidenceSteps),
  };
  return (bytes, tally) => delimitedRecords(bytes, options, tally);
}

function openJson(read: typeof jsonRecords, settings: FormatSettings): ReadFormat {
  const { columns = {} } = settings;
  const paths = Object.fromEntries(Object.entries(columns).map(([field, path]) => [field, String(path)]));
  const options = {
    columns: { ...paths, indicator: String(columns.indicator ?? 'indicator') },
    reader: (cells: Parameters<typeof rowReader>[0]) => rowReader(cells, settings.confidenceSteps),
    maxBytes: settings.maxBytes ?? MOST_DOCUMENT_BYTES,
  };
  return (bytes, tally) => read(bytes, options, tally);
}
