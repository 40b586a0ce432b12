import { type Fields, isFields } from '../../core/contract/fields.ts';
import type { RawIndicator } from '../../core/contract/raw-indicator.ts';
import { TiplineError } from '../../core/process/errors.ts';
import { PAGE_RECORDS } from '../pages.ts';
import { refusalOf } from '../refusal.ts';
import type { Tally } from '../tally.ts';
import { splitCsv } from './csv-row.ts';
import { type JsonPath, type JsonWish, jsonParts } from './json-stream.ts';
import { createLineSplitter, isBlank, MOST_LINE_BYTES } from './lines.ts';

/** One entry of a table or document, before a feed makes records of it. */
export interface Row {
  readonly fields: Fields;
  /** For messages: a line, or the number of the entry. */
  readonly where: number;
}

/** What a row says: its records (several when it names several indicators of one thing), or in words that there is no indicator in it. */
export type ReadFields = (fields: Fields) => readonly RawIndicator[] | string;

export async function* rowRecords(
  rows: AsyncIterable<readonly Row[]>,
  read: ReadFields,
  tally: Tally,
): AsyncGenerator<RawIndicator[]> {
  for await (const batch of rows) {
    let records: RawIndicator[] = [];
    for (const { fields, where } of batch) {
      const said = read(fields);
      if (typeof said === 'string') tally.skip(where, said, 'no_indicator');
      else records.push(...said);
      if (records.length < PAGE_RECORDS) continue;
      yield records;
      records = [];
    }
    if (records.length > 0) yield records;
  }
}

export interface CsvOptions {
  /** The columns, in order, for a table that does not name them. */
  columns: readonly string[];
  /** The last comment before the first row names the columns when this is among them: then a new column moves nothing. */
  surely: string;
}

/** Rows of a CSV table whose comments, its header among them, begin with `#`. A row is one line: one with an open quote costs itself alone. */
export async function* csvRows(
  bytes: AsyncIterable<Buffer>,
  { columns, surely }: CsvOptions,
  tally: Tally,
): AsyncGenerator<Row[]> {
  const lines = createLineSplitter({ maxLine: MOST_LINE_BYTES });
  let names: readonly string[] | undefined;
  let header: readonly string[] = [];
  let rows: Row[] = [];
  /** Cells of the row before. */
  let width = 0;

  function take(bytes: Buffer, where: number): void {
    if (isBlank(bytes)) return;
    const line = bytes.toString('utf8').trim();
    if (line.startsWith('#')) {
      if (names === undefined) header = namesIn(line);
      return;
    }
    const cells = splitCsv(line, ',')?.cells;
    if (cells === undefined) {
      tally.skip(where, 'a quote that is never closed', 'malformed');
      return;
    }
    if (names === undefined) {
      names = header.includes(surely) ? header : columns;
      // a header row that is no comment
      if (cells.some((cell) => cell.trim().toLowerCase() === surely)) {
        names = cells.map((cell) => cell.trim().toLowerCase());
        return;
      }
    }
    const fields: Record<string, unknown> = Object.create(null);
    for (const [index, name] of names.entries()) fields[name] = cells[index];
    rows.push({ fields, where });
    width = cells.length;
  }

  for await (const chunk of bytes) {
    lines.push(chunk, take);
    if (rows.length > 0) {
      yield rows;
      rows = [];
    }
  }
  const last = lines.rest();
  if (isCutOff(last, width)) throw cutOff(lines.count + 1);
  take(last, lines.count + 1);
  tally.tooLong(lines.tooLong);
  if (rows.length > 0) yield rows;
}

/**
 * A last line without its end that is shorter than the row before: the table was cut off where nothing else tells it, and half a cell
 * would become a record.
 */
function isCutOff(last: Buffer, width: number): boolean {
  const line = last.toString('utf8').trim();
  if (line === '' || line.startsWith('#') || width === 0) return false;
  const cells = splitCsv(line, ',')?.cells;
  return cells === undefined || cells.length < width;
}

function cutOff(where: number): TiplineError {
  const message = `the table breaks off in line ${where}; it is read again with the next poll`;
  return new TiplineError('FEED_CUT_OFF', message, { retryable: true });
}

function namesIn(comment: string): string[] {
  const cells = splitCsv(comment.replace(/^#+\s*/, ''), ',')?.cells ?? [];
  return cells.map((cell) => cell.trim().toLowerCase());
}

/** Rows of a JSON document: the values that `at` wants whole and that are objects. `id`, when told, is the field that a row's name in the document becomes. */
export async function* jsonRows(
  bytes: AsyncIterable<Buffer>,
  options: { at(path: JsonPath): JsonWish; id?: string },
  tally: Tally,
): AsyncGenerator<Row[]> {
  const { at, id } = options;
  let where = 0;
  for await (const parts of jsonParts(bytes, { at })) {
    const rows: Row[] = [];
    for (const part of parts) {
      if (part.kind === 'passed') {
        where += 1;
        tally.skip(where, part.reason, refusalOf(part.reason));
      } else if (part.kind === 'value') {
        where += 1;
        if (!isFields(part.value)) tally.skip(where, 'not a JSON object', 'malformed');
        else rows.push({ fields: id === undefined ? part.value : { [id]: part.path[0], ...part.value }, where });
      }
    }
    if (rows.length > 0) yield rows;
  }
}

/** Rows of an export that is CSV or JSON, whichever its first byte says. */
export async function* exportRows(
  bytes: AsyncIterable<Buffer>,
  options: { csv: CsvOptions; json: { at(path: JsonPath): JsonWish; id?: string } },
  tally: Tally,
): AsyncGenerator<Row[]> {
  const source = bytes[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  let next = await source.next();
  while (next.done !== true) {
    head = head.length === 0 ? next.value : Buffer.concat([head, next.value]);
    if (!isBlankSoFar(head)) break;
    next = await source.next();
  }
  async function* whole(): AsyncGenerator<Buffer> {
    try {
      if (head.length > 0) yield head;
      for (let more = await source.next(); more.done !== true; more = await source.next()) yield more.value;
    } finally {
      await source.return?.();
    }
  }
  const first = head.toString('latin1').trimStart()[0];
  if (first === '{' || first === '[') yield* jsonRows(whole(), options.json, tally);
  else yield* csvRows(whole(), options.csv, tally);
}

/** White space before a document is not kept without end. */
const MOST_BLANK_BYTES = 4096;

function isBlankSoFar(head: Buffer): boolean {
  return head.length < MOST_BLANK_BYTES && head.toString('latin1').trim() === '';
}
