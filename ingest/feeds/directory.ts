import { z } from 'zod';
import { duration, size } from '../../core/process/config/values.ts';
import { messageOf, TiplineError } from '../../core/process/errors.ts';
import {
  defineFeed,
  type FeedRecord,
  type OpenContext,
  type Page,
  type PollContext,
  type PolledFeed,
} from '../feed.ts';
import { type DroppedFile, openDropFolder, type Verdict } from '../files/drop-folder.ts';
import { fileTally } from '../files/file-tally.ts';
import { openDocument, readerOf } from '../files/open-document.ts';
import { sameLook } from '../files/tracked.ts';
import { type Adoption, adoptionOf, adoptValue } from '../foreign.ts';
import { TO_IDS_POLICIES } from '../formats/misp/options.ts';
import { PAGE_RECORDS } from '../pages.ts';
import { printable } from '../printable.ts';
import { commonKeys } from '../settings.ts';

const schema = z.strictObject({
  ...commonKeys,
  type: z.literal('directory'),
  path: z.string().min(1).max(4096).describe('The folder itself; what lies in folders of it is not looked at.'),
  look_every: duration.default(2000).describe('How often it is looked into.'),
  settle: duration
    .default(5000)
    .describe(
      'A file that has not changed for so long counts as written; one that is renamed into the folder is taken at once.',
    ),
  max_size: size.default(4 * 1024 ** 3).describe('Cap on a file, before and after unpacking.'),
  to_ids: z
    .enum(TO_IDS_POLICIES)
    .default('only')
    .describe(
      'Attributes of MISP that are not for detection: `only` leaves them out, `prefer` takes them with a confidence of 20 at most, `ignore` makes no difference.',
    ),
  only_disarmed: z
    .boolean()
    .default(false)
    .describe('Of text and html, only what the author has disarmed, as in `evil[.]example`, and hashes and the like.'),
});

type Directory = z.output<typeof schema>;

/**
 * A folder to drop files into, of any format that tipline knows: recognised by what is in them, read once, and moved to its folder `done`,
 * or to `failed` with the reason in a file beside it. A file is moved when all of it is on the bus; after a crash in between it
 * is read again. Whoever may write into the folder is trusted with `source`, unless `trust_source: false` is set.
 */
export const directory = defineFeed({
  type: 'directory',
  schema,
  secrets: [],
  open: (config, context) => openDirectory(config, context),
});

/** A file that could be neither read nor moved is tried again after so long, or when it has changed. */
const RETRY_MS = 300_000;

interface Finished {
  file: DroppedFile;
  verdict: Verdict;
}

function openDirectory(config: Directory, { log, clock }: OpenContext): PolledFeed {
  const folder = openDropFolder(config.path, config.settle);
  const adoption = adoptionOf(config, true);
  const settings = { onlyDisarmed: config.only_disarmed, toIds: config.to_ids };
  const stuck = new Map<string, { file: DroppedFile; at: number }>();

  async function* poll(context: PollContext): AsyncGenerator<Page> {
    let harvest = await folder.look(clock.now());
    if (context.once && harvest.unripe > 0) {
      await clock.pause(config.settle, context.signal);
      harvest = await folder.look(clock.now());
    }
    const there = new Set(harvest.ripe.map((file) => file.name));
    for (const name of stuck.keys()) if (!there.has(name)) stuck.delete(name);
    for (const { name, reason } of harvest.passed) context.tally.note(`${shown(name)} is left alone: ${reason}`);
    if (context.once && harvest.unripe > 0) {
      context.tally.note(`${harvest.unripe} files are still being written, and left for later`);
    }
    let failure: TiplineError | undefined;
    // small files share a page: thousands of them must not be thousands of sends
    let records: FeedRecord[] = [];
    let finished: Finished[] = [];

    async function settleAll(): Promise<void> {
      const all = finished;
      finished = [];
      for (const { file, verdict } of all) await settle(file, verdict, context);
    }

    for (const file of harvest.ripe) {
      if (context.signal.aborted) return;
      if (isStuck(file)) continue;
      let verdict: Verdict | undefined;
      const reader = readFile(file, context);
      try {
        for (;;) {
          const next = await reader.next();
          if (next.done === true) {
            verdict = next.value;
            break;
          }
          for (const record of next.value) records.push(record);
          if (records.length < PAGE_RECORDS) continue;
          const full = records;
          records = [];
          yield { records: full };
          await settleAll();
        }
      } finally {
        await reader.return(undefined);
      }
      if (verdict === undefined) continue;
      finished.push({ file, verdict });
      if (verdict.kind === 'failed') {
        failure ??= new TiplineError('FEED_FILE', `${shown(file.name)}: ${verdict.reason}`, { retryable: false });
      }
    }
    if (records.length > 0) yield { records };
    await settleAll();
    // each is told of by its reason; read only once, the feed has failed
    if (failure !== undefined && context.once) throw failure;
  }

  function isStuck(file: DroppedFile): boolean {
    const known = stuck.get(file.name);
    if (known === undefined) return false;
    if (sameLook(known.file.look, file.look) && clock.now() - known.at < RETRY_MS) return true;
    stuck.delete(file.name);
    return false;
  }

  async function settle(file: DroppedFile, verdict: Verdict, context: PollContext): Promise<void> {
    try {
      const moved = await folder.settle(file, verdict);
      if (!moved) log.info({ file: shown(file.name) }, 'the file changed while it was read; it is read again');
      else if (verdict.kind === 'failed') context.tally.note(`${shown(file.name)} is in failed: ${verdict.reason}`);
    } catch (error) {
      // read again and again it would fill the bus
      stuck.set(file.name, { file, at: clock.now() });
      context.tally.note(`${shown(file.name)} was read and cannot be moved to ${verdict.kind}: ${messageOf(error)}`);
    }
  }

  /** The records of one file, and then what is to become of it: undefined leaves it where it is. */
  async function* readFile(
    file: DroppedFile,
    context: PollContext,
  ): AsyncGenerator<FeedRecord[], Verdict | undefined, undefined> {
    const tally = fileTally(file.name, context.tally);
    let count = 0;
    try {
      const handle = await folder.open(file);
      if (handle === undefined) return undefined;
      try {
        const bytes = handle.createReadStream({ autoClose: false, start: 0 });
        const document = await openDocument(bytes, { name: file.name, maxBytes: config.max_size });
        const { recognition } = document;
        if (recognition.format === undefined) {
          await document.close();
          return failed(`no format that tipline knows: ${recognition.reason}`);
        }
        const collected = new Date(context.startedAt).toISOString();
        for await (const batch of readerOf(recognition, settings)(document.bytes, tally)) {
          count += batch.length;
          yield batch.map((record) => own(record, adoption, collected));
        }
        log.info(
          { file: shown(file.name), format: recognition.format, why: recognition.reason, read: count },
          'a file was read',
        );
        if (count > 0) return { kind: 'done' };
        const none = tally.first === undefined ? '' : `; what was left out begins with ${tally.first}`;
        return failed(`read as ${recognition.format} (${recognition.reason}), it holds no indicator${none}`);
      } finally {
        await handle.close();
      }
    } catch (error) {
      if (error instanceof TiplineError && error.code.startsWith('FEED_')) {
        const before = count === 0 ? '' : `; the ${count} records before that place are published`;
        return failed(`${messageOf(error)} (${error.code})${before}`);
      }
      stuck.set(file.name, { file, at: clock.now() });
      context.tally.note(`${shown(file.name)} cannot be read: ${messageOf(error)}`);
      return undefined;
    }
  }

  return { kind: 'polled', every: config.look_every, local: true, poll };
}

function own(record: FeedRecord, adoption: Adoption, collected: string): FeedRecord {
  const adopted = adoptValue(record, adoption);
  if ('indicator' in adopted) adopted.collected_at = collected;
  return adopted;
}

function failed(reason: string): Verdict {
  return { kind: 'failed', reason };
}

function shown(name: string): string {
  return printable(name, 200);
}
