import { DatabaseSync } from 'node:sqlite';
import { codeOf, TiplineError } from '../../core/process/errors.ts';
import { privateFile } from '../../core/process/private-files.ts';
import { databaseError } from '../../core/process/sqlite-error.ts';

/** A connection that nothing refers to is closed by the garbage collector, and its lock with it. */
const locks = new Set<DatabaseSync>();

/**
 * Makes this process the one responder that acts on a ledger; returns how to let go. Two of one name would share the
 * group's partitions and undo each other's rules. The lock is SQLite's, so it ends with the process however that dies.
 */
export function holdLedger(path: string): () => void {
  const release = tryHold(path);
  if (release !== undefined) return release;
  throw new TiplineError(
    'LEDGER_HELD',
    `another responder works with ${path}: stop it, or give this one another responder.name`,
    { retryable: false },
  );
}

/** True while a responder works with this ledger, so that a request to unblock is acted on within about a second. */
export function isLedgerHeld(path: string): boolean {
  const release = tryHold(path);
  release?.();
  return release === undefined;
}

function tryHold(path: string): (() => void) | undefined {
  const lock = `${path}.lock`;
  let database: DatabaseSync | undefined;
  try {
    privateFile(lock);
    database = new DatabaseSync(lock, { timeout: 200 });
    database.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    database?.close();
    const error = databaseError(lock, cause);
    if (codeOf(error) === 'DATABASE_BUSY') return undefined;
    throw error;
  }
  const held = database;
  locks.add(held);
  return () => {
    locks.delete(held);
    if (held.isOpen) held.close();
  };
}
