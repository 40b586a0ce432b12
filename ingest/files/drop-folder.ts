import { constants } from 'node:fs';
import { type FileHandle, link, lstat, mkdir, open, opendir, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, messageOf, TiplineError } from '../../core/process/errors.ts';
import { printable } from '../printable.ts';
import { type Look, sameLook } from './tracked.ts';

/** A regular file in the folder, as it was when it was looked at. */
export interface DroppedFile {
  readonly name: string;
  readonly look: Look;
}

export interface Harvest {
  /** Not written to any more, those that were written to longest ago first. */
  readonly ripe: readonly DroppedFile[];
  /** How many may still be written to. */
  readonly unripe: number;
  /** What is never looked into, and why, each told once. */
  readonly passed: readonly { readonly name: string; readonly reason: string }[];
}

export type Verdict = { readonly kind: 'done' } | { readonly kind: 'failed'; readonly reason: string };

/** A folder into which others put files, and out of which each goes to `done` or `failed` once it was dealt with. */
export interface DropFolder {
  /** Looks at what is there; `now` may be of any clock. Rejects with FEED_FOLDER when that cannot be. */
  look(now: number): Promise<Harvest>;
  /** Opens a file for reading; undefined when another one stands there now. */
  open(file: DroppedFile): Promise<FileHandle | undefined>;
  /**
   * Moves a file that was read as it was looked at. False when it has changed since: then it stays, and will be ripe again. Nothing is
   * overwritten there, and a file that took the name in the meantime is not moved.
   */
  settle(file: DroppedFile, verdict: Verdict): Promise<boolean>;
}

const MOST_FILES = 10_000;
/** What is being written has such a name: rsync and editors begin it with a dot, browsers and copy programs end it so. */
const UNFINISHED = /^\.|~$|\.(?:part|partial|filepart|tmp|temp|crdownload|download|swp|lock)$/i;
const MOST_NUMBER = 100_000;

/** `settleAfter`: milliseconds without a change after which a file counts as written. */
export function openDropFolder(path: string, settleAfter: number): DropFolder {
  const done = join(path, 'done');
  const failed = join(path, 'failed');
  /** Since when each file looks as it does. */
  let seen = new Map<string, { look: Look; since: number }>();
  const told = new Set<string>();

  async function look(now: number): Promise<Harvest> {
    await Promise.all([ensureFolder(done), ensureFolder(failed)]);
    const names: string[] = [];
    const passed: { name: string; reason: string }[] = [];
    const pass = (name: string, reason: string): void => {
      if (told.has(name) || told.size === MOST_FILES) return;
      told.add(name);
      passed.push({ name, reason });
    };
    for await (const entry of await opendir(path)) {
      if (UNFINISHED.test(entry.name)) continue;
      if (entry.isSymbolicLink()) pass(entry.name, 'it is a link, which is not followed');
      else if (entry.name.includes('\ufffd')) pass(entry.name, 'its name is no UTF-8');
      else if (entry.isFile()) names.push(entry.name);
      if (names.length === MOST_FILES) break;
    }
    const ripe: DroppedFile[] = [];
    const still = new Map<string, { look: Look; since: number }>();
    for (const name of names.sort()) {
      const current = await lookAtFile(join(path, name));
      if (current === undefined) continue;
      const before = seen.get(name);
      const since = before !== undefined && sameLook(before.look, current) ? before.since : now;
      still.set(name, { look: current, since });
      // what was renamed into the folder has been quiet for longer than it has been here, by the machine's own time
      if (now - since >= settleAfter || Date.now() - current.mtimeMs >= settleAfter) ripe.push({ name, look: current });
    }
    seen = still;
    // of the same moment by their names
    ripe.sort((a, b) => a.look.mtimeMs - b.look.mtimeMs);
    return { ripe, unripe: still.size - ripe.length, passed };
  }

  async function settle(file: DroppedFile, verdict: Verdict): Promise<boolean> {
    const source = join(path, file.name);
    const before = await lookAtFile(source);
    if (!sameLook(before, file.look)) return false;
    const folder = verdict.kind === 'done' ? done : failed;
    const target = await freeName(folder, file.name);
    if (verdict.kind === 'failed') await writeFile(`${target}.reason`, `${verdict.reason}\n`);
    try {
      await rename(source, target);
    } catch (error) {
      // unless another process was faster, and what stands there is the file itself
      if ((await lookAtFile(target))?.size === 0) await unlink(target);
      if (verdict.kind === 'failed') await unlink(`${target}.reason`);
      if (codeOf(error) === 'ENOENT') return false;
      throw error;
    }
    const moved = await lookAtFile(target);
    if (sameLook(moved, file.look)) return true;
    // in the last moment another file took its name, or somebody wrote to it: it goes back
    if (verdict.kind === 'failed') await unlink(`${target}.reason`);
    await putBack(target, path, file.name);
    return false;
  }

  return {
    look: (now) => look(now).catch((error: unknown) => Promise.reject(asFolderError(error, path))),
    async open(file) {
      // no link, whatever has taken the name since, and no waiting for a pipe
      const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
      let handle: FileHandle;
      try {
        handle = await open(join(path, file.name), flags);
      } catch (error) {
        if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ELOOP') return undefined;
        throw error;
      }
      const info = await handle.stat();
      if (info.isFile() && sameLook({ ino: info.ino, size: info.size, mtimeMs: info.mtimeMs }, file.look))
        return handle;
      await handle.close();
      return undefined;
    },
    settle,
  };
}

async function lookAtFile(path: string): Promise<Look | undefined> {
  try {
    const info = await lstat(path);
    return info.isFile() ? { ino: info.ino, size: info.size, mtimeMs: info.mtimeMs } : undefined;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** A link here would lead files out of the folder. */
async function ensureFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    if (!(await lstat(path)).isDirectory()) {
      throw new TiplineError('FEED_FOLDER', `${path} must be a folder, and no link to one`, { retryable: true });
    }
  }
}

/** Takes a name that is free there, with a number if need be, by making an empty file of it. */
async function freeName(folder: string, name: string): Promise<string> {
  const dot = name.lastIndexOf('.');
  const [stem, ending] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ''];
  for (let number = 0; number < MOST_NUMBER; number += 1) {
    const path = join(folder, number === 0 ? name : `${stem}.${number}${ending}`);
    try {
      const handle = await open(path, 'wx');
      await handle.close();
      return path;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
      if (await isReserved(path)) return path;
    }
  }
  throw new TiplineError('FEED_FOLDER', `${folder} holds too many files named ${printable(name, 100)}; clear it`, {
    retryable: true,
  });
}

/** The empty file of a process that was killed before it moved its own there. One that was put there for being empty has its reason beside it. */
async function isReserved(path: string): Promise<boolean> {
  return (await lookAtFile(path))?.size === 0 && (await lookAtFile(`${path}.reason`)) === undefined;
}

/** Under its own name, or with a number when that is taken again. */
async function putBack(target: string, folder: string, name: string): Promise<void> {
  for (let number = 0; number < MOST_NUMBER; number += 1) {
    try {
      await link(target, join(folder, number === 0 ? name : `${number}.${name}`));
      await unlink(target);
      return;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
  }
}

function asFolderError(error: unknown, path: string): TiplineError {
  if (error instanceof TiplineError) return error;
  return new TiplineError('FEED_FOLDER', `cannot look into ${path}: ${messageOf(error)}`, {
    cause: error,
    retryable: true,
  });
}
