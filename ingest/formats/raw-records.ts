import type { RawIndicator } from '../../core/contract/raw-indicator.ts';
import { PAGE_RECORDS } from '../pages.ts';
import { refusalOf } from '../refusal.ts';
import type { Tally } from '../tally.ts';
import { type JsonPath, type JsonWish, jsonParts } from './json-stream.ts';
import { lineRecords } from './line-records.ts';

/**
 * Records in the form that tipline itself publishes: one JSON object, or an array of them, of any length. They are handed on as they came;
 * apart from an `indicator` nothing is checked, because the enricher reads sloppier forms than the type admits.
 */
export async function* rawRecords(bytes: AsyncIterable<Buffer>, tally: Tally): AsyncGenerator<RawIndicator[]> {
  let batch: RawIndicator[] = [];
  let number = 0;
  const take = (value: unknown): void => {
    number += 1;
    const record = recordOf(value);
    if (record === undefined) tally.skip(number, 'no object with an "indicator"', 'no_indicator');
    else batch.push(record);
  };
  /** The members of a document that is one object. */
  const members = new Map<string, unknown>();
  for await (const parts of jsonParts(bytes, { at: wishAt })) {
    for (const part of parts) {
      const [key] = part.path;
      if (part.kind === 'passed') {
        number += 1;
        tally.skip(number, part.reason, refusalOf(part.reason));
      } else if (part.kind === 'close') {
        if (members.size > 0) take(Object.fromEntries(members));
      } else if (part.kind === 'value') {
        if (typeof key !== 'string') take(part.value);
        else if (members.size < MOST_MEMBERS) members.set(key, part.value);
        else tally.skip(1, `more than ${MOST_MEMBERS} members in one record`, 'too_large');
      }
    }
    for (let at = 0; at < batch.length; at += PAGE_RECORDS) yield batch.slice(at, at + PAGE_RECORDS);
    batch = [];
  }
}

/** A record has some twenty. */
const MOST_MEMBERS = 64;

/** What is in the array, or in the one object, is built one by one: a document that breaks off has given what stands before. */
function wishAt(path: JsonPath): JsonWish {
  return path.length === 0 ? 'into' : 'whole';
}

/** The same with one object a line; a line that is none costs itself alone. */
export function rawLineRecords(bytes: AsyncIterable<Buffer>, tally: Tally): AsyncGenerator<RawIndicator[]> {
  return lineRecords(
    bytes,
    (line, number, add) => {
      if (line.trim() === '') return;
      let value: unknown;
      try {
        value = JSON.parse(line);
      } catch {
        tally.skip(number, 'not JSON', 'malformed');
        return;
      }
      const record = recordOf(value);
      if (record === undefined) tally.skip(number, 'no object with an "indicator"', 'no_indicator');
      else add(record);
    },
    tally,
  );
}

function recordOf(value: unknown): RawIndicator | undefined {
  if (typeof value !== 'object' || value === null || !('indicator' in value)) return undefined;
  const { indicator } = value;
  return typeof indicator === 'string' && indicator.trim() !== '' ? (value as RawIndicator) : undefined;
}
