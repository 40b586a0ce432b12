import { type Connection, type Reader, Writer } from '@platformatic/kafka';

/** Fetch, version 11 (https://kafka.apache.org/protocol#The_Messages_Fetch), of one partition and without a session. */
const FETCH = 1;
const VERSION = 11;
const NOT_A_REPLICA = -1;
const READ_COMMITTED = 1;
const MAX_WAIT_MS = 500;

export interface Fetched {
  errorCode: number;
  /** Record batches, the last one perhaps cut off. */
  set: Buffer;
  /** Producers whose records from an offset on, up to their next mark, were taken back. */
  aborted: { producerId: string; firstOffset: string }[];
}

const NOTHING = Buffer.alloc(0);

export function fetchPartition(
  connection: Connection,
  from: { topic: string; partition: number; offset: number; maxBytes: number },
): Promise<Fetched> {
  const { promise, resolve, reject } = Promise.withResolvers<Fetched>();
  const { topic, partition, offset, maxBytes } = from;
  connection.send(
    FETCH,
    VERSION,
    () =>
      Writer.create()
        .appendInt32(NOT_A_REPLICA)
        .appendInt32(MAX_WAIT_MS)
        .appendInt32(1) // at least one byte
        .appendInt32(maxBytes)
        .appendInt8(READ_COMMITTED)
        .appendInt32(0) // no session
        .appendInt32(-1)
        .appendInt32(1)
        .appendString(topic, false)
        .appendInt32(1)
        .appendInt32(partition)
        .appendInt32(-1) // leader epoch unknown
        .appendInt64(BigInt(offset))
        .appendInt64(-1n) // log start: for replicas
        .appendInt32(maxBytes)
        .appendInt32(0) // nothing forgotten
        .appendString('', false), // rack
    (_correlation, _key, _version, reader) => readFetched(reader),
    false,
    false,
    (error, fetched) => (error || fetched === undefined ? reject(error) : resolve(fetched)),
  );
  return promise;
}

function readFetched(reader: Reader): Fetched {
  reader.skip(4); // throttle time
  const failure = reader.readInt16();
  reader.skip(4); // session
  if (failure !== 0 || reader.readInt32() < 1) return { errorCode: failure, set: NOTHING, aborted: [] };
  reader.readString(false);
  if (reader.readInt32() < 1) return { errorCode: failure, set: NOTHING, aborted: [] };
  reader.skip(4); // partition
  const errorCode = reader.readInt16();
  reader.skip(24); // high watermark, last stable offset, log start
  const aborted: Fetched['aborted'] = [];
  for (let left = reader.readInt32(); left > 0; left -= 1) {
    aborted.push({ producerId: String(reader.readInt64()), firstOffset: String(reader.readInt64()) });
  }
  reader.skip(4); // preferred replica
  const size = reader.readInt32();
  const set = size > 0 ? reader.buffer.slice(reader.position, reader.position + size) : NOTHING;
  return { errorCode, set, aborted };
}
