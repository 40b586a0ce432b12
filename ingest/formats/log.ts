import { tmpdir } from 'node:os';
import { openTemporaryFile, type TemporaryFile } from './temporary-file.ts';

/**
 * Values that are written one after the other and read in that order: a few in memory, more of them in a temporary file. Plain JSON. While
 * they are read none may be added.
 */
export interface Log<T> {
  add(value: T): void;
  values(): Generator<T>;
  readonly count: number;
  close(): void;
}

/** Bytes that are written, and read again, at once. */
const CHUNK_BYTES = 64 * 1024;
/** Of a chunk in the file, before its values. */
const HEAD_BYTES = 4;
const BYTES_PER_UNIT = 3;
const COMMA = 0x2c;

/**
 * A value is made into bytes at once, in one buffer that is used again: texts of a document are views that keep 64 KB each, and whatever lives
 * for a while is dear to collect. `folder`: os.tmpdir().
 */
export function createLog<T>(folder?: string): Log<T> {
  let file: TemporaryFile | undefined;
  /** A chunk that is not written yet: room for its head, then values with a comma behind each. */
  let chunk: Buffer = Buffer.alloc(0);
  let bytes = HEAD_BYTES;
  let count = 0;

  function flush(): void {
    file ??= openTemporaryFile(folder ?? tmpdir());
    chunk.writeUInt32LE(bytes, 0);
    file.append(chunk.subarray(0, bytes));
    bytes = HEAD_BYTES;
  }

  function* chunksIn(from: TemporaryFile): Generator<T[]> {
    const head = Buffer.alloc(HEAD_BYTES);
    let reading = Buffer.alloc(0);
    for (let at = 0; at < from.size; ) {
      from.read(head, at);
      const size = head.readUInt32LE(0);
      if (size > reading.length) reading = Buffer.allocUnsafe(size);
      from.read(reading.subarray(0, size), at);
      at += size;
      yield valuesIn(reading, size);
    }
  }

  return {
    add(value) {
      count += 1;
      const text = JSON.stringify(value);
      const most = text.length * BYTES_PER_UNIT + 1;
      if (bytes + most > chunk.length) {
        if (bytes > HEAD_BYTES && bytes + most > CHUNK_BYTES) flush();
        if (bytes + most > chunk.length) chunk = enlarged(chunk, bytes + most);
      }
      bytes += chunk.write(text, bytes);
      chunk[bytes] = COMMA;
      bytes += 1;
    },
    *values() {
      if (file !== undefined) for (const values of chunksIn(file)) yield* values;
      if (bytes > HEAD_BYTES) yield* valuesIn<T>(chunk, bytes);
    },
    get count() {
      return count;
    },
    close() {
      file?.close();
      chunk = Buffer.alloc(0);
      bytes = HEAD_BYTES;
    },
  };
}

/** Doubled while the chunk is small, so that the log of a small document is small too. */
function enlarged(chunk: Buffer, least: number): Buffer {
  const larger = Buffer.allocUnsafe(Math.max(least, Math.min(2 * chunk.length, CHUNK_BYTES)));
  chunk.copy(larger);
  return larger;
}

function valuesIn<T>(chunk: Buffer, bytes: number): T[] {
  return JSON.parse(`[${chunk.toString('utf8', HEAD_BYTES, bytes - 1)}]`) as T[];
}
