import type { FileHandle } from 'node:fs/promises';
import { z } from 'zod';
import { duration, size } from '../../core/process/config/values.ts';
import { codeOf, messageOf, TiplineError } from '../../core/process/errors.ts';
import type { Clock } from '../clock.ts';
import { defineFeed, type Page, type PollContext, type PolledFeed } from '../feed.ts';
import { HeldFiles } from '../files/held.ts';
import { lookAt, recognise } from '../files/look.ts';
import { BROKEN_DOCUMENT, readDocument } from '../files/read-document.ts';
import { readLines } from '../files/read-lines.ts';
import { isUtf16, shapeOf } from '../files/shape.ts';
import { SharedPage } from '../files/shared-page.ts';
import { fileCursorShape, headOf, judge, type Look, sameHead, sameLook, type Tracked } from '../files/tracked.ts';
import { adoptionOf } from '../foreign.ts';
import { MOST_LINE_BYTES } from '../formats/lines.ts';
import { commonKeys } from '../settings.ts';

const pattern = z.string().min(1).max(4096);

const schema = z.strictObject({
  ...commonKeys,
  type: z.literal('file'),
  path: z
    .union([pattern, z.array(pattern).min(1).max(100)])
    .describe(
      'A path or a glob (`*`, `**`, `?`, `{a,b}`), or a list of them; at most 10,000 files at a time. The folder must be there; of the files those that were written to longest ago are read first.',
    ),
  // by the clock and not by fs.watch: that one sees nothing on network and overlay mounts, drops events under load, and names no file
  // that was moved
  look_every: duration
    .default(1000)
    .describe('How often the files are looked at, which costs one stat a file; with many files less often.'),
  max_size: size.default(256 * 1024 ** 2).describe('Cap on a file that is one JSON document; JSON lines have none.'),
});

type FileFeed = z.output<typeof schema>;

/**
 * Files of JSON lines, arrays of objects, or one object: read from the beginning, then followed. Whoever may write into the folder is
 * trusted with `source`, unless `trust_source: false` is set.
 */
export const file = defineFeed({
  type: 'file',
  schema,
  secrets: [],
  open: (config, { clock }) => openFiles(config, clock),
});

/** Some records of one file, and where reading it stands then; undefined when it is to begin anew. */
interface Step {
  records: Page['records'];
  tracked: Tracked | undefined | 'unchanged';
}

/** A document that does not parse is taken for one that is being written for so long after its last change, which the machine's own time tells. */
const SETTLED_MS = 5000;
/** Looking may take a tenth of the time; with thousands of files it would take more. */
const PAUSE_FACTOR = 9;

function openFiles(config: FileFeed, clock: Clock): PolledFeed {
  const patterns = typeof config.path === 'string' ? [config.path] : config.path;
  const adoption = adoptionOf(config, true);
  const held = new HeldFiles();
  /** Files at which nothing is left to do until they change. */
  const done = new Map<string, Look>();
  /** Files that could not be read as they are now. */
  const broken = new Map<string, unknown>();
  let notBefore = 0;

  /** Throws for what could not be read and still stands there: one bad file does not stop the others, but the feed is not well. */
  function standing(): void {
    const [first] = broken.values();
    if (first !== undefined) throw asFeedError(first);
  }

  async function* poll(context: PollContext): AsyncGenerator<Page> {
    const began = clock.now();
    if (began < notBefore && !context.once) return standing();
    const cursor = fileCursorShape.safeParse(context.cursor);
    const known = cursor.success ? cursor.data.files : {};
    const looks = await lookAt(patterns, Object.values(known));
    notBefore = clock.now() + (clock.now() - began) * PAUSE_FACTOR;
    for (const path of done.keys()) if (!looks.has(path)) done.delete(path);
    for (const path of broken.keys()) if (!looks.has(path)) broken.delete(path);

    const { files, gone } = recognise(known, looks);
    for (const tracked of gone) held.retire(tracked, began);
    // small files share a page; its cursor tells where all of them stand once it is on the bus
    const page = new SharedPage(files);
    for await (const step of readRetired(context)) {
      page.add(step.records);
      if (page.full) yield page.take();
    }
    for (const [path, look] of looks) {
      const tracked = files[path];
      if (judge(tracked, look) === 'unchanged' || sameLook(done.get(path), look)) continue;
      try {
        for await (const step of readFile(path, look, tracked, context)) {
          page.add(step.records);
          if (step.tracked !== 'unchanged') page.moveTo(path, step.tracked);
          if (page.full) yield page.take();
        }
        done.set(path, look);
        broken.delete(path);
      } catch (error) {
        if (codeOf(error) === 'ENOENT') continue;
        if (codeOf(error) === BROKEN_DOCUMENT && !context.once && Date.now() - look.mtimeMs < SETTLED_MS) continue;
        done.set(path, look);
        broken.set(path, error);
        context.tally.note(messageOf(error));
      }
    }
    if (page.begun) yield page.take();
    standing();
  }

  /** What is still appended to files that were rotated away. */
  async function* readRetired(context: PollContext): AsyncGenerator<Step> {
    for (const retired of held.retired) {
      for await (const { records, tracked } of readLines(retired.handle, retired.tracked, adoption, context.tally)) {
        retired.grewAt = clock.now();
        retired.tracked = tracked;
        yield { records, tracked: 'unchanged' };
      }
    }
    await held.forgetQuiet(clock.now());
  }

  async function* readFile(
    path: string,
    look: Look,
    known: Tracked | undefined,
    context: PollContext,
  ): AsyncGenerator<Step> {
    const handle = await held.open(look.ino, path);
    try {
      const now = await handle.stat();
      // renamed between look and open: the next look sees what became of it
      if (now.ino !== look.ino) return;
      const tracked = await resumeAt(handle, known, now, path);
      if (tracked === undefined) {
        if (known !== undefined) yield { records: [], tracked: undefined };
        return;
      }
      if (tracked.shape === 'document') {
        for await (const records of readDocument(handle, path, now.size, config.max_size, adoption)) {
          // a document is read whole or again
          yield { records, tracked: 'unchanged' };
        }
        yield { records: [], tracked: { ...tracked, offset: now.size } };
        return;
      }
      await held.hold(now.ino, handle);
      let offset = tracked.offset;
      for await (const step of readLines(handle, tracked, adoption, context.tally)) {
        offset = step.tracked.offset;
        yield step;
      }
      if (context.once && offset < now.size)
        context.tally.note(`${path} ends in an unfinished line, which is left for later`);
    } finally {
      await held.release(look.ino, handle);
    }
  }

  return { kind: 'polled', every: config.look_every, local: true, poll, close: () => held.close() };
}

/** Where to read on; from the beginning when it is another file than before, or was truncated. Undefined: too little there to tell how. */
async function resumeAt(
  handle: FileHandle,
  known: Tracked | undefined,
  now: Look,
  path: string,
): Promise<Tracked | undefined> {
  const { ino, size: bytes, mtimeMs } = now;
  if (known !== undefined && judge(known, now) === 'more' && (await sameHead(handle, known))) {
    return { ...known, mtimeMs, head: await headOf(handle, bytes) };
  }
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.min(bytes, MOST_LINE_BYTES)), 0, null, 0);
  const start = buffer.subarray(0, bytesRead);
  if (isUtf16(start)) {
    throw new TiplineError('FEED_FILE_ENCODING', `${path} is UTF-16; write it as UTF-8`, { retryable: false });
  }
  // with no line end in so many bytes it is one line that is too long
  const shape = shapeOf(start) ?? (bytesRead === MOST_LINE_BYTES ? 'lines' : undefined);
  if (shape === undefined) return undefined;
  return { ino, head: await headOf(handle, bytes), shape, offset: 0, line: 0, passing: false, size: bytes, mtimeMs };
}

function asFeedError(error: unknown): TiplineError {
  if (error instanceof TiplineError) return error;
  return new TiplineError('FEED_FILE', `cannot read: ${messageOf(error)}`, { cause: error, retryable: true });
}
