import type { RawIndicator } from '../../core/contract/raw-indicator.ts';
import { TiplineError } from '../../core/process/errors.ts';
import type { Tally } from '../tally.ts';
import { beginningOf } from './beginning.ts';
import { type FormatSettings, LIST_FORMATS, type ListFormat, openFormat, readsBytes } from './known.ts';
import { HEAD_BYTES, recognise } from './recognise/recognise.ts';
import type { Recognition } from './recognise/recognition.ts';
import { listText, type TextOptions } from './text.ts';

export interface GuessOptions {
  settings: FormatSettings;
  text: TextOptions;
}

/**
 * What a server gives for a list, read in the format that it is in by its first 64 KB. Text that is no list of any kind is read line by line, so that
 * a message of the server is refused rather than searched; binary data, and JSON and XML of no known kind, throw FEED_FORMAT.
 */
export async function* guessedRecords(
  bytes: AsyncIterable<Buffer>,
  { settings, text }: GuessOptions,
  tally: Tally,
): AsyncGenerator<RawIndicator[]> {
  const { head, whole, bytes: all, close } = await beginningOf(bytes, HEAD_BYTES);
  try {
    const sample = head.subarray(0, HEAD_BYTES);
    const recognition = recognise(sample, { whole: whole && head.length === sample.length });
    if (recognition.format === undefined && recognition.empty !== true) {
      throw new TiplineError('FEED_FORMAT', `${recognition.reason}; "format" says what is there`, { retryable: true });
    }
    if (recognition.format === 'raw' || recognition.format === 'raw-lines') {
      throw new TiplineError(
        'FEED_FORMAT',
        `it is ${recognition.reason}; say "format: ${recognition.format === 'raw' ? 'json' : 'ndjson'}" and which "columns" are to be believed`,
        { retryable: false },
      );
    }
    const format = listFormatOf(recognition);
    // the columns that the configuration would have are none here
    const { columns: _, ...said } = settings;
    const read = openFormat(format, { ...(recognition.format === format ? recognition.settings : {}), ...said });
    yield* read(readsBytes(format) ? all : listText(all, text), tally);
  } finally {
    await close();
  }
}

/** A page, and prose, are lists of lines with nothing in them: the operator asks for them by name. */
function listFormatOf({ format }: Recognition): ListFormat {
  if (format === undefined || format === 'text' || format === 'html') return 'lines';
  return LIST_FORMATS.find((each) => each === format) ?? 'lines';
}
