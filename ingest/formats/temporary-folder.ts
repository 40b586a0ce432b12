import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { TiplineError } from '../../core/process/errors.ts';

/** A folder for one temporary file. */
export interface TemporaryFolder {
  readonly path: string;
  remove(): void;
  /** The same where the platform lets an open file lose its name; else it is for the end. */
  removeIfPossible(): void;
}

export function makeTemporaryFolder(within: string): TemporaryFolder {
  let path: string;
  try {
    path = mkdtempSync(join(within, 'tipline-'));
  } catch (cause) {
    throw new TiplineError(
      'SPILL_NO_FOLDER',
      `cannot make a temporary folder in ${within}: free some space there, or let TMPDIR name a folder that can be written`,
      { cause, retryable: true },
    );
  }
  const remove = (): void => rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  return {
    path,
    remove,
    removeIfPossible() {
      try {
        remove();
      } catch {
        // kept until it is closed
      }
    },
  };
}
