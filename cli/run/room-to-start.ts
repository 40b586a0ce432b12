import { existsSync, statfsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { TiplineError } from '../../core/process/errors.ts';
import { throughOutages } from './through-outages.ts';

/** What the databases and the files beside them need to be opened, and some to begin with. */
const LEAST_BYTES = 1024 ** 2;

export interface RoomOptions {
  signal: AbortSignal;
  /** Epoch ms; until then it is waited for. */
  deadline: number;
  onAway(error: TiplineError): void;
}

/**
 * Waits until there is room in the folder. A full disk is waited for while tipline runs; at its start SQLite names it in many ways, of which most
 * look like a wrong path or a broken disk, so the file system is asked.
 */
export async function roomToStart(folder: string, options: RoomOptions): Promise<void> {
  await throughOutages(async () => {
    if (freeBytes(folder) >= LEAST_BYTES) return;
    throw new TiplineError('DISK_FULL', `no space left for ${folder}: free some, and it goes on`, { retryable: true });
  }, options);
}

function freeBytes(folder: string): number {
  let there = resolve(folder);
  while (!existsSync(there) && dirname(there) !== there) there = dirname(there);
  try {
    const { bavail, bsize } = statfsSync(there);
    return bavail * bsize;
  } catch {
    // a folder that cannot be asked about is told of when it is opened
    return Number.POSITIVE_INFINITY;
  }
}
