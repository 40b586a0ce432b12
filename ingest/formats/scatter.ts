import { randomInt } from 'node:crypto';
import { tmpdir } from 'node:os';
import { databaseError } from '../../core/process/sqlite-error.ts';
import { openTemporary } from './temporary-database.ts';

/**
 * Lines by key that belong together and come in any order, more than memory should hold. They are scattered over shares by their keys;
 * afterwards each share is small enough to be put in order in memory. Where `Spill` looks up each key in a tree on disk, this writes and
 * reads in one go, which is several times as fast.
 *
 * Calls are synchronous, and throw a TiplineError when the temporary file cannot be written.
 */
export interface Scatter {
  /** `line` must not hold a line feed. */
  add(key: string, line: string): void;
  /** All lines of a key are in one share, in the order in which they were added. A share can be read several times, until the next is asked for. */
  shares(): Generator<Iterable<string>>;
  /** Forgets everything and deletes the file. May be called twice. */
  close(): void;
}

const MEMORY_BYTES = 4 * 1024 ** 2;
/** What a line costs beside its characters. */
const LINE_BYTES = 150;
/** A GB is cut into shares of 1 MB. */
const SHARES = 1024;
/** Lines of one share that are written together. Outside of V8's heap: what lies there for a while is dear to collect. */
const CHUNK_BYTES = 8 * 1024;
/** UTF-8 bytes that a UTF-16 unit takes at most. */
const BYTES_PER_UNIT = 3;
/** A row's number is its share's times this, and counts up: each share is one stretch of the file. */
const ROWS = 2 ** 40;
const CACHE_BYTES = 4 * 1024 ** 2;
const LF = 0x0a;

/** `maxMemory`: bytes that are held before there is a file, default 4 MiB; up to then there is one share. `folder`: os.tmpdir(). */
export function createScatter(options: { maxMemory?: number; folder?: string } = {}): Scatter {
  const most = options.maxMemory ?? MEMORY_BYTES;
  let lines: { key: string; line: string }[] = [];
  let bytes = 0;
  let file: Scatter | undefined;

  return {
    add(key, line) {
      if (file !== undefined) {
        file.add(key, line);
        return;
      }
      lines.push({ key, line });
      bytes += LINE_BYTES + key.length + line.length;
      if (bytes <= most) return;
      file = fileScatter(options.folder ?? tmpdir());
      for (const each of lines) file.add(each.key, each.line);
      lines = [];
    },
    *shares() {
      if (file !== undefined) yield* file.shares();
      else if (lines.length > 0) yield lines.map(({ line }) => line);
    },
    close() {
      lines = [];
      file?.close();
    },
  };
}

function fileScatter(folder: string): Scatter {
  const { sqlite, path, close } = openTemporary({
    folder,
    cacheBytes: CACHE_BYTES,
    schema: 'CREATE TABLE scattered (number INTEGER PRIMARY KEY, lines BLOB NOT NULL) STRICT',
  });
  const write = sqlite.prepare('INSERT INTO scattered (number, lines) VALUES (?, ?)');
  const read = sqlite.prepare('SELECT CAST(lines AS TEXT) AS lines FROM scattered WHERE number = ?');
  const chunks = Buffer.allocUnsafe(SHARES * CHUNK_BYTES);
  const open = Array.from({ length: SHARES }, (_, number) => ({
    number,
    /** Lines that are not written yet. */
    chunk: chunks.subarray(number * CHUNK_BYTES, (number + 1) * CHUNK_BYTES),
    bytes: 0,
    rows: 0,
  }));
  type Share = (typeof open)[number];
  // whoever chooses the keys must not choose the share as well
  const seed = randomInt(2 ** 32);

  function shareOf(key: string): number {
    let hash = seed;
    for (let i = 0; i < key.length; i += 1) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
    return (hash ^ (hash >>> 13)) & (SHARES - 1);
  }

  function flush(share: Share): void {
    if (share.bytes > 0) writeRow(share, share.chunk.subarray(0, share.bytes));
    share.bytes = 0;
  }

  function writeRow(share: Share, bytes: Uint8Array): void {
    try {
      write.run(share.number * ROWS + share.rows, bytes);
    } catch (error) {
      throw databaseError(path, error);
    }
    share.rows += 1;
  }

  function* linesOf({ number, rows }: Share): Generator<string> {
    for (let row = 0; row < rows; row += 1) {
      const lines = readRow(number * ROWS + row).split('\n');
      // each line ends with a line feed
      lines.pop();
      yield* lines;
    }
  }

  /** As text: bytes would lie outside of the heap, and V8 is slow to see that they can go. */
  function readRow(number: number): string {
    try {
      return String(read.get(number)?.lines ?? '');
    } catch (error) {
      throw databaseError(path, error);
    }
  }

  return {
    add(key, line) {
      const share = open[shareOf(key)];
      if (share === undefined) return;
      const most = line.length * BYTES_PER_UNIT + 1;
      if (share.bytes + most > CHUNK_BYTES) flush(share);
      if (most > CHUNK_BYTES) {
        writeRow(share, Buffer.from(`${line}\n`));
        return;
      }
      share.bytes += share.chunk.write(line, share.bytes);
      share.chunk[share.bytes] = LF;
      share.bytes += 1;
    },
    *shares() {
      for (const share of open) {
        flush(share);
        if (share.rows > 0) yield { [Symbol.iterator]: () => linesOf(share) };
      }
    },
    close,
  };
}
