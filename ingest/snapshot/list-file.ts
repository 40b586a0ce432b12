import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { constants, createGunzip, createGzip } from 'node:zlib';
import { codeOf, TiplineError } from '../../core/process/errors.ts';
import { createLineSplitter } from '../formats/lines.ts';
import { MOST_RECORD_BYTES } from '../outgoing.ts';
import { inPages } from '../pages.ts';

/** One record of a list as it goes on the bus. */
export interface Member {
  /** Forty hex digits. */
  readonly key: string;
  /** JSON text on one line. */
  readonly value: string;
  /** Its `valid_until` is ours and not the source's: it is renewed as long as the list is good. */
  readonly granted: boolean;
}

/** What a list says of itself. */
export interface Heading {
  /** When it was read, epoch ms. */
  readonly readAt: number;
  /** Of the settings that it was read with: other ones make another list of the same answer. */
  readonly fingerprint: string;
}

/** Where the lists of one feed are kept. */
export interface ListFiles {
  /** The one that is being read. */
  readonly next: string;
  /** Its name while it is being published, where absences are told. */
  readonly told: string;
  /** The last good one, of which all is on the bus. */
  readonly last: string;
  /** Earlier ones of which some is on the bus: whoever published them was stopped before the end. */
  readonly interrupted: readonly string[];
}

const KEY_LENGTH = 40;
const ABANDONED_MS = 86_400_000;
const LEFT_BEHIND = /^(?:\d+\.next|(\d+)-\d+\.told)$/;

/**
 * The files of a feed for a reading that began at `readAt`; makes the folder, and removes what processes left there long ago that were
 * killed while they read. The process id keeps two apart that read one feed because the store, and so the lease, was away.
 */
export async function listFiles(folder: string, feed: string, readAt: number): Promise<ListFiles> {
  const interrupted: string[] = [];
  await onDisk(mkdir(folder, { recursive: true, mode: 0o700 }));
  for (const file of await onDisk(readdir(folder))) {
    const left = file.startsWith(`${feed}.`) ? LEFT_BEHIND.exec(file.slice(feed.length + 1)) : null;
    if (left === null) continue;
    const path = join(folder, file);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
    // when a file changed is told by the machine's own time
    if (Date.now() - mtimeMs > ABANDONED_MS) await rm(path, { force: true });
    else if (Number(left[1]) < readAt) interrupted.push(path);
  }
  return {
    next: join(folder, `${feed}.${process.pid}.next`),
    told: join(folder, `${feed}.${readAt}-${process.pid}.told`),
    last: join(folder, `${feed}.list`),
    interrupted,
  };
}

/** Writes a list, packed: a line for its heading, then each member has one. Rejects with what `batches` throws. */
export async function writeList(
  path: string,
  { readAt, fingerprint }: Heading,
  batches: AsyncIterable<readonly Member[]>,
): Promise<void> {
  async function* lines(): AsyncGenerator<string> {
    yield `${readAt} ${fingerprint}\n`;
    for await (const batch of batches) {
      let text = '';
      for (const { key, value, granted } of batch) text += `${granted ? '+' : '-'}${key}${value}\n`;
      if (text !== '') yield text;
    }
  }
  // the quickest level still packs a list to a tenth
  const pack = createGzip({ level: constants.Z_BEST_SPEED });
  await onDisk(pipeline(lines, pack, createWriteStream(path, { mode: 0o600 })));
}

/** The members of a list in their order, in pages. Rejects when the file is not there, or not whole. */
export async function* readList(path: string): AsyncGenerator<Member[]> {
  async function* members(): AsyncGenerator<Member[]> {
    let first = true;
    for await (const lines of linesOf(path)) {
      yield (first ? lines.slice(1) : lines).map(memberOf);
      first = false;
    }
  }
  yield* inPages(members());
}

/** Undefined when there is no such file or it is none of ours. */
export async function headingOf(path: string): Promise<Heading | undefined> {
  try {
    for await (const [line = ''] of linesOf(path)) {
      const [, readAt, fingerprint = ''] = /^([1-9]\d{0,15}) (.*)$/.exec(line) ?? [];
      return readAt === undefined ? undefined : { readAt: Number(readAt), fingerprint };
    }
  } catch {
    // a list that cannot be read is as good as none
  }
  return undefined;
}

/**
 * To be called before anything is published of a list whose absences are told, and gives its name from then on: a process that is killed
 * meanwhile leaves it behind, and the next one knows what may have to be withdrawn.
 */
export async function beginTelling({ next, told }: ListFiles): Promise<string> {
  await onDisk(rename(next, told));
  return told;
}

/** Makes the list that was published the last good one. Those before it are settled with it. */
export async function keepList(path: string, { last, interrupted }: ListFiles): Promise<void> {
  await onDisk(rename(path, last));
  for (const each of interrupted) await rm(each, { force: true });
}

async function* linesOf(path: string): AsyncGenerator<string[]> {
  const splitter = createLineSplitter({ maxLine: MOST_RECORD_BYTES + KEY_LENGTH + 1 });
  const file = createReadStream(path);
  const unpacked = file.pipe(createGunzip());
  file.on('error', (error) => unpacked.destroy(error));
  try {
    for await (const chunk of unpacked) {
      const lines: string[] = [];
      splitter.push(chunk as Buffer, (line) => lines.push(line.toString('utf8')));
      if (lines.length > 0) yield lines;
    }
  } finally {
    file.destroy();
  }
}

function memberOf(line: string): Member {
  return { granted: line.startsWith('+'), key: line.slice(1, KEY_LENGTH + 1), value: line.slice(KEY_LENGTH + 1) };
}

/** Errors of the file system in words; all others are as they were. */
async function onDisk<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error) || error instanceof TiplineError) throw error;
    throw new TiplineError(
      'FEED_LIST_FILE',
      `the list cannot be kept under "data" while it is checked (${codeOf(error)}): make room there, or let tipline write`,
      { cause: error, retryable: true },
    );
  }
}
