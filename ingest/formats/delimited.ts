import type { RawIndicator } from '../../core/contract/raw-indicator.ts';
import { TiplineError } from '../../core/process/errors.ts';
import { printable } from '../printable.ts';
import type { Tally } from '../tally.ts';
import { isComment, withoutTrailingComment } from './comments.ts';
import { splitCsv } from './csv-row.ts';
import { createLineSplitter, MOST_LINE_BYTES } from './lines.ts';
import type { Cells, ListColumn, ReadRow } from './record.ts';

/** One cell by its number (from 1) or by the name that the header row gives it. */
export type ColumnName = number | string;

export interface DelimitedOptions {
  /** Undefined: a line is one cell. */
  delimiter: string | undefined;
  /** Cells may stand in double quotes, with delimiters and line ends inside (RFC 4180). */
  quotes: boolean;
  /** The first row that is no comment names the columns. */
  header: boolean;
  comments: readonly string[];
  columns: Readonly<Partial<Record<ListColumn, ColumnName>>>;
  /** Makes the reader of a row once the columns are known. */
  reader(cells: Cells<readonly string[]>): ReadRow<readonly string[]>;
}

/** A quoted cell that is still open after so many lines was a stray quote. */
const MOST_ROW_LINES = 50;

/**
 * Reads a list of lines or a table, a batch of records for each chunk of bytes. A row with a stray quote costs itself alone: it is
 * counted, and reading goes on with the line behind it.
 */
export async function* delimitedRecords(
  bytes: AsyncIterable<Buffer>,
  options: DelimitedOptions,
  tally: Tally,
): AsyncGenerator<RawIndicator[]> {
  const { delimiter, quotes, comments } = options;
  const lines = createLineSplitter({ maxLine: MOST_LINE_BYTES });
  let read = options.header ? undefined : options.reader(cellsOf(options.columns, undefined));
  /** Lines of a row whose quoted cell is still open. */
  let open: { text: string; number: number }[] = [];
  let openBytes = 0;
  let batch: RawIndicator[] = [];
  /** Cells of each row so far; NaN when they differ. */
  let width: number | undefined;

  function takeCells(cells: readonly string[], number: number): void {
    width ??= cells.length;
    if (width !== cells.length) width = Number.NaN;
    if (read === undefined) {
      read = options.reader(cellsOf(options.columns, cells));
      return;
    }
    const record = read(cells);
    if (record === undefined) tally.skip(number, `no indicator in column ${options.columns.indicator}`, 'no_indicator');
    else batch.push(record);
  }

  function takeLine(text: string, number: number): void {
    if (open.length === 0) {
      if (text.trim() === '' || isComment(text.trimStart(), comments)) return;
      if (delimiter === undefined) {
        takeCells([withoutTrailingComment(text, comments)], number);
        return;
      }
      if (!quotes || !text.includes('"')) {
        takeCells(text.split(delimiter), number);
        return;
      }
    }
    open.push({ text, number });
    openBytes += text.length;
    const row = splitCsv(open.map((line) => line.text).join('\n'), delimiter ?? ',');
    const first = open[0] ?? { text, number };
    if (row !== undefined && (row.clean || open.length === 1)) {
      open = [];
      openBytes = 0;
      takeCells(row.cells, first.number);
    } else if (row !== undefined || open.length >= MOST_ROW_LINES || openBytes > MOST_LINE_BYTES) {
      giveUpRow();
    }
  }

  /** A last line without its end, shorter than all other rows: half a cell would become a record that nobody told of. */
  function isCutOff(text: string): boolean {
    if (delimiter === undefined || width === undefined || text.trim() === '') return false;
    return !isComment(text.trimStart(), comments) && text.split(delimiter).length < width;
  }

  function giveUpRow(): void {
    const [first, ...behind] = open;
    open = [];
    openBytes = 0;
    if (first !== undefined) tally.skip(first.number, 'a quote that is never closed', 'malformed');
    for (const line of behind) takeLine(line.text, line.number);
  }

  for await (const chunk of bytes) {
    lines.push(chunk, (line, number) => takeLine(line.toString('utf8'), number));
    if (batch.length > 0) {
      yield batch;
      batch = [];
    }
  }
  const last = lines.rest().toString('utf8').replace(/\r$/, '');
  if (open.length === 0 && isCutOff(last))
    tally.skip(lines.count + 1, 'the row breaks off, as the list does', 'malformed');
  else if (last.length > 0) takeLine(last, lines.count + 1);
  while (open.length > 0) giveUpRow();
  tally.tooLong(lines.tooLong);
  if (batch.length > 0) yield batch;
}

/** Turns column numbers and names into indexes. Throws FEED_COLUMNS when the header row lacks a name. */
function cellsOf(
  columns: DelimitedOptions['columns'],
  header: readonly string[] | undefined,
): Cells<readonly string[]> {
  const names = header?.map((name) => name.trim().toLowerCase());
  const cells: Cells<readonly string[]> = {};
  for (const [field, column] of Object.entries(columns) as [ListColumn, ColumnName][]) {
    const index = typeof column === 'number' ? column - 1 : (names?.indexOf(column.trim().toLowerCase()) ?? -1);
    if (index === -1) {
      const known = (header ?? []).slice(0, 30).map((name) => printable(name, 40));
      throw new TiplineError(
        'FEED_COLUMNS',
        `the list has no column "${column}" for ${field}; its header row has: ${known.join(', ')}`,
        { retryable: false },
      );
    }
    cells[field] = (row) => row[index];
  }
  return cells;
}
