import type { FileHandle } from 'node:fs/promises';
import { messageOf, TiplineError } from '../../core/process/errors.ts';
import type { FeedRecord } from '../feed.ts';
import { type Adoption, adoptValue } from '../foreign.ts';
import { withoutBom } from '../formats/text.ts';
import { PAGE_RECORDS } from '../pages.ts';
import { printable } from '../printable.ts';

/** Thrown for a file that is no whole JSON document: perhaps it is still being written. */
export const BROKEN_DOCUMENT = 'FEED_FILE_BROKEN';

/** The records of a file that is one JSON array or one object, in pages. */
export async function* readDocument(
  handle: FileHandle,
  path: string,
  size: number,
  maxBytes: number,
  adoption: Adoption,
): AsyncGenerator<FeedRecord[]> {
  if (size > maxBytes) {
    throw new TiplineError(
      'FEED_TOO_LARGE',
      `${path} has ${Math.ceil(size / 1024 ** 2)} MB and must be read whole; write it as JSON lines, or raise "max_size"`,
      { retryable: false },
    );
  }
  const text = await textOf(handle, size);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new TiplineError(
      BROKEN_DOCUMENT,
      `${path} is neither JSON lines nor one JSON array or object: ${printable(messageOf(error), 120)}`,
      { retryable: true },
    );
  }
  const values: readonly unknown[] = Array.isArray(document) ? document : [document];
  for (let at = 0; at < values.length; at += PAGE_RECORDS) {
    yield values.slice(at, at + PAGE_RECORDS).map((value) => adoptValue(value, adoption));
  }
}

async function textOf(handle: FileHandle, size: number): Promise<string> {
  const buffer = Buffer.alloc(size);
  let filled = 0;
  while (filled < size) {
    const { bytesRead } = await handle.read(buffer, filled, size - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return withoutBom(buffer.subarray(0, filled)).toString('utf8');
}
