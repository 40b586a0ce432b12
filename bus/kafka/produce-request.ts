import { type Connection, type Reader, Writer } from '@platformatic/kafka';
import type { Part } from './cut.ts';
import type { Compression } from './format/codecs.ts';
import { BATCH_HEADER, compressedBatch, writeBatch } from './format/encode.ts';

/**
 * Produce, version 7 (https://kafka.apache.org/protocol#The_Messages_Produce): the oldest that knows zstd, understood by brokers from 2.1
 * to 4.x.
 */
const PRODUCE = 0;
const VERSION = 7;
const ALL_IN_SYNC_REPLICAS = -1;
/** How long the leader waits for its replicas. */
const REPLICATION_TIMEOUT_MS = 15_000;
/** Kept between requests; what is larger gets a buffer for once. */
const LARGEST_SCRATCH = 4 * 1024 ** 2;

export interface PartResult {
  partition: number;
  /** 0 when the records are safe. */
  errorCode: number;
}

export type Produce = (connection: Connection, topic: string, parts: readonly Part[]) => Promise<PartResult[]>;

/** Sends parts of one topic to the broker that leads them. Rejects when the broker did not answer. */
export function createProduce(compression: Compression): Produce {
  let scratch = Buffer.allocUnsafe(0);

  /** Valid until the next call: the connection copies it into its own frame before anything else can run. */
  function scratchOf(size: number): Buffer {
    if (size > LARGEST_SCRATCH) return Buffer.allocUnsafe(size);
    if (scratch.length < size) scratch = Buffer.allocUnsafe(Math.min(LARGEST_SCRATCH, size * 2));
    return scratch;
  }

  function plainBody(topic: string, parts: readonly Part[]): Writer {
    const now = Date.now();
    const room = parts.reduce((sum, part) => sum + part.bytes + BATCH_HEADER + 8, 24 + Buffer.byteLength(topic));
    const body = scratchOf(room);
    let at = writeHead(body, topic, parts.length);
    for (const { partition, records } of parts) {
      const end = writeBatch(records, now, body, at + 8);
      body.writeInt32BE(partition, at);
      body.writeInt32BE(end - at - 8, at + 4);
      at = end;
    }
    return Writer.create().append(body.subarray(0, at));
  }

  return async (connection, topic, parts) => {
    const packed = compression === 'none' ? undefined : await compressedBody(topic, parts, compression);
    const { promise, resolve, reject } = Promise.withResolvers<PartResult[]>();
    connection.send(
      PRODUCE,
      VERSION,
      () => packed ?? plainBody(topic, parts),
      (_correlation, _key, _version, reader) => readResults(reader),
      false,
      false,
      (error, results) => (error || results === undefined ? reject(error) : resolve(results)),
    );
    return promise;
  };
}

async function compressedBody(topic: string, parts: readonly Part[], compression: 'gzip' | 'zstd'): Promise<Writer> {
  const now = Date.now();
  const head = Buffer.allocUnsafe(24 + Buffer.byteLength(topic));
  const writer = Writer.create().append(head.subarray(0, writeHead(head, topic, parts.length)));
  const batches = await Promise.all(parts.map((part) => compressedBatch(part.records, now, compression)));
  for (const [i, part] of parts.entries()) {
    const batch = batches[i];
    if (batch !== undefined) writer.appendInt32(part.partition).appendInt32(batch.length).append(batch);
  }
  return writer;
}

function writeHead(target: Buffer, topic: string, parts: number): number {
  let at = target.writeInt16BE(-1, 0); // no transaction
  at = target.writeInt16BE(ALL_IN_SYNC_REPLICAS, at);
  at = target.writeInt32BE(REPLICATION_TIMEOUT_MS, at);
  at = target.writeInt32BE(1, at); // topics
  at = target.writeInt16BE(Buffer.byteLength(topic), at);
  at += target.write(topic, at);
  return target.writeInt32BE(parts, at);
}

function readResults(reader: Reader): PartResult[] {
  const topics = reader.readArray(
    () => {
      reader.readString(false);
      return reader.readArray(
        () => {
          const result = { partition: reader.readInt32(), errorCode: reader.readInt16() };
          reader.skip(24); // base offset, append time, start of the log
          return result;
        },
        false,
        false,
      );
    },
    false,
    false,
  );
  return topics.flat();
}
