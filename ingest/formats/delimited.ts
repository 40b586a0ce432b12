import type { RawIndicator } from '../../core/contract/raw-indicator.ts';
import { inferType } from '../../core/indicator/infer.ts';
import { refang } from '../../core/indicator/refang.ts';
import { TiplineError } from '../../core/process/errors.ts';
import { printable } from '../printable.ts';
import type { Tally } from '../tally.ts';
import { createRowSplitter, type RowFormat } from './delimited-rows.ts';
import { createLineSplitter, MOST_LINE_BYTES } from './lines.ts';
import type { Cells, ListColumn, ReadRow } from './record.ts';

/** One cell by its number (from 1) or by the name that the header row gives it. */
export type ColumnName = number | string;

export interface DelimitedOptions extends RowFormat {
  /** The first row that is no comment names the columns. */
  header: boolean;
  columns: Readonly<Partial<Record<ListColumn, ColumnName>>>;
  /** Makes the reader of a row once the columns are known. */
  reader(cells: Cells<readonly string[]>): ReadRow<readonly string[]>;
}

/** Reads a list of lines or a table whose columns are named, a batch of records for each chunk of bytes. */
export async function* delimitedRecords(
  bytes: AsyncIterable<Buffer>,
  options: DelimitedOptions,
  tally: Tally,
): AsyncGenerator<RawIndicator[]> {
  const lines = createLineSplitter({ maxLine: MOST_LINE_BYTES });
  let read = options.header ? undefined : options.reader(cellsOf(options.columns, undefined));
  let batch: RawIndicator[] = [];
  const rows = createRowSplitter(options, {
    row(cells, number) {
      if (read === undefined) {
        read = options.reader(cellsOf(options.columns, cells));
        return;
      }
      for (const each of options.delimiter === undefined ? severalIn(cells) : [cells]) {
        const record = read(each);
        if (record === undefined)
          tally.skip(number, `no indicator in column ${options.columns.indicator}`, 'no_indicator');
        else batch.push(record);
      }
    },
    broken: (reason, number) => tally.skip(number, reason, 'malformed'),
  });

  for await (const chunk of bytes) {
    lines.push(chunk, (line, number) => rows.line(line.toString('utf8'), number));
    if (batch.length > 0) {
      yield batch;
      batch = [];
    }
  }
  rows.last(lines.rest().toString('utf8').replace(/\r$/, ''), lines.count + 1);
  tally.tooLong(lines.tooLong);
  if (batch.length > 0) yield batch;
}

/** A line of a list is one indicator, or several with white space or commas between if each of them is one by its looks. */
function severalIn(cells: readonly string[]): readonly (readonly string[])[] {
  const [line = ''] = cells;
  if (!/\S\s+\S/.test(line)) return [cells];
  const parts = line.trim().split(/[\s,;]+/);
  return parts.every((part) => inferType(refang(part)) !== undefined) ? parts.map((part) => [part]) : [cells];
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
