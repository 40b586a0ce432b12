import type { FileHandle } from 'node:fs/promises';
import type { FeedRecord } from '../feed.ts';
import { type Adoption, adoptLine } from '../foreign.ts';
import { createLineSplitter, isBlank, MOST_LINE_BYTES } from '../formats/lines.ts';
import { withoutBom } from '../formats/text.ts';
import type { Tally } from '../tally.ts';
import { isJsonObject } from './shape.ts';
import type { Tracked } from './tracked.ts';

const CHUNK_BYTES = 256 * 1024;

/** Some records of a file, and where reading it stands when they are on the bus. */
export interface FilePage {
  records: FeedRecord[];
  tracked: Tracked;
}

/**
 * Reads JSON lines from the offset to the present end. A last line without a line end waits for more of it, unless it is an object
 * already. What stands behind it later counts as a line of its own.
 */
export async function* readLines(
  handle: FileHandle,
  from: Tracked,
  adoption: Adoption,
  tally: Tally,
): AsyncGenerator<FilePage> {
  const splitter = createLineSplitter({ maxLine: MOST_LINE_BYTES, passing: from.passing, count: from.line });
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  let position = from.offset;
  let records: FeedRecord[] = [];
  let tooLong = 0;
  const take = (line: Buffer, number: number): void => {
    const content = number === 1 ? withoutBom(line) : line;
    if (!isBlank(content)) records.push(adoptLine(content, adoption));
  };

  for (;;) {
    const { bytesRead } = await handle.read(chunk, 0, CHUNK_BYTES, position);
    if (bytesRead > 0) {
      position += bytesRead;
      splitter.push(chunk.subarray(0, bytesRead), take);
    }
    let rest = splitter.rest();
    let line = splitter.count;
    const atEnd = bytesRead === 0;
    if (atEnd && isJsonObject(line === 0 ? withoutBom(rest) : rest)) {
      take(rest, line + 1);
      rest = Buffer.alloc(0);
      line += 1;
    }
    tally.tooLong(splitter.tooLong - tooLong);
    tooLong = splitter.tooLong;
    const offset = position - rest.length;
    if (offset > from.offset && (records.length > 0 || atEnd)) {
      yield { records, tracked: { ...from, offset, line, passing: splitter.passing } };
      records = [];
    }
    if (atEnd) return;
  }
}
