import { hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { z } from 'zod';

/** How a file is read: as lines that more may be appended to, or as one document that is read again when it changes. */
export type Shape = 'lines' | 'document';

const trackedShape = z.object({
  ino: z.number(),
  /** The first bytes of the file when they were read, so that another file with the same inode number is told apart. */
  head: z.object({ length: z.int(), hash: z.string() }),
  shape: z.enum(['lines', 'document']),
  /** Bytes that are on the bus. */
  offset: z.int(),
  /** Lines in front of the offset, for messages. */
  line: z.int(),
  /** The offset lies inside a line that is too long. */
  passing: z.boolean(),
  /** Of a document: when one of them is another, it is read again. */
  size: z.int(),
  mtimeMs: z.number(),
});

/** Where reading of one file stands. Never changed: a new one replaces it. */
export type Tracked = Readonly<z.output<typeof trackedShape>>;

/** By path. */
export type TrackedFiles = Readonly<Record<string, Tracked>>;

export const fileCursorShape = z.object({ files: z.record(z.string(), trackedShape) });

const HEAD_BYTES = 1024;

/** The fingerprint of the first `length` bytes, at most 1 KB. */
export async function headOf(handle: FileHandle, length: number): Promise<Tracked['head']> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.min(length, HEAD_BYTES)), 0, null, 0);
  return { length: bytesRead, hash: hash('sha256', buffer.subarray(0, bytesRead), 'hex').slice(0, 16) };
}

/** What a look at a path says of what was read there before. */
export type Verdict = 'unchanged' | 'more' | 'another';

export interface Look {
  ino: number;
  size: number;
  mtimeMs: number;
}

/** Does a file look as it did before? */
export function sameLook(before: Look | undefined, now: Look): boolean {
  return before?.ino === now.ino && before.size === now.size && before.mtimeMs === now.mtimeMs;
}

/** Decides without opening the file; `more` must still be confirmed by the fingerprint of its head. */
export function judge(tracked: Tracked | undefined, look: Look): Verdict {
  if (tracked === undefined || tracked.ino !== look.ino) return 'another';
  if (tracked.shape === 'document') {
    return tracked.size === look.size && tracked.mtimeMs === look.mtimeMs ? 'unchanged' : 'another';
  }
  // shorter than what was read: truncated and written anew
  if (look.size < tracked.offset) return 'another';
  return look.size === tracked.offset && look.mtimeMs === tracked.mtimeMs ? 'unchanged' : 'more';
}

/** True when the file still begins as it did. */
export async function sameHead(handle: FileHandle, { head }: Tracked): Promise<boolean> {
  const now = await headOf(handle, head.length);
  return now.length === head.length && now.hash === head.hash;
}
