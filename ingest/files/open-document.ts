import { codeOf, TiplineError } from '../../core/process/errors.ts';
import { decode } from '../fetch/decode.ts';
import { beginningOf } from '../formats/beginning.ts';
import { type FormatName, type FormatSettings, openFormat, type ReadFormat, readsBytes } from '../formats/known.ts';
import { HEAD_BYTES, recognise } from '../formats/recognise/recognise.ts';
import type { Recognition } from '../formats/recognise/recognition.ts';
import { listText } from '../formats/text.ts';
import { printable } from '../printable.ts';

export interface DocumentOptions {
  /** For messages, and its extension for what the content leaves open. */
  name: string;
  /** Cap on the bytes, before and after unpacking. */
  maxBytes: number;
}

/** A document whose beginning has been read. */
export interface OpenDocument {
  readonly recognition: Recognition;
  /** All of its bytes, unpacked. To be read once, and to its end, or closed. */
  readonly bytes: AsyncIterable<Buffer>;
  close(): Promise<void>;
}

/** Unpacks what is gzip, and tells the format by the first 64 KB. */
export async function openDocument(
  packed: AsyncIterable<Buffer>,
  { name, maxBytes }: DocumentOptions,
): Promise<OpenDocument> {
  const { head, whole, bytes, close } = await beginningOf(unpacked(packed, name, maxBytes), HEAD_BYTES);
  const sample = head.subarray(0, HEAD_BYTES);
  return { recognition: recognise(sample, { whole: whole && head.length === sample.length, name }), bytes, close };
}

async function* unpacked(packed: AsyncIterable<Buffer>, name: string, maxBytes: number): AsyncGenerator<Buffer> {
  try {
    yield* decode(packed, { where: printable(name, 200), encoding: '', maxBytes });
  } catch (error) {
    if (!codeOf(error).startsWith('Z_')) throw error;
    throw new TiplineError('FEED_BROKEN_ENCODING', 'the gzip data is damaged or was cut off', {
      cause: error,
      retryable: true,
    });
  }
}

/** The reader of a document in a format that was recognised, or that somebody named; `settings` go before those of the recognition. */
export function readerOf(recognition: Recognition & { format: FormatName }, settings: FormatSettings = {}): ReadFormat {
  const { format } = recognition;
  const read = openFormat(format, { ...recognition.settings, ...settings });
  if (readsBytes(format)) return read;
  return (bytes, tally) => read(listText(bytes, { contentType: '', allowHtmlType: true }), tally);
}
