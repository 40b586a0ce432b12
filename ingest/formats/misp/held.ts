import { createSpill, type Spill } from '../spill.ts';
import type { Statement } from './event.ts';

/**
 * The statements of an event that is read from the inside, until its end: MISP writes an event's tags, and with them its TLP, behind its
 * attributes. A few are in memory, the rest in a temporary file.
 */
export interface Held {
  add(statement: Statement): void;
  /** In the order in which they were added. */
  all(): Generator<Statement>;
  readonly count: number;
  close(): void;
}

/** Statements that are written and read as one text: a row each would cost more than the statements. */
const CHUNK = 200;
/** They are read once and in order: more memory makes nothing faster. */
const MEMORY_BYTES = 2 * 1024 ** 2;

export function createHeld(): Held {
  let spill: Spill | undefined;
  let chunk: Statement[] = [];
  let count = 0;
  return {
    add(statement) {
      count += 1;
      chunk.push(statement);
      if (chunk.length < CHUNK) return;
      spill ??= createSpill({ maxMemory: MEMORY_BYTES });
      spill.set(String(spill.size), JSON.stringify(chunk));
      chunk = [];
    },
    *all() {
      for (const [, text] of spill?.entries() ?? []) yield* JSON.parse(text) as Statement[];
      yield* chunk;
    },
    get count() {
      return count;
    },
    close() {
      spill?.close();
      chunk = [];
    },
  };
}
