import { isUtf8 } from 'node:buffer';
import { isFields } from '../../core/contract/fields.ts';
import { messageOf } from '../../core/process/errors.ts';
import type { ForeignRecord } from '../feed.ts';
import { isBlank } from './lines.ts';

/** What is wrong with one record of a body. */
interface Problem {
  /** From 1; the line of a body of JSON lines, or where a document breaks. */
  line?: number;
  /** From 1; of the elements of an array. */
  element?: number;
  reason: string;
}

export type Pushed =
  | { readonly ok: true; readonly records: readonly ForeignRecord[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export interface PushedLimits {
  /** Bytes of one record as JSON. */
  mostRecord: number;
  mostRecords: number;
}

/** Told at most; a script that sends the wrong thing sends a lot of it. */
const MOST_PROBLEMS = 20;

/**
 * The records of a body: one JSON object, an array of them, or one object a line. All or none: a script that is told of a mistake sends
 * the body again, and must not have to know which half of it has arrived. A type of JSON lines is believed; everything else is looked
 * at, since clients name what they send as they please.
 */
export function readPushed(body: Buffer, contentType: string, limits: PushedLimits): Pushed {
  // JSON.parse would see U+FFFD where the bytes are broken, and a changed indicator would pass for a real one
  if (!isUtf8(body)) return refuse([{ reason: 'the body is not UTF-8' }]);
  const lines = /\b(x-)?(ndjson|jsonlines|jsonl)\b/i.test(contentType);
  const document = lines ? undefined : parse(body.toString('utf8'));
  if (document?.ok === true) return fromDocument(document.value, limits);
  const text = body.toString('utf8').trimStart();
  // an object with another behind it in the next line is what JSON lines look like to a parser of documents
  if (document !== undefined && !(text.startsWith('{') && /[\r\n]\s*\{/.test(text))) return refuse([document.problem]);
  return fromLines(body, limits);
}

function fromDocument(value: unknown, limits: PushedLimits): Pushed {
  if (!Array.isArray(value)) {
    const reason = wrongWith(value, limits);
    return reason === undefined ? { ok: true, records: [value as ForeignRecord] } : refuse([{ reason }]);
  }
  const problems: Problem[] = [];
  for (const [index, each] of value.entries()) {
    const reason = wrongWith(each, limits);
    if (reason !== undefined) problems.push({ element: index + 1, reason });
    if (problems.length === MOST_PROBLEMS) break;
  }
  return settle(value as ForeignRecord[], problems, limits);
}

function fromLines(body: Buffer, limits: PushedLimits): Pushed {
  const records: ForeignRecord[] = [];
  const problems: Problem[] = [];
  let number = 0;
  for (let at = 0; at < body.length && problems.length < MOST_PROBLEMS; ) {
    const end = body.indexOf(0x0a, at);
    const line = body.subarray(at, end === -1 ? body.length : end);
    at = end === -1 ? body.length : end + 1;
    number += 1;
    if (isBlank(line)) continue;
    const document = parse(line.toString('utf8'));
    const reason = document.ok ? wrongWith(document.value, limits) : 'not JSON';
    if (reason !== undefined) problems.push({ line: number, reason });
    else if (document.ok) records.push(document.value as ForeignRecord);
  }
  return settle(records, problems, limits);
}

function settle(records: readonly ForeignRecord[], problems: readonly Problem[], limits: PushedLimits): Pushed {
  if (problems.length > 0) return refuse(problems);
  if (records.length === 0) return refuse([{ reason: 'there is no record in it' }]);
  if (records.length > limits.mostRecords) {
    return refuse([
      { reason: `there are more than ${limits.mostRecords} records in it; send them in several requests` },
    ]);
  }
  return { ok: true, records };
}

function wrongWith(value: unknown, { mostRecord }: PushedLimits): string | undefined {
  if (!isFields(value)) return 'not a JSON object';
  let text: string;
  try {
    text = JSON.stringify(value);
  } catch {
    return 'nested too deeply';
  }
  return text.length * 3 > mostRecord && Buffer.byteLength(text) > mostRecord
    ? `larger than ${Math.floor(mostRecord / 1024)} KB`
    : undefined;
}

type Parsed = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly problem: Problem };

function parse(text: string): Parsed {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    // of the parser's message only the place is taken: the rest repeats the body
    const line = /\(line (\d{1,9}) column \d{1,9}\)/.exec(messageOf(error))?.[1];
    return { ok: false, problem: { ...(line === undefined ? {} : { line: Number(line) }), reason: 'not JSON' } };
  }
}

function refuse(problems: readonly Problem[]): Pushed {
  return { ok: false, problems };
}
