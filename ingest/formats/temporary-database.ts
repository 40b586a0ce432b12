import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { databaseError } from '../../core/process/sqlite-error.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

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
  const own = makeTemporaryFolder(folder);
  const path = join(own.path, 'spill.sqlite');
  const sqlite = connect(path, cacheBytes, schema, own.remove);
  own.removeIfPossible();
  return {
    sqlite,
    path,
    close() {
      if (!sqlite.isOpen) return;
      sqlite.close();
      own.remove();
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
