import type { Incoming } from '../bus/port.ts';
import { type Fields, isFields } from '../core/contract/fields.ts';
import type { JournalEntry, JournalKind } from '../store/port.ts';

const DAY = 86_400_000;
/** How far a record's own time may lie before and after the time the bus has for it, to name the day it is filed under. */
const EARLIER = 7 * DAY;
const LATER = DAY;

/** Longest id that Elasticsearch takes, bytes. */
const MOST_ID = 512;
/** What the copy of a dead letter keeps of its payload, characters; the whole of it stays on `ioc.dlq`. */
const MOST_PAYLOAD = 8192;

/** The fields without which a record is not what its topic holds. */
const REQUIRED: Readonly<Record<JournalKind, readonly string[]>> = {
  actions: ['verb', 'outcome', 'actor'],
  deadletters: ['code', 'stage', 'payload'],
};

/**
 * The copy of one action or dead letter; undefined when the record is neither.
 * Others can write to these topics too, so a record's own time decides the day only near the time the bus has for it: otherwise
 * one record a year would make an index a year.
 */
export function journalEntry(kind: JournalKind, record: Incoming): JournalEntry | undefined {
  const document = parse(record.value);
  if (document === undefined) return undefined;
  const { id } = document;
  if (typeof id !== 'string' || id === '' || Buffer.byteLength(id) > MOST_ID) return undefined;
  if (!REQUIRED[kind].every((field) => typeof document[field] === 'string')) return undefined;

  const own = typeof document['@timestamp'] === 'string' ? Date.parse(document['@timestamp']) : Number.NaN;
  const near = own >= record.timestamp - EARLIER && own <= record.timestamp + LATER;
  const at = near ? own : record.timestamp;
  const changes = {
    ...(Number.isNaN(own) && { '@timestamp': new Date(at).toISOString() }),
    ...(kind === 'deadletters' && cutPayload(document)),
  };
  return {
    id,
    day: new Date(at).toISOString().slice(0, 10),
    // A copy: the bus may use the memory of the record again.
    document: Buffer.from(
      Object.keys(changes).length === 0 ? record.value : JSON.stringify({ ...document, ...changes }),
    ),
  };
}

function cutPayload({ payload, payload_encoding: encoding }: Fields): Fields {
  if (typeof payload !== 'string' || payload.length <= MOST_PAYLOAD) return {};
  const kept = payload.slice(0, MOST_PAYLOAD);
  // Base64 ends after any four characters; text must not end in half of a surrogate pair.
  const whole = encoding !== 'base64' && /[\uD800-\uDBFF]$/.test(kept) ? kept.slice(0, -1) : kept;
  return { payload: whole, payload_cut: true };
}

function parse(value: Buffer): Fields | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(value.toString('utf8'));
  } catch {
    return undefined;
  }
  return isFields(parsed) && parsed.schema === 1 ? parsed : undefined;
}
