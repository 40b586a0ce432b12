import type { RawIndicator } from '../../../core/contract/raw-indicator.ts';
import { createTally, type Tally } from '../../../ingest/tally.ts';

export interface Reading {
  records: RawIndicator[];
  /** `17: reason`. */
  skipped: string[];
  tooLong: number;
  /** The largest batch. */
  largest: number;
}

export type Read = (bytes: AsyncIterable<Buffer>, tally: Tally) => AsyncIterable<RawIndicator[]>;

/** Reads a document that comes in pieces of so many bytes, or of the sizes given, the last one again and again. */
export async function readDocument(read: Read, document: string | Buffer, ...sizes: number[]): Promise<Reading> {
  const reading: Reading = { records: [], skipped: [], tooLong: 0, largest: 0 };
  const tally = recordingTally(reading);
  for await (const batch of read(inPieces(Buffer.from(document), sizes), tally)) {
    reading.largest = Math.max(reading.largest, batch.length);
    reading.records.push(...batch);
  }
  reading.tooLong = tally.take().tooLong;
  return reading;
}

export function recordingTally(reading: { skipped: string[] }): Tally {
  return {
    ...createTally(),
    skip: (where, reason) => {
      reading.skipped.push(`${where}: ${reason}`);
    },
  };
}

/** The bytes in pieces of so many, or of the sizes given, the last one again and again. */
export async function* inPieces(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let at = 0;
  for (let turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[Math.min(turn, sizes.length - 1)] ?? bytes.length;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

/** `type indicator` of each record. */
export function named(records: readonly RawIndicator[]): string[] {
  return records.map(({ type, indicator }) => (type === undefined ? indicator : `${type} ${indicator}`));
}
