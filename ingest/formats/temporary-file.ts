import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, TiplineError } from '../../core/process/errors.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

/**
 * A file that nobody else sees and that is gone with the process: it loses its name while it is open, where the platform allows that. What is written
 * in one go and read again costs here a fraction of what it costs in a database.
 *
 * Calls are synchronous, and throw a TiplineError when it cannot be made, written or read.
 */
export interface TemporaryFile {
  /** Bytes written so far: where the next ones go. */
  readonly size: number;
  append(bytes: Uint8Array): void;
  /** Writes over what is there. */
  overwrite(bytes: Uint8Array, at: number): void;
  /** Fills `into` from `at` on, as far as the file goes; gives the number of bytes. */
  read(into: Uint8Array, at: number): number;
  /** May be called twice. */
  close(): void;
}

export function openTemporaryFile(within: string): TemporaryFile {
  const folder = makeTemporaryFolder(within);
  const file = attempt(within, () => {
    try {
      return openSync(join(folder.path, 'spill'), 'wx+', 0o600);
    } catch (error) {
      folder.remove();
      throw error;
    }
  });
  folder.removeIfPossible();
  let size = 0;
  let open = true;

  function write(bytes: Uint8Array, at: number): void {
    // a disk that is nearly full takes a part
    for (let done = 0; done < bytes.length; )
      done += attempt(within, () => writeSync(file, bytes, done, bytes.length - done, at + done));
  }

  return {
    get size() {
      return size;
    },
    append(bytes) {
      write(bytes, size);
      size += bytes.length;
    },
    overwrite: write,
    read(into, at) {
      let done = 0;
      while (done < into.length) {
        const more = attempt(within, () => readSync(file, into, done, into.length - done, at + done));
        if (more === 0) break;
        done += more;
      }
      return done;
    },
    close() {
      if (!open) return;
      open = false;
      closeSync(file);
      folder.remove();
    },
  };
}

function attempt<T>(folder: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    const full = codeOf(cause) === 'ENOSPC' || codeOf(cause) === 'EDQUOT';
    throw new TiplineError(
      full ? 'SPILL_FULL' : 'SPILL_FAILED',
      full
        ? `no space left for a temporary file in ${folder}: free some, or let TMPDIR name a folder with more`
        : `a temporary file in ${folder} cannot be used: see whether its disk is well, or let TMPDIR name another folder`,
      { cause, retryable: true },
    );
  }
}
