import type { Claim } from './claim.ts';

/** An indicator's memory: the claims that are kept and the earliest sighting that anybody ever told. */
export interface State extends FirstSight {
  readonly claims: readonly Claim[];
}

/** The earliest sighting that our feeds told; that of outsiders where no feed of ours ever spoke. */
export interface FirstSight {
  /** ISO 8601. Outlives the claim that told it. */
  readonly firstSeen: string;
  /** Only outsiders have spoken yet. */
  readonly outside: boolean;
}

/** Newest statements kept of one source of a feed, and of all feeds together. */
export const MAX_REFS_PER_SOURCE = 16;
export const MAX_CLAIMS = 64;

/**
 * Joins two memories of one indicator. Of two claims of one feed under the same (source, ref) the later one stays; first_seen is the minimum of
 * what ours told, without that of all.
 *
 * Commutative, associative and idempotent, so records may come late, twice, or to two workers at once, and all end with the same
 * state. The bounds keep that: a claim is left out only when enough claims stand before it in one total order, and joining more
 * never takes those away.
 *
 * A feed displaces only its own claims: under (source, ref) alone, or by sending many, whoever may send anything could push out what a
 * trusted feed said.
 */
export function merge(a: State, b: State): State {
  const { firstSeen, outside } = isEarlier(a, b) ? a : b;
  return { claims: withinBounds(newestPerKey(a.claims, b.claims)), firstSeen, outside };
}

function isEarlier(a: FirstSight, b: FirstSight): boolean {
  return a.outside === b.outside ? a.firstSeen < b.firstSeen : b.outside;
}

/** Does the claim tell of an earlier sighting than the state has? */
export function seesEarlier(claim: Claim, state: State): boolean {
  return isEarlier({ firstSeen: earliestOf(claim), outside: claim.outside }, state);
}

/** What is remembered, as the store has it. */
export function rememberedState(claims: readonly Claim[], firstSeen: string): State {
  return { claims, firstSeen, outside: claims.every((claim) => claim.outside) };
}

/** The moment that a claim vouches for having seen the threat, at the earliest. */
export function earliestOf(claim: Claim): string {
  const seen = claim.firstSeen ?? claim.lastSeen;
  return seen <= claim.timestamp ? seen : claim.timestamp;
}

export function stateOf(claim: Claim): State {
  return { claims: [claim], firstSeen: earliestOf(claim), outside: claim.outside };
}

/** What the same feed said before for that source under that ref, if it is remembered. */
export function claimOf(state: State, claim: Claim): Claim | undefined {
  return state.claims.find((known) => sameKey(known, claim));
}

function sameKey(a: Claim, b: Claim): boolean {
  return a.feed === b.feed && a.source === b.source && a.ref === b.ref;
}

/**
 * True when `a` is told later than `b` and so replaces it. Statements of one moment: the order in which they were read decides where the
 * source told no time, else a withdrawal wins, then the content hash, so that every worker decides alike; equal content is the same
 * statement, of which the one with the later sighting stays.
 */
export function supersedes(a: Claim, b: Claim): boolean {
  if (a.timestamp !== b.timestamp) return a.timestamp > b.timestamp;
  if (a.sequence !== b.sequence) return a.sequence > b.sequence;
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
    const at = merged.findIndex((other) => sameKey(other, claim));
    const other = at < 0 ? undefined : merged[at];
    if (other === undefined) merged.push(claim);
    else if (supersedes(claim, other)) merged[at] = claim;
  }
  return merged;
}

/** Newest first; one order over all claims of a state, because (feed, source, ref) is unique in it. */
function newestFirst(a: Claim, b: Claim): number {
  if (a.timestamp !== b.timestamp) return a.timestamp > b.timestamp ? -1 : 1;
  if (a.feed !== b.feed) return a.feed < b.feed ? -1 : 1;
  if (a.source !== b.source) return a.source < b.source ? -1 : 1;
  if (a.ref !== b.ref) return a.ref < b.ref ? -1 : 1;
  return 0;
}

/**
 * Deals the places out in rounds: first the newest claim of every feed, then the second of every feed, and so on. So each feed has its share,
 * its own oldest go first, and a place that one does not need is another's.
 */
function withinBounds(claims: Claim[]): Claim[] {
  if (claims.length <= 1) return claims;
  claims.sort(newestFirst);
  if (claims.length <= MAX_REFS_PER_SOURCE) return claims;
  const perSource = new Map<string, number>();
  const perFeed = new Map<string, number>();
  const rounds: Claim[][] = [];
  for (const claim of claims) {
    const source = `${claim.feed}\0${claim.source}`;
    const refs = perSource.get(source) ?? 0;
    if (refs >= MAX_REFS_PER_SOURCE) continue;
    perSource.set(source, refs + 1);
    const round = perFeed.get(claim.feed) ?? 0;
    perFeed.set(claim.feed, round + 1);
    rounds[round] ??= [];
    rounds[round].push(claim);
  }
  return rounds.flat().slice(0, MAX_CLAIMS).sort(newestFirst);
}
