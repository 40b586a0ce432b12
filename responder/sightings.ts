import type { Incoming } from '../bus/port.ts';
import { DOCUMENT_SCHEMA, type EnrichedDocument } from '../core/contract/enriched-document.ts';
import { parsePrefix } from '../core/indicator/address.ts';
import { textOf } from './guard.ts';
import type { Sighting } from './intake.ts';
import { isHost } from './prefix-index.ts';

/** A record that is no enriched document. */
export interface BadRecord {
  readonly record: Incoming;
  readonly message: string;
}

export interface ReadRecords {
  /** One an address: the highest revision of the batch, since the others say nothing that still holds. */
  readonly sightings: Sighting[];
  readonly bad: BadRecord[];
}

/** Picks the documents about addresses out of a batch. Other types, and document versions of a later tipline, are passed over. */
export function readRecords(records: readonly Incoming[]): ReadRecords {
  const sightings = new Map<string, Sighting>();
  const bad: BadRecord[] = [];
  for (const record of records) {
    const read = readRecord(record.value);
    if (typeof read === 'string') bad.push({ record, message: read });
    else if (read !== undefined) {
      const known = sightings.get(read.value);
      if (known === undefined || known.document.tipline.revision < read.document.tipline.revision) {
        sightings.set(read.value, read);
      }
    }
  }
  return { sightings: [...sightings.values()], bad };
}

/** Text: what is wrong with it. Undefined: it is none of our business. */
function readRecord(value: Buffer): Sighting | string | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(value.toString('utf8'));
  } catch {
    return 'the record is not JSON';
  }
  return readSighting(parsed);
}

/** As above, for what is parsed already. */
export function readSighting(parsed: unknown): Sighting | string | undefined {
  const part = isObject(parsed) ? parsed.tipline : undefined;
  if (!isObject(part) || typeof part.schema !== 'number') return 'the record is not an enriched document';
  if (part.schema !== DOCUMENT_SCHEMA) return undefined;
  if (part.type !== 'ip' && part.type !== 'cidr') return undefined;
  if (!isDocument(parsed)) return 'the document lacks what a decision needs, or holds it in another form';
  return sightingOf(parsed) ?? `the document is of type ${part.type}, but its value is not one in canonical form`;
}

/** Undefined unless the value is the canonical text of an address or network, so that one address has one row. */
function sightingOf(document: EnrichedDocument): Sighting | undefined {
  const { type, value } = document.tipline;
  const prefix = value.length > 50 ? undefined : parsePrefix(value);
  if (prefix === undefined || textOf(prefix) !== value) return undefined;
  return isHost(prefix) === (type === 'ip') ? { document, value, prefix } : undefined;
}

const STATUSES: readonly unknown[] = ['allowed', 'active', 'revoked', 'expired'];

/** Checks what the policy looks at: the topic is ours, but one record that is not must not stop the batch. */
function isDocument(root: unknown): root is EnrichedDocument {
  if (!isObject(root) || !isObject(root.tipline)) return false;
  const part = root.tipline;
  return (
    typeof part.id === 'string' &&
    /^[0-9a-f]{40}$/.test(part.id) &&
    typeof part.value === 'string' &&
    STATUSES.includes(part.status) &&
    Number.isSafeInteger(part.revision) &&
    Number.isFinite(part.threat_score) &&
    isObject(part.why) &&
    Array.isArray(part.claims) &&
    part.claims.every(isClaim)
  );
}

function isClaim(claim: unknown): boolean {
  return (
    isObject(claim) &&
    typeof claim.source === 'string' &&
    isTime(claim.last_seen) &&
    isTime(claim.expires_at) &&
    Number.isFinite(claim.confidence) &&
    Number.isFinite(claim.score) &&
    (claim.ref === undefined || typeof claim.ref === 'string') &&
    (claim.tags === undefined || (Array.isArray(claim.tags) && claim.tags.every((tag) => typeof tag === 'string')))
  );
}

function isTime(value: unknown): boolean {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
