import type { SlimClaim } from './enriched-document.ts';
import type { RawIndicator } from './raw-indicator.ts';

/** A claim that is remembered, as the feed said it: what the enricher makes of this record is the claim again. */
export function rawOf(
  { type, value }: { readonly type: string; readonly value: string },
  claim: SlimClaim & { readonly context?: Record<string, unknown> },
  collectedAt: string,
): RawIndicator {
  const { source, ref, confidence, first_seen, last_seen, valid_from, valid_until, revoked, composite } = claim;
  const { tags, tlp, categories, malware, description, reference } = claim;
  const { original, port, sightings, event_id, object_id, file, context } = claim;
  const told = {
    // as the source wrote it, where that was not the canonical form
    indicator: original ?? value,
    type,
    source,
    ref,
    confidence,
    severity: claim.severity_derived === true ? undefined : claim.severity,
    timestamp: claim.undated === true ? undefined : claim.timestamp,
    ...{ first_seen, last_seen, valid_from, valid_until, revoked, composite },
    ...{ tags, tlp, categories, malware, description, reference },
    ...{ port, sightings, event_id, object_id, file, context },
    collected_at: collectedAt,
  };
  return Object.fromEntries(Object.entries(told).filter(([, field]) => field !== undefined)) as unknown as RawIndicator;
}
