import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { spendReserve } from './disk-room.ts';
import { TiplineError } from './errors.ts';
import { privateFile, privateFolder } from './private-files.ts';
import { databaseError, isForWantOfRoom } from './sqlite-error.ts';

/**
 * One connection to a SQLite file that several connections and processes share. Every part of tipline that keeps
 * something in SQLite opens it here, so that durability is decided once.
 *
 * Every call is synchronous and so holds up the event loop: keep transactions to about a thousand rows.
 */
export interface Database {
  readonly path: string;
  /** Tables that did not exist before this connection was opened. */
  readonly created: readonly string[];
  prepare(sql: string): StatementSync;
  /**
   * Runs `body` in one transaction that takes the write lock first (a transaction that reads and then wants to write
   * fails at once when another process wrote in between). When it returns, the result is on disk: it survives a power cut.
   */
  write<T>(body: () => T): T;
  /** Runs `body` over one snapshot. */
  read<T>(body: () => T): T;
  /** Changes whenever another connection, of this process or another, has committed something. */
  dataVersion(): number;
  close(): void;
}

export interface DatabaseOptions {
  path: string;
  /** Whose tables these are: each area of a file has migrations of its own. */
  area: string;
  /** SQL that brings the area from version n to n + 1; only ever add to the end. */
  migrations: readonly string[];
  /** Memory for pages, in MiB. Default 8. */
  cacheMiB?: number;
  /** Its writes may take room from the reserve of the folder when the disk is full: they take something away, or an operator waits for them. */
  urgent?: boolean;
}

const IN_MEMORY = ':memory:';
/** How long a call waits for another process's transaction. */
const BUSY_TIMEOUT_MS = 10_000;

/** Opens the file, creates it and its folder if need be, and brings the tables of `area` up to date. */
export function openDatabase(options: DatabaseOptions): Database {
  const { path, area, migrations, cacheMiB = 8, urgent = false } = options;
  const pressed = <T>(body: () => T): T => (urgent ? withReserve(dirname(path), body) : body());
  const sqlite = translated(path, () => pressed(() => connect(path, cacheMiB)));
  try {
    const created = translated(path, () => pressed(() => migrate(sqlite, path, area, migrations)));
    const version = sqlite.prepare('PRAGMA data_version');
    return {
      path,
      created,
      prepare: (sql) => translated(path, () => sqlite.prepare(sql)),
      write: (body) => translated(path, () => pressed(() => transaction(sqlite, 'BEGIN IMMEDIATE', body))),
      read: (body) => translated(path, () => transaction(sqlite, 'BEGIN', body)),
      dataVersion: () => translated(path, () => Number(version.get()?.data_version)),
      close() {
        if (sqlite.isOpen) sqlite.close();
      },
    };
  } catch (error) {
    sqlite.close();
    throw error;
  }
}

/** Tries again with room from the reserve, as long as there is any. */
function withReserve<T>(folder: string, body: () => T): T {
  for (;;) {
    try {
      return body();
    } catch (error) {
      if (!isForWantOfRoom(error) || !spendReserve(folder)) throw error;
    }
  }
}

function connect(path: string, cacheMiB: number): DatabaseSync {
  if (path !== IN_MEMORY) {
    privateFolder(dirname(path));
    // the log and the index beside it get the same rights
    privateFile(path);
  }
  const sqlite = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: false });
  try {
    // 8 KiB pages hold seven documents of the usual size where 4 KiB hold three; it counts only while the file is new.
    // A page that changes with every batch is copied from the log to the file once in 32 MiB rather than once in 8.
    // FULL makes the log reach the disk with every commit: NORMAL may forget the last ones when the power goes.
    sqlite.exec(`
      PRAGMA page_size = 8192;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA wal_autocheckpoint = 4000;
      PRAGMA journal_size_limit = 67108864;
      PRAGMA temp_store = MEMORY;
      PRAGMA cache_size = -${Math.round(cacheMiB * 1024)};
    `);
    return sqlite;
  } catch (error) {
    sqlite.close();
    throw error;
  }
}

function transaction<T>(sqlite: DatabaseSync, begin: string, body: () => T): T {
  sqlite.exec(begin);
  try {
    const result = body();
    sqlite.exec('COMMIT');
    return result;
  } catch (error) {
    // A full disk has rolled back already.
    if (sqlite.isTransaction) sqlite.exec('ROLLBACK');
    throw error;
  }
}

function migrate(sqlite: DatabaseSync, path: string, area: string, migrations: readonly string[]): string[] {
  const known = migrations.length;
  // Looks before it writes: a short command must not wait for the write lock of a busy process only to find nothing to do.
  const version = versionOf(sqlite, area);
  if (version > known) throw tooNew(path, area, version, known);
  if (version === known) return [];
  return transaction(sqlite, 'BEGIN IMMEDIATE', () => {
    const before = tables(sqlite);
    sqlite.exec('CREATE TABLE IF NOT EXISTS schema_versions (area TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT');
    for (const sql of migrations.slice(versionOf(sqlite, area))) sqlite.exec(sql);
    sqlite
      .prepare('INSERT INTO schema_versions VALUES (?, ?) ON CONFLICT (area) DO UPDATE SET version = excluded.version')
      .run(area, known);
    return [...tables(sqlite)].filter((table) => !before.has(table) && table !== 'schema_versions');
  });
}

function versionOf(sqlite: DatabaseSync, area: string): number {
  if (!tables(sqlite).has('schema_versions')) return 0;
  return Number(sqlite.prepare('SELECT version FROM schema_versions WHERE area = ?').get(area)?.version ?? 0);
}

function tables(sqlite: DatabaseSync): Set<string> {
  const rows = sqlite.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").all();
  return new Set(rows.map((row) => String(row.name)));
}

function tooNew(path: string, area: string, version: number, known: number): TiplineError {
  return new TiplineError(
    'DATABASE_TOO_NEW',
    `${path} was written by a newer tipline (${area} version ${version}, this one knows ${known}): upgrade tipline, or use another data folder`,
    { retryable: false },
  );
}

function translated<T>(path: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw databaseError(path, error);
  }
}
