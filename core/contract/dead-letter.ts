import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import { COLLECTED_AT_HEADER } from './raw-indicator.ts';
import { originOf } from './topics.ts';

/**
 * A record that could not be used: one record on `ioc.dlq`, one document in `threat_deadletters-YYYY.MM.dd`.
 * It keeps the original bytes, so that it can be replayed as it was or repaired.
 */
export interface DeadLetter {
  schema: 1;
  /** Origin of the refused record with a mark of its content, `topic-partition-offset-mark`: the ID that `tipline dlq show` takes. */
  id: string;
  /** When it was refused (ISO 8601). */
  '@timestamp': string;
  code: string;
  message: string;
  /** The worker or step that refused it. */
  stage: string;
  origin: { topic: string; partition: number; offset: number };
  /** When the record was first read (ISO 8601). */
  collected_at: string;
  /** The original bytes: as text when they are valid UTF-8, else base64. */
  payload: string;
  payload_encoding: 'utf8' | 'base64';
  /** Size of the original in bytes; larger than the payload when that was cut. */
  payload_bytes: number;
  payload_cut?: true;
  /** What stood beside the record: which feed took it, and whether it may block. A replay gives them back. */
  headers?: Record<string, string>;
}

/** A broker takes 1 MB a record by default, and JSON writes a control character in six bytes. */
const MOST_PAYLOAD_BYTES = 131_072;

/** The record that is refused, as the bus gave it. */
interface RefusedRecord {
  readonly key: string | null;
  readonly value: Buffer;
  readonly offset: number;
  readonly timestamp: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** The record for `ioc.dlq`: the original bytes with the reason. `now` is epoch ms. */
export function deadLetterRecord(
  record: RefusedRecord,
  at: { readonly topic: string; readonly partition: number },
  refusal: { readonly code: string; readonly message: string; readonly stage: string },
  now: number,
): { key: string; value: string } {
  const bytes = record.value.subarray(0, MOST_PAYLOAD_BYTES);
  // a cut may go through the middle of a character: then it is base64
  const encoding = isUtf8(bytes) ? 'utf8' : 'base64';
  const letter: DeadLetter = {
    schema: 1,
    id: letterId(originOf(at.topic, at.partition, record.offset), record),
    '@timestamp': new Date(now).toISOString(),
    code: refusal.code,
    message: refusal.message,
    stage: refusal.stage,
    origin: { topic: at.topic, partition: at.partition, offset: record.offset },
    collected_at: collectedAt(record),
    payload: bytes.toString(encoding),
    payload_encoding: encoding,
    payload_bytes: record.value.length,
    ...(bytes.length < record.value.length ? { payload_cut: true as const } : {}),
    ...headersOf(record),
  };
  return { key: letter.id, value: JSON.stringify(letter) };
}

/**
 * A topic that was deleted and made again counts its origins from 0, so they alone do not name a record: its time and its bytes do as well.
 * A record that is read twice has one id all the same.
 */
function letterId(origin: string, { key, value, timestamp }: RefusedRecord): string {
  const mark = hash('sha256', Buffer.concat([Buffer.from(`${timestamp}\0${key ?? ''}\0`), value]), 'hex').slice(0, 8);
  return `${origin}-${mark}`;
}

const MOST_HEADERS = 16;
const MOST_HEADER_LENGTH = 1024;

/** Others write headers too: what is longer than any of ours is left out. */
function headersOf({ headers }: RefusedRecord): { headers?: Record<string, string> } {
  const kept = Object.entries(headers).filter(
    ([name, value]) => name !== COLLECTED_AT_HEADER && name.length <= 128 && value.length <= MOST_HEADER_LENGTH,
  );
  return kept.length === 0 ? {} : { headers: Object.fromEntries(kept.slice(0, MOST_HEADERS)) };
}

const YEAR_10000 = Date.UTC(10_000, 0, 1);

/** A replayed record brings its first reading; others can write what they like into that header, and a bad date would cost the letter its place in the index. */
function collectedAt({ headers, timestamp }: RefusedRecord): string {
  const told = Date.parse(headers[COLLECTED_AT_HEADER]?.slice(0, 40) ?? '');
  return new Date(told >= 0 && told < YEAR_10000 ? told : timestamp).toISOString();
}
