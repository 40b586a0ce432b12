import { messageOf } from '../../../core/process/errors.ts';
import { REFUSED_HEADER } from '../../port.ts';
import { CODEC_MASK, decompress } from './codecs.ts';
import { BATCH_HEADER } from './encode.ts';

/**
 * Reads what a fetch brings: record batches one after another, the last one perhaps cut off. Whoever may write to a topic decides what is
 * in them, so a batch that would unpack into gigabytes, or into nothing readable, becomes one empty record with a header that says so: the
 * consumer moves on instead of dying of the same batch after every start.
 */
export interface Limits {
  /** Unpacked bytes, and records, of one partition in one fetch. */
  bytes: number;
  records: number;
}

const LIMITS: Limits = { bytes: 32 * 1024 ** 2, records: 200_000 };

/** One record. The names and types are those that kafkajs expects of its own decoder. */
export interface FetchedMessage {
  magicByte: number;
  attributes: number;
  timestamp: string;
  offset: string;
  key: Buffer | null;
  value: Buffer | null;
  headers: Record<string, Buffer | null>;
  /** Begins or ends a transaction; not for consumers. */
  isControlRecord: boolean;
  batchContext: BatchContext;
}

export interface BatchContext {
  producerId: string;
  inTransaction: boolean;
}

interface BatchHead {
  first: number;
  last: number;
  attributes: number;
  firstTimestamp: number;
  appendTimestamp: number | undefined;
  count: number;
  context: BatchContext;
}

const SMALLEST_BATCH = BATCH_HEADER - 12;

/**
 * Stops early when the limits are reached: the rest is fetched again, and a batch that is too large even alone is refused.
 */
export async function decodeRecordSet(set: Buffer, limits: Limits = LIMITS): Promise<FetchedMessage[]> {
  const messages: FetchedMessage[] = [];
  let room = limits.bytes;
  for (let at = 0; at + BATCH_HEADER <= set.length; ) {
    const length = set.readInt32BE(at + 8);
    const end = at + 12 + length;
    if (length < SMALLEST_BATCH || end > set.length) break;
    const head = readHead(set, at);
    const alone = messages.length === 0;
    if (!alone && messages.length + head.count > limits.records) break;
    try {
      if (head.count > limits.records) throw new RangeError(`more than ${limits.records} records`);
      const body = set.subarray(at + BATCH_HEADER, end);
      const codec = head.attributes & CODEC_MASK;
      const plain = codec === 0 ? body : await decompress(codec, body, room);
      room -= codec === 0 ? 0 : plain.length;
      for (const message of readRecords(plain, head)) messages.push(message);
    } catch (error) {
      if (!alone) break;
      messages.push(standIn(head, { [REFUSED_HEADER]: Buffer.from(reasonOf(error)) }, false));
    }
    at = end;
    if (room <= 0) break;
  }
  return messages;
}

function readHead(set: Buffer, at: number): BatchHead {
  const attributes = set.readInt16BE(at + 21);
  const first = Number(set.readBigInt64BE(at));
  return {
    first,
    last: first + set.readInt32BE(at + 23),
    attributes,
    firstTimestamp: Number(set.readBigInt64BE(at + 27)),
    appendTimestamp: (attributes & 0x08) !== 0 ? Number(set.readBigInt64BE(at + 35)) : undefined,
    count: set.readInt32BE(at + 57),
    context: { producerId: set.readBigInt64BE(at + 43).toString(), inTransaction: (attributes & 0x10) !== 0 },
  };
}

function readRecords(plain: Buffer, head: BatchHead): FetchedMessage[] {
  const isControlRecord = (head.attributes & 0x20) !== 0;
  // Compaction leaves empty batches behind. Without a record kafkajs would ask for the same one for ever.
  if (head.count <= 0) return [standIn(head, {}, true)];
  const cursor = new Cursor(plain);
  const messages: FetchedMessage[] = [];
  for (let i = 0; i < head.count; i += 1) {
    const end = cursor.varint() + cursor.at;
    if (end > plain.length) throw new RangeError('a record is cut off');
    cursor.at += 1; // attributes: none are defined
    const timestamp = head.appendTimestamp ?? head.firstTimestamp + cursor.varlong();
    const offset = head.first + cursor.varint();
    messages.push({
      magicByte: 2,
      attributes: 0,
      timestamp: String(timestamp),
      offset: String(offset),
      key: cursor.bytes(),
      value: cursor.bytes(),
      headers: readHeaders(cursor),
      isControlRecord,
      batchContext: head.context,
    });
    cursor.at = end;
  }
  return messages;
}

const NO_HEADERS = Object.freeze({});

function readHeaders(cursor: Cursor): Record<string, Buffer | null> {
  const count = cursor.varint();
  if (count <= 0) return NO_HEADERS;
  const pairs: [string, Buffer | null][] = [];
  for (let i = 0; i < count; i += 1) pairs.push([cursor.bytes()?.toString('utf8') ?? '', cursor.bytes()]);
  // Not by assignment: a header may be called __proto__.
  return Object.fromEntries(pairs);
}

function standIn(head: BatchHead, headers: Record<string, Buffer>, isControlRecord: boolean): FetchedMessage {
  return {
    magicByte: 2,
    attributes: 0,
    timestamp: String(head.appendTimestamp ?? head.firstTimestamp),
    offset: String(head.last),
    key: null,
    value: null,
    headers,
    isControlRecord,
    batchContext: head.context,
  };
}

function reasonOf(error: unknown): string {
  return `the batch could not be read: ${messageOf(error)}`.slice(0, 200);
}

/** A place in a buffer that refuses to leave it. */
class Cursor {
  at = 0;
  readonly #buffer: Buffer;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  varint(): number {
    const value = this.varlong();
    if (value > 0x7fffffff || value < -0x80000000) throw new RangeError('a number is too large');
    return value;
  }

  /** Exact up to 2^53, which is more than any time in milliseconds. */
  varlong(): number {
    let zigzag = 0;
    let factor = 1;
    for (let i = 0; i < 10; i += 1) {
      const byte = this.#buffer[this.at];
      if (byte === undefined) break;
      this.at += 1;
      zigzag += (byte & 0x7f) * factor;
      if (byte < 0x80) return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
      factor *= 0x80;
    }
    throw new RangeError('a number is cut off');
  }

  /** A view, not a copy. Length -1 is null. */
  bytes(): Buffer | null {
    const length = this.varint();
    if (length < 0) return null;
    const end = this.at + length;
    if (end > this.#buffer.length) throw new RangeError('a field is cut off');
    const bytes = this.#buffer.subarray(this.at, end);
    this.at = end;
    return bytes;
  }
}
