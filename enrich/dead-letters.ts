import { isUtf8 } from 'node:buffer';
import type { Incoming, Outgoing } from '../bus/port.ts';
import type { DeadLetter } from '../core/contract/dead-letter.ts';
import { COLLECTED_AT_HEADER } from '../core/contract/raw-indicator.ts';
import { originOf } from '../core/contract/topics.ts';
import type { DeadLetterOutcome } from './steps/outcome.ts';

/** A broker takes 1 MB a record by default, and JSON writes a control character in six bytes. */
const MOST_PAYLOAD_BYTES = 131_072;

/** The record for `ioc.dlq`: the original bytes with the reason, so that it can be repaired and replayed. */
export function deadLetterRecord(
  record: Incoming,
  at: { topic: string; partition: number },
  outcome: DeadLetterOutcome,
  now: number,
): Outgoing {
  const id = originOf(at.topic, at.partition, record.offset);
  const cut = record.value.length > MOST_PAYLOAD_BYTES;
  const bytes = cut ? record.value.subarray(0, MOST_PAYLOAD_BYTES) : record.value;
  const text = isUtf8(bytes);
  const letter: DeadLetter = {
    schema: 1,
    id,
    '@timestamp': new Date(now).toISOString(),
    code: outcome.code,
    message: outcome.message,
    stage: outcome.stage,
    origin: { topic: at.topic, partition: at.partition, offset: record.offset },
    collected_at: record.headers[COLLECTED_AT_HEADER] ?? new Date(record.timestamp).toISOString(),
    payload: bytes.toString(text ? 'utf8' : 'base64'),
    payload_encoding: text ? 'utf8' : 'base64',
    payload_bytes: record.value.length,
    ...(cut ? { payload_cut: true as const } : {}),
  };
  return { key: id, value: JSON.stringify(letter) };
}
