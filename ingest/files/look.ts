import { glob, stat } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { codeOf, TiplineError } from '../../core/process/errors.ts';
import type { Look, Tracked, TrackedFiles } from './tracked.ts';

const MOST_FILES = 10_000;

/**
 * The regular files that the patterns name now, by absolute path, those that were written to longest ago first: what stands in an older one was
 * said before. Of one that is `known` it counts how it was when it was last read: who writes to a file that was rotated may go on for a while.
 */
export async function lookAt(
  patterns: readonly string[],
  known: readonly Pick<Tracked, 'ino' | 'mtimeMs'>[] = [],
): Promise<Map<string, Look>> {
  for (const pattern of patterns) await refuseWithoutFolder(pattern);
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
  const found: { path: string; look: Look }[] = [];
  for (const path of [...paths].sort()) {
    try {
      const info = await stat(path);
      // reading a pipe or device would wait for ever
      if (info.isFile()) found.push({ path, look: { ino: info.ino, size: info.size, mtimeMs: info.mtimeMs } });
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  }
  const readAt = new Map(known.map(({ ino, mtimeMs }) => [ino, mtimeMs]));
  const writtenAt = ({ look }: { look: Look }): number => Math.min(readAt.get(look.ino) ?? look.mtimeMs, look.mtimeMs);
  // of the same moment by their names
  found.sort((a, b) => writtenAt(a) - writtenAt(b));
  return new Map(found.map(({ path, look }) => [path, look]));
}

const MAGIC = /[*?[\]{}()!]/;

/** Files may come and go, but a folder that is not there is a mistake, or a disk that is not mounted: no file would ever be found in it. */
async function refuseWithoutFolder(pattern: string): Promise<void> {
  const parts = resolve(pattern).split(sep);
  const magic = parts.findIndex((part) => MAGIC.test(part));
  const folder = parts.slice(0, magic === -1 ? -1 : magic).join(sep) || sep;
  let there: boolean;
  try {
    there = (await stat(folder)).isDirectory();
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR') throw error;
    there = false;
  }
  if (there) return;
  throw new TiplineError('FEED_FOLDER', `the folder ${folder} does not exist: make it, or correct "path"`, {
    retryable: true,
  });
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
