import type { EnrichedDocument, SlimClaim, TiplinePart } from '../../core/contract/enriched-document.ts';
import { indicatorId } from '../../core/indicator/id.ts';

export const NOW = Date.parse('2026-03-01T12:00:00Z');
const HOUR = 3_600_000;

export function iso(moment: number): string {
  return new Date(moment).toISOString();
}

/** A claim that meets the default terms at `now`. */
export function claimAt(now: number, changes: Partial<SlimClaim> = {}): SlimClaim {
  return {
    source: 'feed',
    confidence: 90,
    severity: 90,
    score: 90,
    timestamp: iso(now - HOUR),
    last_seen: iso(now - HOUR),
    expires_at: iso(now + 14 * 24 * HOUR),
    tags: ['malicious'],
    hash: 'h',
    origin: 'ioc.raw-0-0',
    action: 'new',
    ...changes,
  };
}

export interface DocumentChanges extends Partial<TiplinePart> {
  /** Epoch ms of `@timestamp`. */
  at?: number;
}

/** A document about an address or network that the default terms block at `now`. */
export function documentOf(value: string, now: number = NOW, changes: DocumentChanges = {}): EnrichedDocument {
  const { at = now, ...part } = changes;
  const type = value.includes('/') ? 'cidr' : 'ip';
  const told = part.claims ?? [claimAt(now)];
  // the score of a document is that of its best claim
  const claims =
    part.threat_score === undefined || told.length !== 1
      ? told
      : told.map((claim) => ({ ...claim, score: part.threat_score ?? claim.score }));
  return {
    '@timestamp': iso(at),
    event: { provider: 'feed', action: 'new', risk_score: 90, severity: 90 },
    threat: { indicator: { type: 'ipv4-addr', name: value }, feed: { name: ['feed'] } },
    tipline: {
      schema: 1,
      id: indicatorId({ type, value }),
      type,
      value,
      confidence: 90,
      severity: 90,
      threat_score: 90,
      status: 'active',
      expires_at: iso(now + 14 * 24 * HOUR),
      sources: ['feed'],
      composite: false,
      revision: 1,
      born: 'ioc.raw-0-0',
      cause: 'ioc.raw-0-0',
      why: { source: 'feed', confidence: 90, severity: 90, score: 90, weights: { confidence: 0.7, severity: 0.3 } },
      ...part,
      claims,
    },
  };
}
