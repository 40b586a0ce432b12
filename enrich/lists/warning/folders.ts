import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { messageOf, TiplineError } from '../../../core/process/errors.ts';
import { addList, emptySorted, type Sorted } from './compile.ts';
import { createListNames, type NamedLists } from './list-names.ts';
import { readWarningList } from './read-list.ts';

/** A file that may hold a list; `mark` changes when the file does. */
export interface ListFile {
  readonly path: string;
  readonly bytes: number;
  readonly mark: string;
  /** Epoch ms. */
  readonly changedAt: number;
}

/** As in MISP's own collection: `lists/<name>/list.json`. */
const DEEPEST = 3;
const LARGEST = 64 * 1024 ** 2;
const MOST_FILES = 10_000;
/** Problems that are kept to be told; a list of another format has one in every line. */
const MOST_PROBLEMS = 1_000;

/** All `.json` files of the folders, by path. A folder that is not there is an error: a list that silently does not count raises alarms. */
export async function findListFiles(folders: readonly string[]): Promise<ListFile[]> {
  const files: ListFile[] = [];
  for (const folder of folders) {
    try {
      await walk(folder, 1, files);
    } catch (cause) {
      throw new TiplineError(
        'CONFIG_WARNING_LISTS',
        `the folder of warning lists ${folder} cannot be read: correct enrich.warning_lists, or create it`,
        { cause, retryable: false },
      );
    }
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function walk(folder: string, depth: number, into: ListFile[]): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (into.length === MOST_FILES) return;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (depth < DEEPEST && !entry.name.startsWith('.')) await walk(path, depth + 1, into);
    } else if (entry.name.endsWith('.json') && !entry.name.startsWith('.')) {
      const found = await stat(path).catch(() => undefined);
      if (found?.isFile() !== true) continue;
      const { size, mtimeMs, ino } = found;
      into.push({ path, bytes: size, mark: `${path} ${size} ${mtimeMs} ${ino}`, changedAt: mtimeMs });
    }
  }
}

export interface ReadFolders {
  readonly sorted: Sorted;
  /** Names of the lists that the configuration has under `whole_hosts`. */
  readonly wholeHosts: ReadonlySet<string>;
  readonly problems: readonly string[];
  /** Of what the files hold, wherever they lie. */
  readonly digest: string;
}

/** Reads the files, one after the other, with a turn for others between them. */
export async function readListFiles(files: readonly ListFile[], named: NamedLists): Promise<ReadFolders> {
  const sorted = emptySorted();
  const problems: string[] = [];
  const note = (wrong: readonly string[]): void => {
    problems.push(...wrong.slice(0, MOST_PROBLEMS - problems.length));
  };
  const digest = createHash('sha256');
  const left = createListNames('except_lists', named.except_lists);
  const whole = createListNames('whole_hosts', named.whole_hosts);
  const wholeHosts = new Set<string>();
  const known: string[] = [];
  for (const { path, bytes } of files) {
    await nextTurn();
    if (bytes > LARGEST) {
      note([`${path}: left out: it has ${bytes} bytes, at most ${LARGEST} are read`]);
      continue;
    }
    const standIn = basename(path) === 'list.json' ? basename(dirname(path)) : basename(path, '.json');
    known.push(standIn);
    try {
      const text = await readFile(path, 'utf8');
      digest.update(text);
      const read = readWarningList(text, path, standIn);
      note(read.problems);
      const { list } = read;
      const called = list === undefined ? [standIn] : [list.name, standIn];
      const isLeft = left.has(called);
      if (whole.has(called) && list !== undefined) wholeHosts.add(list.name);
      if (list === undefined || isLeft) continue;
      for (const wrong of addList(sorted, list)) {
        note(wrong);
        await nextTurn();
      }
    } catch (error) {
      note([`${path}: cannot be read: ${messageOf(error)}`]);
    }
  }
  for (const names of [left, whole]) note(names.problems(known));
  return { sorted, wholeHosts, problems, digest: digest.digest('hex') };
}
