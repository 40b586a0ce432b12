import type { RawIndicator } from '../../core/contract/raw-indicator.ts';
import { PAGE_RECORDS } from '../pages.ts';
import type { Tally } from '../tally.ts';
import { createLineSplitter, MOST_LINE_BYTES } from './lines.ts';

/** Reads one line and hands over what it says: none, one, or several records. `number` counts from 1. */
export type ReadLine = (line: string, number: number, add: (record: RawIndicator) => void) => void;

/** The loop of every format in which a line stands for itself: lines in, batches of records out, whatever the chunks. */
export async function* lineRecords(
  bytes: AsyncIterable<Buffer>,
  read: ReadLine,
  tally: Tally,
): AsyncGenerator<RawIndicator[]> {
  const lines = createLineSplitter({ maxLine: MOST_LINE_BYTES });
  let batch: RawIndicator[] = [];
  const add = (record: RawIndicator): void => {
    batch.push(record);
  };
  const take = (line: Buffer, number: number): void => read(line.toString('utf8'), number, add);

  function* taken(): Generator<RawIndicator[]> {
    for (let at = 0; at < batch.length; at += PAGE_RECORDS) yield batch.slice(at, at + PAGE_RECORDS);
    batch = [];
  }

  try {
    for await (const chunk of bytes) {
      lines.push(chunk, take);
      yield* taken();
    }
    const last = lines.rest();
    if (last.length > 0) read(last.toString('utf8').replace(/\r$/, ''), lines.count + 1, add);
  } catch (error) {
    // what stands before the place where it broke counts
    yield* taken();
    throw error;
  }
  tally.tooLong(lines.tooLong);
  yield* taken();
}
