import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { TiplineError } from '../../core/process/errors.ts';
import { databaseError } from '../../core/process/sqlite-error.ts';

/** A SQLite file that nobody else sees and that is gone with the process. */
export interface TemporaryDatabase {
  readonly sqlite: DatabaseSync;
  /** For messages: the file may have no name any more. */
  readonly path: string;
  /** May be called twice. */
  close(): void;
}

export interface TemporaryDatabaseOptions {
  folder: string;
  /** Memory for its pages. */
  cacheBytes: number;
  /** One statement that creates the table. */
  schema: string;
}

/**
 * The file loses its name while it is open, so that even a killed process leaves nothing behind; where the platform forbids that, it goes
 * when it is closed. Nothing has to survive, hence no journal, and one transaction that never ends.
 */
export function openTemporary({ folder, cacheBytes, schema }: TemporaryDatabaseOptions): TemporaryDatabase {
  const own = makeFolder(folder);
  const path = join(own, 'spill.sqlite');
  const remove = () => rmSync(own, { recursive: true, force: true, maxRetries: 3 });
  const sqlite = connect(path, cacheBytes, schema, remove);
  try {
    remove();
  } catch {
    // kept until it is closed
  }
  return {
    sqlite,
    path,
    close() {
      if (!sqlite.isOpen) return;
      sqlite.close();
      remove();
    },
  };
}

function connect(path: string, cacheBytes: number, schema: string, remove: () => void): DatabaseSync {
  let sqlite: DatabaseSync | undefined;
  try {
    sqlite = new DatabaseSync(path);
    sqlite.exec(`
      PRAGMA page_size = 8192;
      PRAGMA journal_mode = OFF;
      PRAGMA synchronous = OFF;
      PRAGMA locking_mode = EXCLUSIVE;
      PRAGMA temp_store = MEMORY;
      PRAGMA cache_size = -${Math.max(64, Math.ceil(cacheBytes / 1024))};
      ${schema};
      BEGIN IMMEDIATE;
    `);
    return sqlite;
  } catch (error) {
    sqlite?.close();
    remove();
    throw databaseError(path, error);
  }
}

function makeFolder(folder: string): string {
  try {
    return mkdtempSync(join(folder, 'tipline-'));
  } catch (cause) {
    throw new TiplineError(
      'SPILL_NO_FOLDER',
      `cannot make a temporary folder in ${folder}: free some space there, or let TMPDIR name a folder that can be written`,
      { cause, retryable: true },
    );
  }
}
