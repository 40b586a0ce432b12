import { createLog } from '../log.ts';
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

export function createHeld(): Held {
  const log = createLog<Statement>();
  return {
    add: log.add,
    all: log.values,
    get count() {
      return log.count;
    },
    close: log.close,
  };
}
