import type { RawIndicator } from '../../core/contract/raw-indicator.ts';
import { messageOf, TiplineError } from '../../core/process/errors.ts';
import { PAGE_RECORDS } from '../pages.ts';
import { printable } from '../printable.ts';
import type { Tally } from '../tally.ts';
import { jsonPaths, type Place } from './json-path.ts';
import { createLineSplitter, isBlank, MOST_LINE_BYTES } from './lines.ts';
import type { Cells, ListColumn, ReadRow } from './record.ts';
import { wholeText } from './text.ts';

export interface JsonOptions {
  columns: Readonly<Partial<Record<ListColumn, string>>> & { readonly indicator: string };
  reader(cells: Cells<Place>): ReadRow<Place>;
  /** Cap on a document that is read whole. */
  maxBytes: number;
}

/**
 * A document is parsed whole: JSON.parse is the fastest parser there is and takes about four times the text in memory, which the cap bounds.
 */
export const MOST_DOCUMENT_BYTES = 256 * 1024 ** 2;

/** Records of one JSON document. */
export async function* jsonRecords(
  bytes: AsyncIterable<Buffer>,
  options: JsonOptions,
  tally: Tally,
): AsyncGenerator<RawIndicator[]> {
  const document = parseDocument(await wholeText(bytes, Math.min(options.maxBytes, MOST_DOCUMENT_BYTES)));
  const paths = jsonPaths(options.columns.indicator);
  const read = options.reader(cellsOf(options.columns, paths.cell));
  let batch: RawIndicator[] = [];
  let number = 0;
  for (const place of paths.places(document)) {
    number += 1;
    const record = read(place);
    if (record === undefined) tally.skip(number, `no indicator at ${options.columns.indicator}`, 'no_indicator');
    else batch.push(record);
    if (batch.length === PAGE_RECORDS) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

/** Records of a list with one JSON object a line; a line that is no JSON costs itself alone. */
export async function* ndjsonRecords(
  bytes: AsyncIterable<Buffer>,
  options: JsonOptions,
  tally: Tally,
): AsyncGenerator<RawIndicator[]> {
  const lines = createLineSplitter({ maxLine: MOST_LINE_BYTES });
  const paths = jsonPaths(options.columns.indicator);
  const read = options.reader(cellsOf(options.columns, paths.cell));
  let batch: RawIndicator[] = [];

  function takeLine(line: Buffer, number: number): void {
    if (isBlank(line)) return;
    let document: unknown;
    try {
      document = JSON.parse(line.toString('utf8'));
    } catch {
      tally.skip(number, 'not JSON', 'malformed');
      return;
    }
    for (const place of paths.places(document)) {
      const record = read(place);
      if (record === undefined) tally.skip(number, `no indicator at ${options.columns.indicator}`, 'no_indicator');
      else batch.push(record);
    }
  }

  for await (const chunk of bytes) {
    lines.push(chunk, takeLine);
    if (batch.length > 0) {
      yield batch;
      batch = [];
    }
  }
  takeLine(lines.rest(), lines.count + 1);
  tally.tooLong(lines.tooLong);
  if (batch.length > 0) yield batch;
}

export function parseDocument(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new TiplineError('FEED_NOT_JSON', 'the answer is not JSON, or was cut off', {
      cause: printable(messageOf(error), 120),
      retryable: true,
    });
  }
}

function cellsOf(columns: JsonOptions['columns'], cell: (path: string) => (place: Place) => unknown): Cells<Place> {
  const cells: Cells<Place> = {};
  for (const [field, path] of Object.entries(columns) as [ListColumn, string][]) cells[field] = cell(path);
  return cells;
}
