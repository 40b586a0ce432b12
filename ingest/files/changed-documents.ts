import { createReadStream } from 'node:fs';
import { z } from 'zod';
import type { RawIndicator } from '../../core/contract/raw-indicator.ts';
import { codeOf, messageOf, TiplineError } from '../../core/process/errors.ts';
import type { Page, PollContext, PolledFeed } from '../feed.ts';
import type { FormatName, FormatSettings } from '../formats/known.ts';
import { PAGE_RECORDS } from '../pages.ts';
import { printable } from '../printable.ts';
import { fileTally } from './file-tally.ts';
import { lookAt } from './look.ts';
import { openDocument, readerOf } from './open-document.ts';
import { type Look, sameLook } from './tracked.ts';

export interface ChangedDocuments {
  /** Paths or globs. */
  patterns: readonly string[];
  /** Milliseconds between looks. */
  lookEvery: number;
  /** Which files are meant; others are an error that names them. */
  formats: readonly FormatName[];
  /** In the words of people: `STIX`. */
  called: string;
  /** What vanishes from a file expires by itself; the files are published again in time. */
  snapshot: boolean;
  maxBytes: number;
  /** Changes with the configuration: then all files are read again. */
  fingerprint: string;
  /** The feed's own options for its formats. */
  settings?: FormatSettings;
}

const cursorShape = z.object({
  fingerprint: z.string(),
  files: z.record(z.string(), z.object({ ino: z.number(), size: z.number(), mtimeMs: z.number(), readAt: z.number() })),
});
type Files = z.output<typeof cursorShape>['files'];

/** A file that does not parse is taken for one that is being written for so long after its last change, which the machine's own time tells. */
const SETTLED_MS = 5000;
/** One that cannot be read is tried again when it has changed, or after so long: the disk may have been at fault. */
const RETRY_MS = 300_000;

/**
 * Files that are documents: each is read whole when it is new or has changed, and again after a restart only if the reading before did not
 * end. Where a snapshot is to be kept alive, each file is published again after a quarter of what it grants its members.
 */
export function changedDocuments(config: ChangedDocuments): PolledFeed {
  /** Files that could not be read as they are now. */
  const failed = new Map<string, { look: Look; at: number; error: unknown }>();

  async function* poll(context: PollContext): AsyncGenerator<Page> {
    const looks = await lookAt(config.patterns);
    const files = knownFiles(context.cursor, looks);
    const renewAfter = (Date.parse(context.validUntil) - context.startedAt) / 4;
    let failure: unknown;
    for (const path of failed.keys()) if (!looks.has(path)) failed.delete(path);
    for (const [path, look] of looks) {
      if (context.signal.aborted) return;
      const known = files[path];
      const due = config.snapshot && known !== undefined && context.startedAt - known.readAt >= renewAfter;
      if (sameLook(known, look) && !due) continue;
      const before = failed.get(path);
      if (sameLook(before?.look, look) && context.startedAt - (before?.at ?? 0) < RETRY_MS) {
        failure ??= before?.error;
        continue;
      }
      try {
        for await (const records of readFile(path, context)) yield { records };
        failed.delete(path);
        files[path] = { ino: look.ino, size: look.size, mtimeMs: look.mtimeMs, readAt: context.startedAt };
        yield { records: [], cursor: { fingerprint: config.fingerprint, files: { ...files } } };
      } catch (error) {
        if (codeOf(error) === 'ENOENT') continue;
        // perhaps it is still being written
        if (!context.once && Date.now() - look.mtimeMs < SETTLED_MS) continue;
        failed.set(path, { look, at: context.startedAt, error });
        failure ??= error;
        context.tally.note(`${printable(path, 300)}: ${messageOf(error)}`);
      }
    }
    // one bad file does not stop the others, but its feed has failed for as long as it stands there
    if (failure !== undefined) throw asFeedError(failure);
  }

  /** Where reading stands, without files that are gone; empty when the settings are others. */
  function knownFiles(stored: unknown, looks: ReadonlyMap<string, Look>): Files {
    const cursor = cursorShape.safeParse(stored);
    if (!cursor.success || cursor.data.fingerprint !== config.fingerprint) return {};
    return Object.fromEntries(Object.entries(cursor.data.files).filter(([path]) => looks.has(path)));
  }

  async function* readFile(path: string, context: PollContext): AsyncGenerator<RawIndicator[]> {
    const { maxBytes, formats, called } = config;
    const document = await openDocument(createReadStream(path), { name: path, maxBytes });
    try {
      const { recognition } = document;
      if (recognition.format === undefined || !formats.includes(recognition.format)) {
        const found =
          recognition.format === undefined ? recognition.reason : `it is ${recognition.format}, ${recognition.reason}`;
        throw new TiplineError('FEED_FILE_FORMAT', `it is no ${called} document: ${found}`, { retryable: false });
      }
      const read = readerOf(recognition, config.settings);
      const grant = config.snapshot ? context.validUntil : undefined;
      const collected = new Date(context.startedAt).toISOString();
      yield* stamped(read(document.bytes, fileTally(path, context.tally)), collected, grant);
    } finally {
      await document.close();
    }
  }

  return { kind: 'polled', every: config.lookEvery, local: true, poll };
}

async function* stamped(
  batches: AsyncIterable<RawIndicator[]>,
  collectedAt: string,
  validUntil: string | undefined,
): AsyncGenerator<RawIndicator[]> {
  for await (const records of batches) {
    for (const record of records) {
      record.collected_at = collectedAt;
      if (validUntil !== undefined) record.valid_until ??= validUntil;
    }
    for (let at = 0; at < records.length; at += PAGE_RECORDS) yield records.slice(at, at + PAGE_RECORDS);
  }
}

function asFeedError(error: unknown): TiplineError {
  if (error instanceof TiplineError) return error;
  return new TiplineError('FEED_FILE', `cannot read: ${messageOf(error)}`, { cause: error, retryable: true });
}
