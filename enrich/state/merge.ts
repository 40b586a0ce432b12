import type { Claim } from './claim.ts';

/** An indicator's memory: the claims that are kept and the earliest sighting that anybody ever told. */
export interface State {
  readonly claims: readonly Claim[];
  /** ISO 8601. Outlives the claim that told it. */
  readonly firstSeen: string;
}

/** Newest statements kept of one source, and of all sources together. */
export const MAX_REFS_PER_SOURCE = 16;
export const MAX_CLAIMS = 64;

/**
 * Joins two memories of one indicator. Of two claims under the same (source, ref) the later one stays; first_seen is the minimum.
 *
 * Commutative, associative and idempotent, so records may come late, twice, or to two workers at once, and all end with the same
 * state. The bounds keep that: a claim is left out only when enough claims stand before it in one total order, and joining more
 * never takes those away.
 */
export function merge(a: State, b: State): State {
  const firstSeen = a.firstSeen <= b.firstSeen ? a.firstSeen : b.firstSeen;
  return { claims: withinBounds(newestPerKey(a.claims, b.claims)), firstSeen };
}

/** The moment that a claim vouches for having seen the threat, at the earliest. */
export function earliestOf(claim: Claim): string {
  const seen = claim.firstSeen ?? claim.lastSeen;
  return seen <= claim.timestamp ? seen : claim.timestamp;
}

export function stateOf(claim: Claim): State {
  return { claims: [claim], firstSeen: earliestOf(claim) };
}

/** The claim that a source made under that ref, if it is remembered. */
export function claimOf(state: State, source: string, ref: string): Claim | undefined {
  return state.claims.find((claim) => claim.source === source && claim.ref === ref);
}

/**
 * True when `a` is told later than `b` and so replaces it. Statements of one moment: a withdrawal wins, then the content hash decides,
 * so that every worker decides alike; equal content is the same statement, of which the one with the later sighting stays.
 */
export function supersedes(a: Claim, b: Claim): boolean {
  if (a.timestamp !== b.timestamp) return a.timestamp > b.timestamp;
  if (a.revoked !== b.revoked) return a.revoked;
  if (a.hash !== b.hash) return a.hash > b.hash;
  if (a.lastSeen !== b.lastSeen) return a.lastSeen > b.lastSeen;
  if (a.validUntil !== b.validUntil) return (a.validUntil ?? '') > (b.validUntil ?? '');
  if (a.firstSeen !== b.firstSeen) return (a.firstSeen ?? '~') < (b.firstSeen ?? '~');
  return a.origin < b.origin;
}

function newestPerKey(a: readonly Claim[], b: readonly Claim[]): Claim[] {
  const merged = [...a];
  for (const claim of b) {
    const at = merged.findIndex((other) => other.source === claim.source && other.ref === claim.ref);
    const other = at < 0 ? undefined : merged[at];
    if (other === undefined) merged.push(claim);
    else if (supersedes(claim, other)) merged[at] = claim;
  }
  return merged;
}

/** The order in which claims are kept: newest first; one order over all claims of a state, because (source, ref) is unique in it. */
function keepOrder(a: Claim, b: Claim): number {
  if (a.timestamp !== b.timestamp) return a.timestamp > b.timestamp ? -1 : 1;
  if (a.source !== b.source) return a.source < b.source ? -1 : 1;
  if (a.ref !== b.ref) return a.ref < b.ref ? -1 : 1;
  return 0;
}

function withinBounds(claims: Claim[]): Claim[] {
  if (claims.length <= 1) return claims;
  claims.sort(keepOrder);
  if (claims.length <= MAX_REFS_PER_SOURCE) return claims;
  const perSource = new Map<string, number>();
  const kept: Claim[] = [];
  for (const claim of claims) {
    const count = perSource.get(claim.source) ?? 0;
    if (count >= MAX_REFS_PER_SOURCE) continue;
    perSource.set(claim.source, count + 1);
    kept.push(claim);
    if (kept.length === MAX_CLAIMS) break;
  }
  return kept;
}
