import { isUtf8 } from 'node:buffer';
import type { Batch, Incoming } from '../bus/port.ts';
import type { DeadLetter } from '../core/contract/dead-letter.ts';
import { originOf } from '../core/contract/topics.ts';

/** A broker takes 1 MB a record by default, and JSON writes a control character in six bytes. */
const MOST_PAYLOAD = 128 * 1024;

/** A record of `ioc.enriched` that alerting cannot use, for `ioc.dlq`. */
export function deadLetterOf(
  batch: Batch,
  record: Incoming,
  fault: { code: string; message: string },
  now: number,
): DeadLetter {
  const kept = record.value.subarray(0, MOST_PAYLOAD);
  const cut = kept.length < record.value.length;
  // A cut may go through the middle of a character: then it is base64.
  const text = isUtf8(kept);
  return {
    schema: 1,
    id: originOf(batch.topic, batch.partition, record.offset),
    '@timestamp': new Date(now).toISOString(),
    code: fault.code,
    message: fault.message,
    stage: 'alerting',
    origin: { topic: batch.topic, partition: batch.partition, offset: record.offset },
    collected_at: new Date(record.timestamp).toISOString(),
    payload: kept.toString(text ? 'utf8' : 'base64'),
    payload_encoding: text ? 'utf8' : 'base64',
    payload_bytes: record.value.length,
    ...(cut && { payload_cut: true as const }),
  };
}
