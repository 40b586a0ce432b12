import type { Incoming } from '../bus/port.ts';
import { type EnrichedDocument, isLater, momentOf } from '../core/contract/enriched-document.ts';
import { type ReadDocument, readDocument } from '../core/contract/read-document.ts';
import { parsePrefix } from '../core/indicator/address.ts';
import { isHost } from '../core/indicator/prefix-index.ts';
import { textOf } from './guard.ts';
import type { Sighting } from './intake.ts';

/** A record that is no enriched document. */
export interface BadRecord {
  readonly record: Incoming;
  readonly message: string;
}

export interface ReadRecords {
  /** One an address: the latest of the batch, since the others say nothing that still holds. */
  readonly sightings: Sighting[];
  readonly bad: BadRecord[];
}

/** Picks the documents about addresses out of a batch. Other types, and document versions of a later tipline, are passed over. */
export function readRecords(records: readonly Incoming[]): ReadRecords {
  const sightings = new Map<string, Sighting>();
  const bad: BadRecord[] = [];
  for (const record of records) {
    const read = sightingIn(readDocument(record));
    if (typeof read === 'string') bad.push({ record, message: read });
    else if (read !== undefined) {
      const known = sightings.get(read.value);
      if (known === undefined || isLater(momentOf(read.document.tipline), momentOf(known.document.tipline))) {
        sightings.set(read.value, read);
      }
    }
  }
  return { sightings: [...sightings.values()], bad };
}

/** Text: what is wrong with it. Undefined: it is none of our business. */
export function sightingIn(read: ReadDocument): Sighting | string | undefined {
  switch (read.kind) {
    case 'unknown-schema':
      return undefined;
    case 'refused':
      return read.message;
    case 'document': {
      const { type } = read.document.tipline;
      if (type !== 'ip' && type !== 'cidr') return undefined;
      return sightingOf(read.document) ?? `the document is of type ${type}, but its value is not one in canonical form`;
    }
    default: {
      const never: never = read;
      return never;
    }
  }
}

/** Undefined unless the value is the canonical text of an address or network, so that one address has one row. */
function sightingOf(document: EnrichedDocument): Sighting | undefined {
  const { type, value } = document.tipline;
  const prefix = value.length > 50 ? undefined : parsePrefix(value);
  if (prefix === undefined || textOf(prefix) !== value) return undefined;
  return isHost(prefix) === (type === 'ip') ? { document, value, prefix } : undefined;
}
