import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { codeOf, TiplineError } from './errors.ts';
import { privateFile, privateFolder } from './private-files.ts';
import { databaseError } from './sqlite-error.ts';

/** Gives the folder back. */
export type Release = () => void;

/** Long enough for a process that is just ending, short enough for an operator who started a second one. */
const PATIENCE_MS = 500;

/** A connection that nothing refers to is closed by the garbage collector, and its lock with it. */
const locks = new Set<DatabaseSync>();

/** The database file that bus and store share in embedded mode. */
export function databasePath(data: string): string {
  return join(data, 'tipline.db');
}

/** Where who only asks looks: nothing is made on disk for a question, so an empty database in memory stands in for one that is not there yet. */
export function databaseToAsk(data: string): string {
  const path = databasePath(data);
  return existsSync(path) ? path : ':memory:';
}

/**
 * Makes this process the one that runs workers on the folder `data`; creates the folder if need be. Throws
 * DATA_FOLDER_HELD when another process has it. Commands that only look, or write a little, do not need it.
 *
 * The lock is SQLite's own on the file `tipline.lock`: an open write transaction. The kernel ends it with the process, however
 * that dies, so there is never a stale lock to judge by its process id, which another container or a reused id would
 * make a lie. Under such a lock the file can still be read: it says who holds it. It must not be opened in any
 * other way by the holder, because POSIX drops all locks of a process on a file when it closes any handle of it.
 */
export function holdDataFolder(data: string): Release {
  const path = lockPath(data);
  let lock: DatabaseSync | undefined;
  try {
    privateFolder(data);
    privateFile(path);
    lock = new DatabaseSync(path, { timeout: PATIENCE_MS });
    lock.exec('CREATE TABLE IF NOT EXISTS holder (pid INTEGER, host TEXT, since TEXT) STRICT; BEGIN IMMEDIATE');
    lock.exec('DELETE FROM holder');
    lock.prepare('INSERT INTO holder VALUES (?, ?, ?)').run(process.pid, hostname(), new Date().toISOString());
    lock.exec('COMMIT; BEGIN IMMEDIATE');
  } catch (cause) {
    const error = databaseError(path, cause);
    const held = codeOf(error) === 'DATABASE_BUSY' && lock !== undefined ? heldBy(data, lock) : undefined;
    lock?.close();
    throw held ?? error;
  }
  const held = lock;
  locks.add(held);
  return () => {
    locks.delete(held);
    if (held.isOpen) held.close();
  };
}

/** Does a process run workers on the folder now? */
export function isDataFolderHeld(data: string): boolean {
  if (!existsSync(lockPath(data))) return false;
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(lockPath(data), { timeout: 0 });
    lock.exec('BEGIN IMMEDIATE; ROLLBACK');
    return false;
  } catch (error) {
    return codeOf(databaseError(data, error)) === 'DATABASE_BUSY';
  } finally {
    lock?.close();
  }
}

function lockPath(data: string): string {
  return join(data, 'tipline.lock');
}

function heldBy(data: string, lock: DatabaseSync): TiplineError {
  let holder = 'another process';
  try {
    const row = lock.prepare('SELECT pid, host, since FROM holder').get();
    if (row !== undefined) holder = `process ${row.pid} on ${row.host}, started ${row.since}`;
  } catch {
    // The holder is writing its name at this moment: the refusal stands without it.
  }
  return new TiplineError(
    'DATA_FOLDER_HELD',
    `data folder ${data} is in use by ${holder}: stop that one, or set another folder under "data"`,
    { retryable: false },
  );
}
