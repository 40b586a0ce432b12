import type { Outgoing } from '../port.ts';
import { sizeOfRecord } from './format/encode.ts';
import { partitionOf } from './format/murmur2.ts';

/** Records of one partition that travel as one batch. */
export interface Part {
  partition: number;
  records: Outgoing[];
  /** Upper bound of their size before compression. */
  bytes: number;
}

const RECORDS_A_REQUEST = 1_000;
/** Kafka's limit is on the batch, not on the record: 1,048,588 bytes unless the topic says otherwise. */
const BYTES_A_PART = 900_000;
const BYTES_A_REQUEST = 8 * 1024 ** 2;

/** Records in the order given, cut into requests with at most one part a partition. Sent one after another they keep the order of every key. */
export function* cutIntoRequests(records: readonly Outgoing[], partitions: number): Generator<Part[]> {
  let parts = new Map<number, Part>();
  let count = 0;
  let bytes = 0;
  for (const record of records) {
    const partition = partitionOf(record.key, partitions);
    const size = sizeOfRecord(record);
    const full = (parts.get(partition)?.bytes ?? 0) + size > BYTES_A_PART && parts.has(partition);
    if (full || count === RECORDS_A_REQUEST || (count > 0 && bytes + size > BYTES_A_REQUEST)) {
      yield [...parts.values()];
      parts = new Map();
      count = 0;
      bytes = 0;
    }
    const part = parts.get(partition);
    if (part === undefined) {
      parts.set(partition, { partition, records: [record], bytes: size });
    } else {
      part.records.push(record);
      part.bytes += size;
    }
    count += 1;
    bytes += size;
  }
  if (count > 0) yield [...parts.values()];
}

/** Two halves of a part that the broker found too large; undefined when it is a single record. */
export function halve(part: Part): [Part, Part] | undefined {
  if (part.records.length < 2) return undefined;
  const middle = part.records.length >>> 1;
  const half = (records: Outgoing[]): Part => ({
    partition: part.partition,
    records,
    bytes: records.reduce((sum, record) => sum + sizeOfRecord(record), 0),
  });
  return [half(part.records.slice(0, middle)), half(part.records.slice(middle))];
}
