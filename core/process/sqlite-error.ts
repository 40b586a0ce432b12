import { TiplineError } from './errors.ts';

// https://sqlite.org/rescode.html; the low byte of an extended code is the primary one.
const BUSY = 5;
const LOCKED = 6;
const READ_ONLY = 8;
const IO = 10;
const CORRUPT = 11;
const FULL = 13;
const CANNOT_OPEN = 14;
const NOT_A_DATABASE = 26;

/** The disk may be full: SQLite says so, or that it could not write, or could not make the files beside the database. */
export function isForWantOfRoom(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false;
  if ('code' in cause && cause.code === 'ENOSPC') return true;
  return (
    'errcode' in cause && typeof cause.errcode === 'number' && [FULL, IO, CANNOT_OPEN].includes(cause.errcode & 0xff)
  );
}

/**
 * What a failed call on the SQLite file `path` means, as a TiplineError: busy and full pass by themselves; a code that is
 * not listed says nothing about what was written, so `retryable` is unset. Errors of other origin are returned as they are.
 */
export function databaseError(path: string, cause: unknown): unknown {
  if (!(cause instanceof Error)) return cause;
  if ('syscall' in cause && cause.syscall === 'mkdir') {
    return new TiplineError(
      'DATABASE_CANNOT_OPEN',
      `cannot create the folder of ${path}: check its path, owner and permissions`,
      { cause, retryable: false },
    );
  }
  if (!('errcode' in cause) || typeof cause.errcode !== 'number') return cause;
  switch (cause.errcode & 0xff) {
    case BUSY:
    case LOCKED:
      return new TiplineError('DATABASE_BUSY', `${path} is locked by another process`, { cause, retryable: true });
    case FULL:
      return new TiplineError('DATABASE_FULL', `no space left for ${path}: free some, or shorten retention`, {
        cause,
        retryable: true,
      });
    case READ_ONLY:
      return new TiplineError('DATABASE_READ_ONLY', `${path} cannot be written: check its owner and permissions`, {
        cause,
        retryable: false,
      });
    case CANNOT_OPEN:
      return new TiplineError('DATABASE_CANNOT_OPEN', `cannot open ${path}: check the folder's owner and permissions`, {
        cause,
        retryable: false,
      });
    case CORRUPT:
    case NOT_A_DATABASE:
      return new TiplineError(
        'DATABASE_DAMAGED',
        `${path} is damaged or no SQLite file: stop tipline, move the file away and restore a copy`,
        { cause, retryable: false },
      );
    default:
      return new TiplineError('DATABASE_FAILED', `${path} failed (SQLite code ${cause.errcode})`, { cause });
  }
}
