import { createSpill } from '../spill.ts';

/** Values that are written one after the other and read in that order; in memory up to a cap, then in a file. */
export interface Log<T> {
  /** `length`: about how many characters it takes as JSON. */
  add(value: T, length: number): void;
  values(): Generator<T>;
  close(): void;
}

/** Many small values are one entry of the store: that costs a fraction of an entry each. */
const CHUNK_VALUES = 256;
const CHUNK_LENGTH = 256 * 1024;

export function createLog<T>(maxMemory: number, folder: string | undefined): Log<T> {
  const chunks = createSpill({ maxMemory, ...(folder === undefined ? {} : { folder }) });
  let last: T[] = [];
  let length = 0;

  return {
    add(value, characters) {
      last.push(value);
      length += characters;
      if (last.length < CHUNK_VALUES && length < CHUNK_LENGTH) return;
      chunks.set(String(chunks.size), JSON.stringify(last));
      last = [];
      length = 0;
    },
    *values() {
      for (const [, text] of chunks.entries()) yield* JSON.parse(text) as T[];
      yield* last;
    },
    close() {
      last = [];
      chunks.close();
    },
  };
}
