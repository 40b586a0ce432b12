import { crc32c, Writer } from '@platformatic/kafka';
import type { Outgoing } from '../../port.ts';
import { type Compression, codecBits, compress } from './codecs.ts';

/**
 * Record batches as Kafka stores and sends them (message format 2, https://kafka.apache.org/documentation/#recordbatch), written in one
 * pass into one buffer. Encoding is the largest cost of the hot path: the clients at hand build an object and several buffers a record.
 */
export const BATCH_HEADER = 61;
const CRC_START = 21;

/** Bytes that a record takes in a batch, at most: what requests are cut by. */
export function sizeOfRecord(record: Outgoing): number {
  let size = 32 + Buffer.byteLength(record.key) + byteLengthOf(record.value);
  if (record.headers !== undefined) {
    for (const [name, value] of Object.entries(record.headers)) {
      size += 10 + Buffer.byteLength(name) + Buffer.byteLength(value);
    }
  }
  return size;
}

/** Writes the records as an uncompressed batch at `at` and returns where it ends. `target` must have room for `sizeOfRecord` of each. */
export function writeBatch(records: readonly Outgoing[], now: number, target: Buffer, at: number): number {
  let end = at + BATCH_HEADER;
  for (let i = 0; i < records.length; i += 1) {
    const record = records[i];
    if (record !== undefined) end = writeRecord(target, end, record, i);
  }
  writeHeader(target, { at, end, count: records.length, now, codec: 0 });
  return end;
}

/** The same as a buffer of its own, compressed. */
export async function compressedBatch(
  records: readonly Outgoing[],
  now: number,
  compression: Exclude<Compression, 'none'>,
): Promise<Buffer> {
  let room = 0;
  for (const record of records) room += sizeOfRecord(record);
  const plain = Buffer.allocUnsafe(room);
  let end = 0;
  for (let i = 0; i < records.length; i += 1) {
    const record = records[i];
    if (record !== undefined) end = writeRecord(plain, end, record, i);
  }
  const packed = await compress(compression, plain.subarray(0, end));
  const batch = Buffer.allocUnsafe(BATCH_HEADER + packed.length);
  packed.copy(batch, BATCH_HEADER);
  writeHeader(batch, { at: 0, end: batch.length, count: records.length, now, codec: codecBits(compression) });
  return batch;
}

interface Header {
  at: number;
  end: number;
  count: number;
  now: number;
  codec: number;
}

function writeHeader(target: Buffer, { at, end, count, now, codec }: Header): void {
  const time = BigInt(now);
  target.writeBigInt64BE(0n, at); // base offset: the broker's business
  target.writeInt32BE(end - at - 12, at + 8);
  target.writeInt32BE(-1, at + 12); // leader epoch
  target.writeInt8(2, at + 16); // format
  target.writeInt16BE(codec, at + 21);
  target.writeInt32BE(count - 1, at + 23);
  target.writeBigInt64BE(time, at + 27);
  target.writeBigInt64BE(time, at + 35);
  target.writeBigInt64BE(-1n, at + 43); // producer id, epoch and sequence: not idempotent
  target.writeInt16BE(-1, at + 51);
  target.writeInt32BE(-1, at + 53);
  target.writeInt32BE(count, at + 57);
  // Given a Writer's buffer the function reads it in place; given a Buffer it copies it first.
  const crc = crc32c(Writer.create().append(target.subarray(at + CRC_START, end)).dynamicBuffer);
  target.writeUInt32BE(crc, at + 17);
}

function writeRecord(target: Buffer, at: number, record: Outgoing, index: number): number {
  const { key, value, headers } = record;
  const keyBytes = Buffer.byteLength(key);
  const valueBytes = byteLengthOf(value);
  const entries = headers === undefined ? [] : Object.entries(headers);
  let body = 2 + sizeOfVarint(index) + sizeOfVarint(keyBytes) + keyBytes + sizeOfVarint(valueBytes) + valueBytes;
  body += sizeOfVarint(entries.length);
  for (const [name, content] of entries) {
    const nameBytes = Buffer.byteLength(name);
    const contentBytes = Buffer.byteLength(content);
    body += sizeOfVarint(nameBytes) + nameBytes + sizeOfVarint(contentBytes) + contentBytes;
  }

  let end = writeVarint(target, at, body);
  target[end] = 0; // attributes: none are defined
  target[end + 1] = 0; // all records of a batch carry the batch's time
  end = writeVarint(target, end + 2, index);
  end = writeText(target, writeVarint(target, end, keyBytes), key, keyBytes);
  end = writeVarint(target, end, valueBytes);
  end = typeof value === 'string' ? writeText(target, end, value, valueBytes) : end + value.copy(target, end);
  end = writeVarint(target, end, entries.length);
  for (const [name, content] of entries) {
    const nameBytes = Buffer.byteLength(name);
    const contentBytes = Buffer.byteLength(content);
    end = writeText(target, writeVarint(target, end, nameBytes), name, nameBytes);
    end = writeText(target, writeVarint(target, end, contentBytes), content, contentBytes);
  }
  return end;
}

function byteLengthOf(value: string | Buffer): number {
  return typeof value === 'string' ? Buffer.byteLength(value) : value.length;
}

/** As many bytes as characters means that all are ASCII: then it is a plain copy. */
function writeText(target: Buffer, at: number, text: string, bytes: number): number {
  return at + target.write(text, at, bytes, bytes === text.length ? 'latin1' : 'utf8');
}

/** Lengths and indexes are never negative here, so zigzag is a doubling. Below 2^30. */
function sizeOfVarint(value: number): number {
  const doubled = value * 2;
  if (doubled < 0x80) return 1;
  if (doubled < 0x4000) return 2;
  if (doubled < 0x200000) return 3;
  return doubled < 0x10000000 ? 4 : 5;
}

function writeVarint(target: Buffer, at: number, value: number): number {
  let rest = value * 2;
  let end = at;
  while (rest >= 0x80) {
    target[end] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
    end += 1;
  }
  target[end] = rest;
  return end + 1;
}
