import { indicatorId } from '../indicator/id.ts';
import { INDICATOR_TYPES, type Indicator } from '../indicator/type.ts';
import { DOCUMENT_SCHEMA, type EnrichedDocument } from './enriched-document.ts';
import { isFields } from './fields.ts';
import { UNSIGNED_HEADER } from './topics.ts';

/** A record of `ioc.enriched`: a document, one of a version that this program does not know, or something else altogether. */
export type ReadDocument =
  | { kind: 'document'; document: EnrichedDocument }
  | { kind: 'unknown-schema' }
  | { kind: 'refused'; code: 'BAD_ENRICHED_DOCUMENT'; message: string };

/** A record as the bus gives it. */
interface EnrichedRecord {
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

const STATUSES: readonly unknown[] = ['allowed', 'active', 'revoked', 'expired'];

/**
 * Reads a record of `ioc.enriched`. The topic is ours, but one record that is not must not stop a batch, so all that decisions depend on
 * is checked; what is only shown is checked where it is shown.
 */
export function readDocument({ value, headers }: EnrichedRecord): ReadDocument {
  if (headers[UNSIGNED_HEADER] !== undefined) return refused('bears no signature of ours (bus.sign)');
  let parsed: unknown;
  try {
    parsed = JSON.parse(value.toString('utf8'));
  } catch {
    return refused('is not JSON');
  }
  return inspectDocument(parsed);
}

/** As above, for what is parsed already. */
export function inspectDocument(parsed: unknown): ReadDocument {
  if (isDocument(parsed)) return { kind: 'document', document: parsed };
  const schema = isFields(parsed) && isFields(parsed.tipline) ? parsed.tipline.schema : undefined;
  if (typeof schema === 'number' && schema !== DOCUMENT_SCHEMA) return { kind: 'unknown-schema' };
  return refused(faultOf(parsed) ?? 'cannot be read');
}

function isDocument(value: unknown): value is EnrichedDocument {
  return faultOf(value) === undefined;
}

function faultOf(root: unknown): string | undefined {
  if (!isFields(root) || !isFields(root.tipline)) return 'has no tipline part';
  const part = root.tipline;
  if (part.schema !== DOCUMENT_SCHEMA) return 'has no schema number';
  if (typeof part.id !== 'string' || !/^[0-9a-f]{40}$/.test(part.id)) return 'has no indicator id';
  if (!INDICATOR_TYPES.some((type) => type === part.type)) return 'has an unknown indicator type';
  if (typeof part.value !== 'string' || part.value === '') return 'has no value';
  if (part.id !== indicatorId({ type: part.type, value: part.value } as Indicator))
    return 'has an indicator id that is not that of its type and value';
  if (!STATUSES.includes(part.status)) return 'has an unknown status';
  if (!Number.isSafeInteger(part.revision)) return 'has no revision';
  if (!Number.isFinite(part.threat_score)) return 'has no score';
  if (typeof part.born !== 'string') return 'does not say which record it was born of';
  if (!isFields(part.why) || !isFields(part.why.weights)) return 'does not say why its score is what it is';
  if (!isFields(root.threat) || !isFields(root.threat.indicator)) return 'has no threat.indicator';
  if (!Array.isArray(part.claims) || !part.claims.every(isClaim)) return 'has claims that cannot be read';
  return undefined;
}

function isClaim(claim: unknown): boolean {
  return (
    isFields(claim) &&
    typeof claim.source === 'string' &&
    isTime(claim.last_seen) &&
    isTime(claim.expires_at) &&
    Number.isFinite(claim.score) &&
    Number.isFinite(claim.confidence) &&
    Number.isFinite(claim.severity) &&
    (claim.ref === undefined || typeof claim.ref === 'string') &&
    (claim.tags === undefined || (Array.isArray(claim.tags) && claim.tags.every((tag) => typeof tag === 'string')))
  );
}

function isTime(value: unknown): boolean {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value));
}

function refused(what: string): ReadDocument {
  return { kind: 'refused', code: 'BAD_ENRICHED_DOCUMENT', message: `the record on ioc.enriched ${what}` };
}
