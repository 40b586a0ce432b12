import type { RawIndicator } from '../../../core/contract/raw-indicator.ts';
import { TiplineError } from '../../../core/process/errors.ts';
import { PAGE_RECORDS } from '../../pages.ts';
import type { Tally } from '../../tally.ts';
import { beginningOf } from '../beginning.ts';
import { createRowSplitter } from '../delimited-rows.ts';
import { createLineSplitter, MOST_LINE_BYTES } from '../lines.ts';
import { layoutOf } from './layout.ts';
import { openTable, type TableOptions } from './row.ts';

/** So much of a table is looked at to tell its columns. */
const HEAD_BYTES = 64 * 1024;

/**
 * A table that says itself what stands where, by its header row and by what is in its columns: every column of indicators is read, with the types
 * that another one tells, dates, names of malware and descriptions. What was not read is told by column and type. Throws FEED_COLUMNS
 * when no column of the first 64 KB holds indicators.
 */
export async function* tableRecords(
  bytes: AsyncIterable<Buffer>,
  options: TableOptions,
  tally: Tally,
): AsyncGenerator<RawIndicator[]> {
  const { head, whole, bytes: all, close } = await beginningOf(bytes, HEAD_BYTES);
  const sample = head.subarray(0, HEAD_BYTES).toString('utf8').split(/\r?\n/);
  if (!(whole && head.length <= HEAD_BYTES) && sample.length > 1) sample.pop();
  const layout = layoutOf(sample);
  if (layout === undefined) {
    await close();
    throw new TiplineError(
      'FEED_COLUMNS',
      'no column of the table holds indicators; a feed of format csv or tsv with "columns" says which does',
      { retryable: false },
    );
  }
  const table = openTable(layout, options, tally);
  let batch: RawIndicator[] = [];
  const row = (cells: readonly string[], number: number): void => {
    if (number > layout.headerLine) for (const record of table.read(cells, number)) batch.push(record);
  };
  const rows = createRowSplitter(
    { delimiter: layout.delimiter, quotes: true, comments: layout.comments },
    {
      row,
      broken(reason, number, whole) {
        // without quotes a cell ends where its delimiter is, and so all but the last one are whole
        const clear = whole?.some((cell) => cell.includes('"')) === false;
        const before = batch.length;
        if (clear) row(whole, number);
        if (!clear || batch.length > before) tally.skip(number, reason, 'malformed');
      },
    },
  );
  const lines = createLineSplitter({ maxLine: MOST_LINE_BYTES });
  function* taken(): Generator<RawIndicator[]> {
    for (let at = 0; at < batch.length; at += PAGE_RECORDS) yield batch.slice(at, at + PAGE_RECORDS);
    batch = [];
  }
  try {
    for await (const chunk of all) {
      lines.push(chunk, (line, number) => rows.line(line.toString('utf8'), number));
      yield* taken();
    }
  } catch (error) {
    // what stands before the place where it broke counts
    yield* taken();
    throw error;
  }
  rows.last(lines.rest().toString('utf8').replace(/\r$/, ''), lines.count + 1);
  tally.tooLong(lines.tooLong);
  yield* taken();
  table.finish();
}
