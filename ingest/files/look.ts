import { glob, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { codeOf, TiplineError } from '../../core/process/errors.ts';
import type { Look, Tracked, TrackedFiles } from './tracked.ts';

const MOST_FILES = 10_000;

/** The regular files that the patterns name now, by absolute path, in order of their names. */
export async function lookAt(patterns: readonly string[]): Promise<Map<string, Look>> {
  const paths = new Set<string>();
  for await (const path of glob(patterns)) {
    paths.add(resolve(path));
    if (paths.size > MOST_FILES) {
      throw new TiplineError(
        'FEED_TOO_MANY_FILES',
        `"path" names more than ${MOST_FILES} files; move away what was read, or name fewer`,
        { retryable: true },
      );
    }
  }
  const looks = new Map<string, Look>();
  for (const path of [...paths].sort()) {
    try {
      const info = await stat(path);
      // reading a pipe or device would wait for ever
      if (info.isFile()) looks.set(path, { ino: info.ino, size: info.size, mtimeMs: info.mtimeMs });
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  }
  return looks;
}

/** What is known of the files that are there now, and what was known of files that are there no longer. */
export interface Recognised {
  files: Record<string, Tracked>;
  gone: readonly Tracked[];
}

/** Follows files through renames: `x.json` that became `x.json.1` is read on there when the patterns name it too. */
export function recognise(known: TrackedFiles, looks: ReadonlyMap<string, Look>): Recognised {
  const byInode = new Map(Object.values(known).map((tracked) => [tracked.ino, tracked]));
  const files: Record<string, Tracked> = {};
  const found = new Set<number>();
  for (const [path, look] of looks) {
    const there = known[path];
    const tracked = there?.ino === look.ino ? there : byInode.get(look.ino);
    if (tracked === undefined) continue;
    files[path] = tracked;
    found.add(look.ino);
  }
  return { files, gone: Object.values(known).filter((tracked) => !found.has(tracked.ino)) };
}
