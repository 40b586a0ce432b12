import type { IndicatorType } from '../../../core/indicator/type.ts';
import { printable } from '../../printable.ts';
import { COMMENT_MARKS, isComment } from '../comments.ts';
import { splitCsv } from '../csv-row.ts';
import { ALIGNED, createRowSplitter } from '../delimited-rows.ts';
import type { ListColumn } from '../record.ts';
import { typeOfCell } from './cell.ts';
import { type Column, columnOf } from './column.ts';
import { type DayOrder, orderOf } from './dates.ts';
import { isResolution, roleOf } from './words.ts';

/** A column of indicators. */
export interface IndicatorColumn {
  readonly index: number;
  /** What its name promises; undefined when its cells may be anything. */
  readonly named: IndicatorType | undefined;
  /** The column that tells the type of each of its cells. */
  readonly typedBy: number | undefined;
  /** Its addresses are what names resolved to at some time: never acted on alone. */
  readonly composite: boolean;
}

/** What stands where in a table. Columns are numbered from 0. */
export interface Layout {
  readonly delimiter: string;
  readonly comments: readonly string[];
  /** The line of the header row; rows up to it are no data. 0: there is none. */
  readonly headerLine: number;
  /** Cells of the header row, also of one that is a comment. */
  readonly names: readonly string[];
  readonly width: number;
  readonly indicators: readonly IndicatorColumn[];
  readonly fields: Readonly<Partial<Record<ListColumn, number>>>;
  readonly toIds: number | undefined;
  readonly dayOrder: DayOrder;
  /** It cannot be a list of lines that happen to hold its delimiter. */
  readonly sure: boolean;
  /** By what it was told, for people. */
  readonly how: string;
}

/** Columns that are put under each other come last: prose and lists of lines have blanks, too. */
const DELIMITERS = ['\t', ',', ';', '|', ALIGNED] as const;
const SAMPLE = 200;
const MOST_COLUMNS = 100;
/** Rows of a hundred that must be of one width when nothing else says that this is a table, and when a header row does. */
const STEADY = 0.9;
const STEADY_NAMED = 0.6;
/** Cells of a hundred that must be indicators where no name says so, and where one does. */
const MOSTLY = 0.8;
const SOME = 0.3;
/** Titles may stand above a header row. */
const MOST_TITLES = 5;
const DATE_FIELDS = ['first_seen', 'last_seen', 'valid_from', 'valid_until', 'timestamp'] as const;

/** The layout of a table by its first lines; undefined when they are none, or hold no indicator. The last line must not be cut off. */
export function layoutOf(lines: readonly string[]): Layout | undefined {
  for (const delimiter of DELIMITERS) {
    const marks = COMMENT_MARKS.filter((mark) => mark !== delimiter);
    const layout = layoutWith(lines, delimiter, marks);
    if (layout !== undefined) return layout;
  }
  return undefined;
}

interface SampleRow {
  readonly cells: readonly string[];
  readonly line: number;
}

/** The layout of rows that are parted already. */
export function layoutOfRows(
  rows: readonly SampleRow[],
  { delimiter, comments, remark }: { delimiter: string; comments: readonly string[]; remark?: readonly string[] },
): Layout | undefined {
  const width = usualWidth(rows);
  if (width < 2 || width > MOST_COLUMNS) return undefined;
  const at = headerAt(rows);
  const header = at === -1 ? undefined : rows[at];
  const names = header?.cells ?? (remark !== undefined && remark.length === width ? remark : []);
  const known = names.filter((name) => roleOf(name) !== undefined).length;
  const body = rows.slice(at + 1);
  const steady = share(body, ({ cells }) => Math.abs(trimmed(cells) - width) <= 1 || cells.length === width);
  if (body.length === 0 || steady < (known >= 2 ? STEADY_NAMED : STEADY)) return undefined;
  // lines of an outline are indented, and hold one thing each
  if (known === 0 && share(body, ({ cells }) => cells.filter((cell) => cell.trim() !== '').length > 1) < SOME)
    return undefined;

  const sample = body.map(({ cells }) => cells);
  const columns = Array.from({ length: width }, (_, index) => columnOf(sample, index, names[index] ?? ''));
  const types = columns.filter(isTypes);
  const indicators = indicatorColumns(columns, types);
  if (indicators.length === 0) return undefined;
  const taken = new Set([...indicators.map(({ index }) => index), ...types.map(({ index }) => index)]);
  const fields = fieldColumns(columns, taken, known > 0);
  const days = DATE_FIELDS.flatMap((field) => fields[field] ?? []);
  return {
    delimiter,
    comments,
    headerLine: header?.line ?? 0,
    names,
    width,
    indicators,
    fields,
    toIds: columns.find(({ role }) => role?.kind === 'to_ids')?.index,
    dayOrder: dayOrderOf(sample, days),
    sure: known > 0 || types.length > 0 || isEvident(columns, indicators, body, width),
    how: howTold(indicators, columns, known > 0),
  };
}

function layoutWith(lines: readonly string[], delimiter: string, comments: readonly string[]): Layout | undefined {
  const rows: SampleRow[] = [];
  const splitter = createRowSplitter(
    { delimiter, quotes: true, comments },
    {
      row(cells, line) {
        if (rows.length < SAMPLE) rows.push({ cells, line });
      },
      broken: () => {},
    },
  );
  for (const [at, line] of lines.entries()) {
    if (rows.length === SAMPLE) break;
    splitter.line(line, at + 1);
  }
  if (rows.length === 0) return undefined;
  // many exports write their header as the last comment
  const first = lines.findIndex((line) => line.trim() !== '' && !isComment(line.trimStart(), comments));
  const comment = lines[first - 1]?.replace(/^\s*[#;/]+\s?/, '') ?? '';
  const remark = comment === '' ? undefined : splitCsv(comment, delimiter)?.cells;
  return layoutOfRows(rows, { delimiter, comments, ...(remark === undefined ? {} : { remark }) });
}

/** Cells without the empty ones at the end: spreadsheets write as many as their longest row has. */
function trimmed(cells: readonly string[]): number {
  let length = cells.length;
  while (length > 0 && (cells[length - 1] ?? '').trim() === '') length -= 1;
  return length;
}

function usualWidth(rows: readonly SampleRow[]): number {
  const counts = new Map<number, number>();
  for (const { cells } of rows) counts.set(cells.length, (counts.get(cells.length) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || b[0] - a[0])[0]?.[0] ?? 0;
}

/** The header row: the first of which most names are known, or else a first row without indicators above columns that are full of them. */
function headerAt(rows: readonly SampleRow[]): number {
  for (const [at, { cells }] of rows.slice(0, MOST_TITLES).entries()) {
    const names = cells.filter((cell) => cell.trim() !== '');
    const known = names.filter(isName).length;
    const indicators = names.filter((cell) => typeOfCell(cell) !== undefined).length;
    const says = names.filter(isName).some((cell) => {
      const kind = roleOf(cell)?.kind;
      return kind === 'indicator' || kind === 'type' || kind === 'value';
    });
    if (says && known > indicators && names.length >= 2) return at;
    if (indicators > 0) return -1;
  }
  const first = rows[0]?.cells ?? [];
  if (rows.length < 3 || first.some((cell) => typeOfCell(cell) !== undefined || cell.trim() === '')) return -1;
  const body = rows.slice(1);
  return first.some((_, index) => share(body, ({ cells }) => typeOfCell(cells[index] ?? '') !== undefined) >= STEADY)
    ? 0
    : -1;
}

/** A name such as `domain.name` is a domain, too. */
function isName(cell: string): boolean {
  const type = typeOfCell(cell);
  if (type === undefined) return roleOf(cell) !== undefined;
  return type === 'domain' && cell.split('.').every((part) => roleOf(part) !== undefined);
}

function isTypes({ role, typeWords, ownTypes, filled, whole }: Column): boolean {
  if (filled === 0) return false;
  if (role?.kind === 'type') return whole < SOME && (ownTypes > 0 || typeWords >= SOME);
  if (ownTypes === 0) return false;
  // `indicator` is a name that people give the column of types, too
  if (role?.kind === 'indicator') return typeWords >= 0.6;
  return role === undefined && whole === 0 && typeWords >= STEADY;
}

function indicatorColumns(columns: readonly Column[], types: readonly Column[]): IndicatorColumn[] {
  const typed = valueColumns(columns, types);
  const found: IndicatorColumn[] = [];
  for (const column of columns) {
    if (types.includes(column)) continue;
    const typedBy = typed.get(column.index);
    if (typedBy === undefined && !isIndicators(column)) continue;
    found.push({
      index: column.index,
      named: column.role?.kind === 'indicator' ? column.role.type : undefined,
      typedBy,
      composite: isResolution(column.name),
    });
  }
  // the system that an address belongs to is told beside it, and is nothing by itself
  const besides = found.filter(
    ({ index }) => columns[index]?.mostly !== 'asn' && !isShared(columns[index], found, columns),
  );
  return besides.length > 0 ? besides : found;
}

/** Without a name: the same few values again and again beside others, such as the name servers of domains. */
function isShared(column: Column | undefined, found: readonly IndicatorColumn[], columns: readonly Column[]): boolean {
  if (column === undefined || column.role !== undefined || !column.repeats || column.mostly === 'email') return false;
  return found.some(({ index }) => columns[index]?.repeats === false && index !== column.index);
}

function isIndicators({ role, filled, whole, holding, reports, mostly }: Column): boolean {
  if (filled === 0 || reports) return false;
  if (role === undefined) return whole >= MOSTLY && mostly !== 'asn';
  if (role.kind !== 'indicator') return role.kind === 'value' && whole >= MOSTLY;
  return holding >= SOME;
}

/** The columns whose cells are typed by another one, with the number of that. */
function valueColumns(columns: readonly Column[], types: readonly Column[]): Map<number, number> {
  const values = new Map<number, number>();
  const free = columns.filter((column) => !types.includes(column) && column.filled > 0);
  for (const type of [...types].sort((a, b) => b.ownTypes - a.ownTypes)) {
    const open = free.filter(({ index }) => !values.has(index));
    const beside = types.length > 1 ? open.filter(({ index }) => Math.abs(index - type.index) === 1) : open;
    const best = [...beside].sort((a, b) => worth(b) - worth(a))[0];
    if (best !== undefined && worth(best) > 0) values.set(best.index, type.index);
  }
  return values;
}

/** How well a column goes as that of the values: by its name first, then by what is in it. */
function worth({ role, holding, whole, reports }: Column): number {
  if (role?.kind === 'never' || role?.kind === 'field' || role?.kind === 'to_ids') return 0;
  const named = role?.kind === 'value' || (role?.kind === 'indicator' && role.type === undefined);
  if (holding === 0 || (reports && !named)) return 0;
  return (named ? 2 : 0) + whole + holding / 10;
}

function fieldColumns(
  columns: readonly Column[],
  taken: ReadonlySet<number>,
  named: boolean,
): Partial<Record<ListColumn, number>> {
  const fields: Partial<Record<ListColumn, number>> = {};
  const ranks = new Map<ListColumn, number>();
  for (const { index, role, dates, filled, repeats } of columns) {
    if (taken.has(index) || filled === 0) continue;
    // the kind of an attack stands under `type` as well
    const told = role?.kind === 'type' && repeats ? ({ kind: 'field', field: 'categories', rank: 99 } as const) : role;
    if (told?.kind !== 'field') continue;
    if (isDateField(told.field) && dates < SOME) continue;
    if ((ranks.get(told.field) ?? 100) <= told.rank) continue;
    ranks.set(told.field, told.rank);
    fields[told.field] = index;
  }
  const rest = columns.filter(({ index, filled }) => !taken.has(index) && filled > 0);
  if (fields.reference === undefined) {
    const reports = rest.find(({ reports, role }) => reports && role?.kind !== 'field');
    if (reports !== undefined) fields.reference = reports.index;
  }
  if (named) return fields;
  // without names the first days are taken for when it was seen, and the first text for what it is
  const days = rest.find(({ dates }) => dates >= STEADY);
  if (days !== undefined && fields.first_seen === undefined) fields.first_seen = days.index;
  const text = rest.find(({ prose, dates }) => prose >= 0.5 && dates < SOME);
  if (text !== undefined && fields.description === undefined) fields.description = text.index;
  return fields;
}

function isDateField(field: ListColumn): boolean {
  return (DATE_FIELDS as readonly string[]).includes(field);
}

function dayOrderOf(rows: readonly (readonly string[])[], columns: readonly number[]): DayOrder {
  for (const row of rows) {
    for (const column of columns) {
      const order = orderOf(row[column] ?? '');
      if (order !== undefined) return order;
    }
  }
  return undefined;
}

/** A URL may hold commas, and a list of such URLs is no table: something else must be seen in another column. */
function isEvident(
  columns: readonly Column[],
  indicators: readonly IndicatorColumn[],
  rows: readonly SampleRow[],
  width: number,
): boolean {
  if (indicators.length > 1) return true;
  const others = columns.filter(({ index, filled }) => index !== indicators[0]?.index && filled > 0);
  if (others.some(({ dates, prose }) => dates >= STEADY || prose >= STEADY)) return true;
  const same = share(rows, ({ cells }) => cells.length === width) >= 0.95;
  return same && rows.length >= 5 && others.some(({ repeats }) => repeats);
}

function howTold(indicators: readonly IndicatorColumn[], columns: readonly Column[], named: boolean): string {
  const which = indicators.slice(0, 8).map(({ index, typedBy }) => {
    const name = named ? (columns[index]?.name ?? '') : '';
    const types = typedBy === undefined ? '' : ` with their types in ${columnName(typedBy, columns, named)}`;
    return `${name === '' ? index + 1 : `${index + 1}, "${printable(name, 40)}"`}${types}`;
  });
  const more = indicators.length > 8 ? ' and more' : '';
  const by = named ? 'by its header row' : 'by what stands in it';
  return `a table, its indicators in column${indicators.length > 1 ? 's' : ''} ${which.join('; ')}${more}, ${by}`;
}

function columnName(index: number, columns: readonly Column[], named: boolean): string {
  const name = named ? (columns[index]?.name ?? '') : '';
  return name === '' ? `column ${index + 1}` : `"${printable(name, 40)}"`;
}

export function share<T>(items: readonly T[], holds: (item: T) => boolean): number {
  return items.length === 0 ? 0 : items.filter(holds).length / items.length;
}
