import { randomBytes } from 'node:crypto';
import { closeSync, fstatSync, fsyncSync, openSync, statfsSync, statSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { pause } from './backoff.ts';
import { codeOf } from './errors.ts';
import type { Health } from './health.ts';
import type { Log } from './log.ts';

/** Keeps a disk from being filled by what comes in, so that what takes things away can still be written. */
export interface DiskRoom {
  /** Resolves to true as soon as there is room, to false when the signal is aborted before. */
  untilRoom(signal: AbortSignal): Promise<boolean>;
  stop(): void;
}

export interface DiskRoomOptions {
  /** The data folder. */
  folder: string;
  /** With fewer bytes free nothing more is taken in. */
  lowWater: number;
  /** Bytes of a file that gives its room to urgent writes when others have filled the disk. */
  reserve: number;
  health: Health;
  log: Log;
}

const PART = 'disk';
const LOOK_EVERY_MS = 1000;
/** A look at each send would cost more than it tells. */
const LOOK_AGAIN_MS = 100;
const PIECE_BYTES = 4 * 1024 ** 2;
const BLOCK_BYTES = 64 * 1024;

export function keepDiskRoom({ folder, lowWater, reserve, health, log }: DiskRoomOptions): DiskRoom {
  let low = false;
  let lookedAt = Number.NEGATIVE_INFINITY;

  function look(): boolean {
    lookedAt = performance.now();
    const free = freeBytes(folder);
    // a little more to go on than to stop: what is free moves with every write
    const isLow = free < (low ? lowWater * 1.25 : lowWater);
    if (isLow) {
      const left = `${Math.floor(free / 1024 ** 2)} MB are free in ${folder}`;
      health.report(PART, 'down', `${left}: nothing is taken in until there is more; free some, or shorten retention`);
      if (!low) log.warn({ free, low_water: lowWater }, `${left}: feeds wait, and what is sent here is not read`);
    } else {
      if (low) log.info({ free }, 'there is room on the disk again');
      health.report(PART, 'up');
      holdReserve(folder, reserve, free - lowWater * 1.25);
    }
    low = isLow;
    return isLow;
  }

  look();
  const timer = setInterval(look, LOOK_EVERY_MS);
  return {
    async untilRoom(signal) {
      const known = performance.now() - lookedAt < LOOK_AGAIN_MS;
      if (!(known ? low : look())) return true;
      while (low && !signal.aborted) await pause(LOOK_AGAIN_MS * 2, signal);
      return !low;
    },
    stop: () => clearInterval(timer),
  };
}

/**
 * Gives a piece of the reserve in `folder` back to the disk; false when there is none left. For writes that take something away, or that an
 * operator waits for: after SQLITE_FULL they are tried again at once.
 */
export function spendReserve(folder: string): boolean {
  const path = reservePath(folder);
  try {
    const { size } = statSync(path);
    if (size === 0) return false;
    truncateSync(path, Math.max(0, size - PIECE_BYTES));
    return true;
  } catch {
    return false;
  }
}

/** Fills the reserve up as far as `spare` bytes go. */
function holdReserve(folder: string, wanted: number, spare: number): void {
  let file: number | undefined;
  try {
    file = openSync(reservePath(folder), 'a', 0o600);
    const missing = Math.min(wanted - fstatSync(file).size, spare);
    if (missing < BLOCK_BYTES) return;
    // random: file systems keep no room for holes, and little for what packs well
    const block = randomBytes(BLOCK_BYTES);
    for (let written = 0; written + BLOCK_BYTES <= missing; written += BLOCK_BYTES) writeSync(file, block);
    fsyncSync(file);
  } catch (error) {
    // somebody else was quicker: what could be had is held
    if (!/^(ENOSPC|EDQUOT)$/.test(codeOf(error))) throw error;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function reservePath(folder: string): string {
  return join(folder, 'reserve');
}

/** Bytes that this user may still write. */
function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
