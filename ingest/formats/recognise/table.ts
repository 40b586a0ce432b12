import { isVagueAlias, typeFromAlias } from '../../../core/indicator/alias.ts';
import { inferType } from '../../../core/indicator/infer.ts';
import { refang } from '../../../core/indicator/refang.ts';
import { printable } from '../../printable.ts';
import { COMMENT_MARKS, isComment } from '../comments.ts';
import { splitCsv } from '../csv-row.ts';
import type { ListColumn } from '../record.ts';
import { known, type Recognition } from './recognition.ts';

/** Header words in small letters and digits alone; the first that is there names the column. */
const HEADERS: readonly (readonly [ListColumn, readonly string[]])[] = [
  ['type', ['type', 'indicatortype', 'ioctype', 'observabletype', 'attributetype']],
  ['confidence', ['confidence', 'confidencelevel', 'abuseconfidencescore']],
  ['severity', ['severity']],
  ['tags', ['tags', 'tag']],
  ['tlp', ['tlp']],
  ['ref', ['uuid', 'iocid']],
  ['first_seen', ['firstseen', 'firstseenutc', 'dateadded', 'firstseendate']],
  ['last_seen', ['lastseen', 'lastseenutc', 'lastonline', 'lastseendate']],
  ['malware', ['malwareprintable', 'malware', 'malwarefamily', 'family']],
  ['categories', ['threattype', 'category', 'categories', 'threat']],
  ['description', ['description', 'desc', 'comment', 'comments', 'notes', 'info', 'listingreason']],
  ['reference', ['reference', 'references', 'urlhauslink', 'link', 'sourceurl']],
];
const INDICATOR_HEADERS: readonly string[] =
  'indicator ioc iocvalue indicatorvalue observable artifact value url uri domain domainname fqdn hostname host ip ipaddress ipaddr dstip srcip destip sourceip ipv4 ipv6 cidr network subnet netblock email sha256 sha256hash sha1 sha1hash md5 md5hash hash filehash sha512 cve cveid asn'.split(
    ' ',
  );
/** Names of indicator columns that leave the type open, so that a column for the type counts. */
const OPEN_HEADERS: ReadonlySet<string> = new Set(
  'indicator ioc iocvalue indicatorvalue observable artifact value'.split(' '),
);

const DELIMITERS = ['\t', ',', ';', '|'] as const;
const SAMPLE = 60;
/** Rows of a hundred that must be of one width, or name an indicator: real tables have a row or two that are broken. */
const ENOUGH = 0.9;

/** A table with a column of indicators, by its header row or by what stands in it. `head` is without its last, perhaps unfinished line. */
export function recogniseTable(lines: readonly string[]): Recognition | undefined {
  for (const delimiter of DELIMITERS) {
    const marks = COMMENT_MARKS.filter((mark) => mark !== delimiter);
    const found = tableOf(lines, delimiter, marks);
    if (found !== undefined) return found;
  }
  return undefined;
}

function tableOf(lines: readonly string[], delimiter: string, marks: readonly string[]): Recognition | undefined {
  const first = lines.findIndex((line) => line.trim() !== '' && !isComment(line.trimStart(), marks));
  if (first === -1) return undefined;
  const rows = lines
    .slice(first)
    .filter((line) => line.trim() !== '' && !isComment(line.trimStart(), marks))
    .slice(0, SAMPLE)
    .map((line) => cellsOf(line, delimiter));
  const width = rows[0]?.length ?? 0;
  if (width < 2 || share(rows, (row) => Math.abs(row.length - width) <= 1) < ENOUGH) return undefined;

  // many exports write their header as the last comment
  const remark =
    lines[first - 1] === undefined ? [] : cellsOf((lines[first - 1] ?? '').replace(/^\s*[#;/]+\s?/, ''), delimiter);
  const named = headerOf(rows[0] ?? []);
  const remarked = remark.length === width ? headerOf(remark) : undefined;
  const header = named === undefined ? remarked : named;
  const body = named === undefined ? rows : rows.slice(1);
  const columns: Partial<Record<ListColumn, number>> = {};
  const also: string[] = [];
  let how: string;
  const indicator = header?.indicators.find((column) => body.length === 0 || holdsIndicators(body, column));
  if (header !== undefined && indicator !== undefined) {
    columns.indicator = indicator + 1;
    for (const [field, column] of header.fields) {
      if (field !== 'type' || typesIn(header, indicator, body, column)) columns[field] = column + 1;
    }
    also.push(
      ...header.indicators.filter((column) => column !== indicator).map((column) => header.names[column] ?? ''),
    );
    how = `by its header row, "${printable(header.names[indicator] ?? '', 40)}"`;
  } else {
    const column = Array.from({ length: width }, (_, at) => at).find((at) => holdsIndicators(body, at));
    if (column === undefined) return undefined;
    columns.indicator = column + 1;
    how = 'by what stands in it';
  }
  const rest = also.length === 0 ? '' : `; not read: ${also.map((name) => printable(name, 40)).join(', ')}`;
  const kind = delimiter === '\t' ? 'tsv' : 'csv';
  return known(kind, `a table, its indicators in column ${columns.indicator}, ${how}${rest}`, {
    columns,
    delimiter,
    header: named !== undefined,
    comments: marks,
  });
}

interface Header {
  names: readonly string[];
  fields: readonly (readonly [ListColumn, number])[];
  /** Columns that may hold the indicator, the likeliest first. */
  indicators: readonly number[];
}

function headerOf(cells: readonly string[]): Header | undefined {
  // a row in which something is an indicator already names no columns
  if (cells.some((cell) => inferType(refang(cell.trim())) !== undefined)) return undefined;
  const folded = cells.map((cell) => cell.toLowerCase().replace(/[^a-z0-9]+/g, ''));
  const indicators = INDICATOR_HEADERS.map((name) => folded.indexOf(name)).filter((column) => column !== -1);
  if (indicators.length === 0) return undefined;
  const fields = HEADERS.flatMap(([field, names]): [ListColumn, number][] => {
    const column = names.map((name) => folded.indexOf(name)).find((at) => at !== -1);
    return column === undefined ? [] : [[field, column]];
  });
  return { names: cells.map((cell) => cell.trim()), fields, indicators };
}

/** `type` can also be the kind of an attack: it counts where the indicator may be anything, and its words are types. */
function typesIn(header: Header, indicator: number, body: readonly (readonly string[])[], column: number): boolean {
  const name = (header.names[indicator] ?? '').toLowerCase().replace(/[^a-z0-9]+/g, '');
  if (!OPEN_HEADERS.has(name)) return false;
  return share(body, (row) => isTypeWord(row[column]?.trim() ?? '')) >= ENOUGH;
}

function isTypeWord(word: string): boolean {
  return typeFromAlias(word) !== undefined || isVagueAlias(word);
}

function holdsIndicators(rows: readonly (readonly string[])[], column: number): boolean {
  return rows.length > 0 && share(rows, (row) => inferType(refang(row[column]?.trim() ?? '')) !== undefined) >= ENOUGH;
}

function cellsOf(line: string, delimiter: string): readonly string[] {
  return line.includes('"') ? (splitCsv(line, delimiter)?.cells ?? []) : line.split(delimiter);
}

export function share<T>(items: readonly T[], holds: (item: T) => boolean): number {
  return items.length === 0 ? 0 : items.filter(holds).length / items.length;
}
