import { tmpdir } from 'node:os';
import type { StatementSync } from 'node:sqlite';
import { databaseError } from '../../core/process/sqlite-error.ts';
import { openTemporary } from './temporary-database.ts';

/**
 * Values by key that may be more than memory should hold: in a Map up to a cap, then in a temporary SQLite file that
 * nobody else sees and that is gone with the process. Behaves like a Map of texts, with two limits:
 * - texts are Unicode: a lone surrogate is kept as U+FFFD (JSON.stringify writes none);
 * - while `entries` runs, keys may be deleted but none set.
 *
 * Calls are synchronous. They throw a TiplineError when the file cannot be written (`DATABASE_FULL`, `DATABASE_CANNOT_OPEN`, …).
 */
export interface Spill {
  set(key: string, value: string): void;
  /** Sets what is not there yet; false when it is. Cheaper than `has` and `set`. */
  add(key: string, value: string): boolean;
  get(key: string): string | undefined;
  has(key: string): boolean;
  delete(key: string): void;
  /** In order of first insertion. */
  entries(): IterableIterator<[string, string]>;
  readonly size: number;
  /** Forgets everything and deletes the file; nothing may be asked afterwards. May be called twice. */
  close(): void;
}

interface Shelf extends Spill {
  /** About what it takes in memory. */
  readonly bytes: number;
}

const MEMORY_BYTES = 16 * 1024 ** 2;

/** `maxMemory` in bytes (default 16 MiB) bounds the Map, and afterwards the pages of the file that stay in memory; `folder`: os.tmpdir(). */
export function createSpill(options: { maxMemory?: number; folder?: string } = {}): Spill {
  const most = options.maxMemory ?? MEMORY_BYTES;
  let shelf: Shelf = memoryShelf();
  let spilled = false;

  function spill(): void {
    const file = fileShelf(options.folder ?? tmpdir(), most);
    try {
      for (const [key, value] of shelf.entries()) file.set(key, value);
    } catch (error) {
      file.close();
      throw error;
    }
    shelf = file;
    spilled = true;
  }

  return {
    set(key, value) {
      shelf.set(key.toWellFormed(), value.toWellFormed());
      if (!spilled && shelf.bytes > most) spill();
    },
    add(key, value) {
      const added = shelf.add(key.toWellFormed(), value.toWellFormed());
      if (!spilled && shelf.bytes > most) spill();
      return added;
    },
    get: (key) => shelf.get(key.toWellFormed()),
    has: (key) => shelf.has(key.toWellFormed()),
    delete: (key) => shelf.delete(key.toWellFormed()),
    entries: () => shelf.entries(),
    get size() {
      return shelf.size;
    },
    close: () => shelf.close(),
  };
}

/** A Map entry with two string headers. */
const ENTRY_BYTES = 100;

function memoryShelf(): Shelf {
  const map = new Map<string, string>();
  let bytes = 0;

  function forget(key: string): void {
    const value = map.get(key);
    if (value !== undefined) bytes -= costOf(key, value);
  }

  return {
    set(key, value) {
      forget(key);
      map.set(key, value);
      bytes += costOf(key, value);
    },
    add(key, value) {
      if (map.has(key)) return false;
      map.set(key, value);
      bytes += costOf(key, value);
      return true;
    },
    get: (key) => map.get(key),
    has: (key) => map.has(key),
    delete(key) {
      forget(key);
      map.delete(key);
    },
    entries: () => map.entries(),
    get size() {
      return map.size;
    },
    get bytes() {
      return bytes;
    },
    close() {
      map.clear();
    },
  };
}

/** V8 takes a byte for a Latin-1 character and two for others; which it is cannot be told cheaply, so this counts the dearer half of the way. */
function costOf(key: string, value: string): number {
  return ENTRY_BYTES + key.length + 1.5 * value.length;
}

function fileShelf(folder: string, cacheBytes: number): Shelf {
  const { sqlite, path, close } = openTemporary({
    folder,
    cacheBytes,
    schema: 'CREATE TABLE spill (number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, value TEXT NOT NULL) STRICT',
  });
  const statements = {
    set: sqlite.prepare(
      'INSERT INTO spill (number, key, value) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    ),
    add: sqlite.prepare('INSERT INTO spill (number, key, value) VALUES (?, ?, ?) ON CONFLICT (key) DO NOTHING'),
    get: sqlite.prepare('SELECT value FROM spill WHERE key = ?'),
    has: sqlite.prepare('SELECT 1 FROM spill WHERE key = ?'),
    delete: sqlite.prepare('DELETE FROM spill WHERE key = ?'),
    next: sqlite.prepare('SELECT number, key, value FROM spill WHERE number > ? ORDER BY number LIMIT 1'),
  };
  let next = 1;
  let size = 0;

  function run(statement: StatementSync, ...values: (string | number)[]): { changes: number; row: number } {
    try {
      const { changes, lastInsertRowid } = statement.run(...values);
      return { changes: Number(changes), row: Number(lastInsertRowid) };
    } catch (error) {
      throw databaseError(path, error);
    }
  }

  function row(statement: StatementSync, value: string | number): Record<string, unknown> | undefined {
    try {
      return statement.get(value);
    } catch (error) {
      throw databaseError(path, error);
    }
  }

  return {
    set(key, value) {
      // an update leaves the number of the last inserted row as it was
      if (run(statements.set, next, key, value).row !== next) return;
      next += 1;
      size += 1;
    },
    add(key, value) {
      if (run(statements.add, next, key, value).changes === 0) return false;
      next += 1;
      size += 1;
      return true;
    },
    get(key) {
      const found = row(statements.get, key);
      return found === undefined ? undefined : String(found.value);
    },
    has: (key) => row(statements.has, key) !== undefined,
    delete(key) {
      size -= run(statements.delete, key).changes;
    },
    *entries() {
      // a look a row rather than one open cursor, so that rows may be deleted meanwhile
      for (let found = row(statements.next, 0); found !== undefined; found = row(statements.next, Number(found.number)))
        yield [String(found.key), String(found.value)];
    },
    get size() {
      return size;
    },
    bytes: 0,
    close,
  };
}
