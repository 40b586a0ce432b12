import { type FileHandle, open } from 'node:fs/promises';
import type { Tracked } from './tracked.ts';

/** A file that lost its name, by rotation or deletion, and may still be written to by whoever has it open. */
export interface Retired {
  handle: FileHandle;
  tracked: Tracked;
  /** Epoch ms of the last growth. */
  grewAt: number;
}

/** Rotation closes nothing: a writer goes on for a while before it opens the new file. */
const QUIET_MS = 30_000;
const MOST_HELD = 64;

/**
 * Keeps the files that are being followed open, so that what was appended between the last look and a rotation is still read. By inode,
 * because names change; the longest unused are closed.
 */
export class HeldFiles {
  readonly #handles = new Map<number, FileHandle>();
  #retired: Retired[] = [];

  /** The open file of that inode, or the one that now has the path. */
  async open(ino: number, path: string): Promise<FileHandle> {
    return this.#handles.get(ino) ?? (await open(path, 'r'));
  }

  /** Keeps a file of JSON lines open. */
  async hold(ino: number, handle: FileHandle): Promise<void> {
    this.#handles.delete(ino);
    this.#handles.set(ino, handle);
    if (this.#handles.size <= MOST_HELD) return;
    const [oldest] = this.#handles;
    if (oldest === undefined) return;
    this.#handles.delete(oldest[0]);
    await oldest[1].close();
  }

  /** Closes it, unless it is held. */
  async release(ino: number, handle: FileHandle): Promise<void> {
    if (this.#handles.get(ino) !== handle) await handle.close();
  }

  /** The file has no name any more that is looked at. */
  retire(tracked: Tracked, now: number): void {
    const handle = this.#handles.get(tracked.ino);
    if (handle === undefined) return;
    this.#handles.delete(tracked.ino);
    this.#retired.push({ handle, tracked, grewAt: now });
  }

  get retired(): readonly Retired[] {
    return this.#retired;
  }

  /** Closes the retired files that have been quiet for long enough. */
  async forgetQuiet(now: number): Promise<void> {
    const quiet = this.#retired.filter((file) => now - file.grewAt > QUIET_MS);
    this.#retired = this.#retired.filter((file) => !quiet.includes(file));
    for (const { handle } of quiet) await handle.close();
  }

  async close(): Promise<void> {
    const all = [...this.#handles.values(), ...this.#retired.map((file) => file.handle)];
    this.#handles.clear();
    this.#retired = [];
    await Promise.all(all.map((handle) => handle.close()));
  }
}
