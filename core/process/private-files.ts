import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { codeOf, TiplineError } from './errors.ts';

/** What tipline keeps on disk (mails, indicators of closed sources, the ledger) is for the user alone that it runs as. */
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
const OTHERS = 0o077;
const OTHERS_MAY_WRITE = 0o022;
/** Windows has no such modes. */
const HAS_MODES = process.platform !== 'win32';

/**
 * Makes the folder, or closes one that is there to all others. Refuses one that others may write to (DATA_FOLDER_OPEN): a link or a database
 * may stand in it already that somebody else has made.
 */
export function privateFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: FOLDER_MODE });
  refuseOpenFolder(path);
  if (HAS_MODES) narrow(path, FOLDER_MODE);
}

function refuseOpenFolder(path: string): void {
  if (!HAS_MODES || (statSync(path).mode & OTHERS_MAY_WRITE) === 0) return;
  throw new TiplineError(
    'DATA_FOLDER_OPEN',
    `others may write to the folder ${path}: give tipline a folder of its own (a new one below it will do), or look through it and close it with: chmod 700 ${path}`,
    { retryable: false },
  );
}

/** Throws when `privateFolder` would, or when nothing could be written there; makes nothing. */
export function tryFolder(path: string): void {
  if (existsSync(path)) refuseOpenFolder(path);
  let nearest = path;
  while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest);
  if (!statSync(nearest).isDirectory()) {
    throw new TiplineError('DATA_FOLDER', `${path} cannot be made: ${nearest} is no folder`, { retryable: false });
  }
  accessSync(nearest, constants.W_OK | constants.X_OK);
}

/** Makes an empty file before somebody makes it with other rights. One that is there is left alone: SQLite may have locks on it. */
export function privateFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', FILE_MODE));
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

/** Closes to others what an earlier version, or a copy from elsewhere, left open in a folder of ours. Follows no link. */
export function closeToOthers(folder: string): void {
  if (!HAS_MODES) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      narrow(path, FOLDER_MODE);
      closeToOthers(path);
    } else if (entry.isFile()) narrow(path, FILE_MODE);
  }
}

function narrow(path: string, mode: number): void {
  try {
    const { mode: before } = lstatSync(path);
    if ((before & OTHERS) !== 0) chmodSync(path, before & 0o777 & mode);
  } catch (cause) {
    // a temporary file that is just being moved
    if (codeOf(cause) === 'ENOENT') return;
    throw new TiplineError(
      'DATA_FOLDER_OPEN',
      `others may read ${path}, and this user cannot change that: make it the owner, with chown -R`,
      { cause, retryable: false },
    );
  }
}
