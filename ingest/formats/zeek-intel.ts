import type { RawIndicator } from '../../core/contract/raw-indicator.ts';
import { parseTlp } from '../../core/contract/tlp.ts';
import { isVagueAlias, typeFromAlias } from '../../core/indicator/alias.ts';
import { TiplineError } from '../../core/process/errors.ts';
import { printable } from '../printable.ts';
import type { RowRefusal } from '../refusal.ts';
import type { Tally } from '../tally.ts';
import { lineRecords } from './line-records.ts';

/** Writes one `meta.` column into a record; false when the value is not what the column promises. */
type WriteMeta = (record: RawIndicator, text: string) => boolean;

/** Names without `meta.`; the `cif_` ones are what the CIF client writes for Zeek. Others go to `context`. */
const META: ReadonlyMap<string, WriteMeta> = new Map<string, WriteMeta>([
  ['desc', text('description')],
  ['description', text('description')],
  ['cif_description', text('description')],
  ['url', text('reference')],
  ['confidence', percent('confidence')],
  ['cif_confidence', percent('confidence')],
  ['severity', percent('severity')],
  ['cif_severity', percent('severity')],
  ['tags', words('tags')],
  ['cif_tags', words('tags')],
  ['category', words('categories')],
  ['malware', words('malware')],
  ['first_seen', text('first_seen')],
  ['firstseen', text('first_seen')],
  ['cif_firstseen', text('first_seen')],
  ['last_seen', text('last_seen')],
  ['lastseen', text('last_seen')],
  ['cif_lastseen', text('last_seen')],
  ['tlp', tlp],
  ['cif_tlp', tlp],
]);

const FIELDS = '#fields';
/** What Zeek's writers put where a field has no value. */
const UNSET: ReadonlySet<string> = new Set(['', '-', '(empty)']);

interface Row {
  indicator: number;
  type: number;
  meta: readonly (readonly [column: number, name: string, write: WriteMeta | undefined])[];
}

/**
 * Files of Zeek's Intelligence Framework: cells between tabs, and a `#fields` line that names them, in any order. Files are often glued
 * together, so a later `#fields` line counts from there on. `meta.source` says from where the file's author had it; it is kept in the
 * context, because the source of a record is the feed.
 */
export function zeekIntelRecords(bytes: AsyncIterable<Buffer>, tally: Tally): AsyncGenerator<RawIndicator[]> {
  let row: Row | undefined;
  return lineRecords(
    bytes,
    (line, number, add) => {
      if (line.startsWith('#')) {
        if (line.startsWith(FIELDS)) row = readFields(line, number);
        return;
      }
      if (line.trim() === '') return;
      if (row === undefined) {
        throw new TiplineError(
          'FEED_COLUMNS',
          `line ${number} comes before the "#fields" line that every Zeek intelligence file begins with; is it one?`,
          { retryable: false },
        );
      }
      const record = readRow(line.split('\t'), row, (reason, as) => tally.skip(number, reason, as));
      if (record !== undefined) add(record);
    },
    tally,
  );
}

function readFields(line: string, number: number): Row {
  const names = line.slice(FIELDS.length).split('\t').slice(1);
  const trimmed = names.map((name) => name.trim().toLowerCase());
  const indicator = trimmed.indexOf('indicator');
  if (indicator === -1) {
    throw new TiplineError(
      'FEED_COLUMNS',
      `the "#fields" line ${number} names no "indicator"; its names, with tabs between, are: ${printable(trimmed.join(', '), 200)}`,
      { retryable: false },
    );
  }
  const meta = trimmed.flatMap((name, column): [number, string, WriteMeta | undefined][] => {
    if (!name.startsWith('meta.')) return [];
    const own = name.slice('meta.'.length);
    return [[column, own, META.get(own)]];
  });
  return { indicator, type: trimmed.indexOf('indicator_type'), meta };
}

function readRow(
  cells: readonly string[],
  row: Row,
  skip: (reason: string, as?: RowRefusal) => void,
): RawIndicator | undefined {
  const indicator = cellAt(cells, row.indicator);
  if (indicator === undefined) {
    skip('no indicator', 'no_indicator');
    return undefined;
  }
  const record: RawIndicator = { indicator };
  const word = cellAt(cells, row.type);
  if (word !== undefined && !isVagueAlias(word)) {
    const type = typeFromAlias(word);
    if (type === undefined) {
      // Intel::SOFTWARE, USER_NAME, FILE_NAME, PUBKEY_HASH: nothing that tipline has a type for
      skip(`${printable(word, 40)} is no type of indicator that tipline knows`);
      return undefined;
    }
    record.type = type;
  }
  let context: Map<string, string | boolean> | undefined;
  for (const [column, name, write] of row.meta) {
    const value = cellAt(cells, column);
    if (value === undefined || write?.(record, value) === true) continue;
    // on nearly every row, and says nothing but that Zeek is not to make a notice of it
    if (name === 'do_notice' && value === 'F') continue;
    context ??= new Map();
    context.set(name, name === 'do_notice' ? value === 'T' : value);
  }
  if (context !== undefined) record.context = Object.fromEntries(context);
  return record;
}

function cellAt(cells: readonly string[], column: number): string | undefined {
  const cell = cells[column]?.trim();
  if (cell === undefined || UNSET.has(cell)) return undefined;
  return cell.includes('\\x') ? unescaped(cell) : cell;
}

/** Zeek writes bytes that could be mistaken for separators, and those that are not printable, as `\x09`. */
function unescaped(cell: string): string {
  return Buffer.from(
    Buffer.from(cell, 'utf8')
      .toString('latin1')
      .replace(/\\x([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  ).toString('utf8');
}

function text(field: 'description' | 'reference' | 'first_seen' | 'last_seen'): WriteMeta {
  return (record, value) => {
    if (record[field] !== undefined) return false;
    record[field] = value;
    return true;
  };
}

function words(field: 'tags' | 'categories' | 'malware'): WriteMeta {
  return (record, value) => {
    const found = value.split(',').flatMap((word) => (UNSET.has(word.trim()) ? [] : [word.trim()]));
    record[field] = [...(record[field] ?? []), ...found];
    return true;
  };
}

function percent(field: 'confidence' | 'severity'): WriteMeta {
  return (record, value) => {
    const number = Number(value);
    if (!(number >= 0 && number <= 100)) return false;
    record[field] = number;
    return true;
  };
}

function tlp(record: RawIndicator, value: string): boolean {
  const level = parseTlp(value);
  if (level === undefined) return false;
  record.tlp = level;
  return true;
}
