import { isUtf8 } from 'node:buffer';
import type { Batch, Outgoing } from '../bus/port.ts';
import type { DeadLetter } from '../core/contract/dead-letter.ts';
import { originOf } from '../core/contract/topics.ts';
import type { BadRecord } from './sightings.ts';

const MOST_BYTES = 262_144;

/** A record of `ioc.enriched` that is no document, for `ioc.dlq`. */
export function deadLetter({ record, message }: BadRecord, { topic, partition }: Batch, now: number): Outgoing {
  const id = originOf(topic, partition, record.offset);
  const bytes = record.value.subarray(0, MOST_BYTES);
  const encoding = isUtf8(bytes) ? 'utf8' : 'base64';
  const letter: DeadLetter = {
    schema: 1,
    id,
    '@timestamp': new Date(now).toISOString(),
    code: 'BAD_ENRICHED_DOCUMENT',
    message,
    stage: 'responder',
    origin: { topic, partition, offset: record.offset },
    collected_at: new Date(record.timestamp).toISOString(),
    payload: bytes.toString(encoding),
    payload_encoding: encoding,
    payload_bytes: record.value.length,
    ...(bytes.length < record.value.length ? { payload_cut: true as const } : {}),
  };
  return { key: id, value: JSON.stringify(letter) };
}
