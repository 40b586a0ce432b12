import type { FieldTypes } from '../server.ts';
import {
  boolean,
  date,
  type Field,
  type Fields,
  integer,
  ipRange,
  kept,
  keyword,
  LONGEST_TERM,
  long,
  object,
  opaque,
} from './fields.ts';

/** Our own root, beside ECS: scales and states that ECS has no word for. */
export function ownFields(types: FieldTypes): Fields {
  return {
    tipline: object({
      schema: integer,
      id: keyword(),
      type: keyword(),
      value: types.wildcard ? { type: 'wildcard' } : keyword(LONGEST_TERM),
      confidence: integer,
      severity: integer,
      threat_score: integer,
      status: keyword(),
      expires_at: date,
      recheck_at: date,
      sources: keyword(),
      composite: boolean,
      life: long,
      revision: long,
      born: kept,
      cause: kept,
      ip_range: ipRange,
      benign: keyword(),
      // Read back whole and never searched: indexing them would cost more than all the rest.
      claims: opaque,
      why: opaque,
      claim: object(claimFields(types)),
    }),
  };
}

/** What is looked for in current alone: in history the value is found by `threat.indicator.name` or `indicator`. */
export const HISTORY_OWN: Fields = { tipline: object({ value: kept }) };

/** History only: one source's statement in full. */
function claimFields({ flattened }: FieldTypes): Fields {
  // A limit on leaf values, since a term may not be longer; keys and depth are bounded where documents are made.
  const context: Field = flattened ? { type: 'flattened', ignore_above: 1024 } : opaque;
  return {
    feed: keyword(),
    outside: boolean,
    undated: boolean,
    source: keyword(),
    ref: keyword(),
    confidence: integer,
    severity: integer,
    severity_derived: boolean,
    score: integer,
    timestamp: date,
    first_seen: date,
    last_seen: date,
    valid_from: date,
    valid_until: date,
    expires_at: date,
    revoked: boolean,
    composite: boolean,
    tags: keyword(),
    tlp: keyword(),
    categories: keyword(),
    malware: keyword(),
    description: kept,
    reference: keyword(),
    original: kept,
    port: kept,
    sightings: kept,
    event_id: kept,
    object_id: kept,
    file: opaque,
    hash: kept,
    origin: kept,
    action: keyword(),
    context,
  };
}
