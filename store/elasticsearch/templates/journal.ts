import type { JournalKind } from '../../port.ts';
import { type Field, type Fields, kept, keyword, object } from './fields.ts';

// Copies of what is on the topics: a value of the wrong kind is kept unsearchable instead of losing the copy.
const date: Field = { type: 'date', ignore_malformed: true };
const long: Field = { type: 'long', ignore_malformed: true };

/** Fields of the daily copies of `ioc.actions` and `ioc.dlq`; others are kept, but not searched. */
export const JOURNAL_FIELDS: Readonly<Record<JournalKind, Fields>> = {
  actions: {
    '@timestamp': date,
    schema: long,
    id: keyword(),
    verb: keyword(),
    outcome: keyword(),
    actor: keyword(),
    reason: keyword(),
    code: keyword(),
    indicator: object({ id: keyword(), type: keyword(), value: keyword() }),
    revision: long,
    threat_score: long,
    source: keyword(),
    until: date,
    mail: object({ message_id: keyword(), indicators: long, recipients: long }),
  },
  deadletters: {
    '@timestamp': date,
    schema: long,
    id: keyword(),
    code: keyword(),
    message: keyword(),
    stage: keyword(),
    origin: object({ topic: keyword(), partition: long, offset: long }),
    collected_at: date,
    payload: kept,
    payload_encoding: keyword(),
    payload_bytes: long,
    payload_cut: { type: 'boolean' },
  },
};
