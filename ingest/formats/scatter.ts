import { randomInt } from 'node:crypto';
import { tmpdir } from 'node:os';
import { openTemporaryFile } from './temporary-file.ts';

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
/** Before the lines of a chunk: where the next chunk of its share begins, and how long this one is. */
const PLACE_BYTES = 8;
const HEAD_BYTES = PLACE_BYTES + 4;
const NO_HEAD = ' '.repeat(HEAD_BYTES);
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
  const file = openTemporaryFile(folder);
  const chunks = Buffer.allocUnsafe(SHARES * CHUNK_BYTES);
  const open = Array.from({ length: SHARES }, (_, number) => ({
    /** Lines that are not written yet, behind room for the head. */
    chunk: chunks.subarray(number * CHUNK_BYTES, (number + 1) * CHUNK_BYTES),
    bytes: HEAD_BYTES,
    /** Where its first and its last chunk begin. */
    first: -1,
    last: -1,
  }));
  type Share = (typeof open)[number];
  const place = Buffer.alloc(PLACE_BYTES);
  let reading = Buffer.allocUnsafe(CHUNK_BYTES);
  // whoever chooses the keys must not choose the share as well
  const seed = randomInt(2 ** 32);

  function shareOf(key: string): number {
    let hash = seed;
    for (let i = 0; i < key.length; i += 1) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
    return (hash ^ (hash >>> 13)) & (SHARES - 1);
  }

  function flush(share: Share): void {
    if (share.bytes > HEAD_BYTES) writeChunk(share, share.chunk.subarray(0, share.bytes));
    share.bytes = HEAD_BYTES;
  }

  /** The chunks of a share are chained in the file, so that memory does not grow with their number. */
  function writeChunk(share: Share, chunk: Buffer): void {
    const at = file.size;
    chunk.writeDoubleLE(0, 0);
    chunk.writeUInt32LE(chunk.length, PLACE_BYTES);
    file.append(chunk);
    if (share.last === -1) {
      share.first = at;
    } else {
      place.writeDoubleLE(at, 0);
      file.overwrite(place, share.last);
    }
    share.last = at;
  }

  function* linesOf({ first, last }: Share): Generator<string> {
    for (let at = first; ; ) {
      const { text, next } = readChunk(at);
      const lines = text.split('\n');
      // each line ends with a line feed
      lines.pop();
      yield* lines;
      if (at === last) return;
      at = next;
    }
  }

  function readChunk(at: number): { text: string; next: number } {
    file.read(reading.subarray(0, CHUNK_BYTES), at);
    const next = reading.readDoubleLE(0);
    const bytes = reading.readUInt32LE(PLACE_BYTES);
    if (bytes > CHUNK_BYTES) {
      if (bytes > reading.length) reading = Buffer.allocUnsafe(bytes);
      file.read(reading.subarray(0, bytes), at);
    }
    return { text: reading.toString('utf8', HEAD_BYTES, bytes), next };
  }

  return {
    add(key, line) {
      const share = open[shareOf(key)];
      if (share === undefined) return;
      const most = line.length * BYTES_PER_UNIT + 1;
      if (share.bytes + most > CHUNK_BYTES) flush(share);
      if (HEAD_BYTES + most > CHUNK_BYTES) {
        writeChunk(share, Buffer.from(`${NO_HEAD}${line}\n`));
        return;
      }
      share.bytes += share.chunk.write(line, share.bytes);
      share.chunk[share.bytes] = LF;
      share.bytes += 1;
    },
    *shares() {
      for (const share of open) {
        flush(share);
        if (share.last !== -1) yield { [Symbol.iterator]: () => linesOf(share) };
      }
    },
    close: file.close,
  };
}
