import type { Status } from '../../core/contract/enriched-document.ts';
import { LONGEST_LIFE } from '../../core/contract/raw-indicator.ts';
import { strictestTlp, type Tlp } from '../../core/contract/tlp.ts';
import { parseIso } from '../../core/contract/told-time.ts';
import type { IndicatorType } from '../../core/indicator/type.ts';
import type { Claim, Judgement } from './claim.ts';
import type { State } from './merge.ts';
import type { Policy } from './policy.ts';
import { scoreOf } from './score.ts';

export interface JudgedClaim extends Judgement {
  readonly claim: Claim;
  readonly live: boolean;
  /** Of a claim that is still to come: when it begins to be live, epoch ms. */
  readonly beginsAt: number | undefined;
}

/** What follows from a state at a moment. Never fed back into the state. Times are epoch ms. */
export interface Derived {
  readonly status: Status;
  readonly judged: readonly JudgedClaim[];
  /** The claim that gives score, confidence, severity and text: the highest-scoring live one that stands alone. */
  readonly winner: JudgedClaim;
  /** 0 unless the winner is live. */
  readonly score: number;
  readonly composite: boolean;
  readonly lastSeen: string;
  readonly expiresAt: number;
  /** When the first live claim lapses or the next one begins; undefined when nothing is live or to come. */
  readonly recheckAt: number | undefined;
  readonly sources: readonly string[];
  readonly tags: readonly string[];
  readonly malware: readonly string[];
  readonly tlp: Tlp | undefined;
  readonly allowedBy: string | undefined;
}

/**
 * Derives an indicator from its claims.
 *
 * Two half-sure sources do not add up to one that is sure: the score is that of one claim, named in `why`. A part of a compound pattern
 * never speaks for itself, so a composite claim wins only when no other is live.
 */
export function derive(
  type: IndicatorType,
  state: State,
  allowedBy: string | undefined,
  policy: Policy,
  now: number,
): Derived {
  const judged = state.claims.map((claim) => judge(type, claim, policy, now));
  const live = judged.filter((each) => each.live);
  const telling = oursFirst(live.length > 0 ? live : judged);
  const winner = telling.reduce((best, each) => (outranks(each, best) ? each : best));
  let tlp: Tlp | undefined;
  let lastSeen = '';
  let expiresAt = 0;
  let recheckAt: number | undefined;
  const oursTell = telling[0]?.claim.outside === false;
  for (const each of telling) {
    if (each.live && (recheckAt === undefined || each.expiresAt < recheckAt)) recheckAt = each.expiresAt;
    // how freely it may be passed on, when it was seen and until when it counts is for those to say who may speak for us
    if (oursTell && each.claim.outside) continue;
    tlp = strictestTlp(tlp, each.claim.tlp);
    if (each.claim.lastSeen > lastSeen) lastSeen = each.claim.lastSeen;
    if (each.expiresAt > expiresAt) expiresAt = each.expiresAt;
  }
  for (const { beginsAt } of judged)
    if (beginsAt !== undefined && (recheckAt === undefined || beginsAt < recheckAt)) recheckAt = beginsAt;
  const status = statusOf(allowedBy !== undefined, live.length > 0, lastWord(judged).revoked);
  return {
    status,
    judged,
    winner,
    score: winner.live ? winner.score : 0,
    composite: telling.every((each) => each.claim.composite),
    lastSeen,
    expiresAt,
    recheckAt: status === 'allowed' ? undefined : recheckAt,
    sources: union(telling, (claim) => [claim.source]),
    tags: union(telling, (claim) => claim.tags),
    malware: union(telling, (claim) => claim.malware),
    tlp,
    allowedBy,
  };
}

function statusOf(allowed: boolean, anyLive: boolean, newestIsRevoked: boolean): Status {
  if (allowed) return 'allowed';
  if (anyLive) return 'active';
  return newestIsRevoked ? 'revoked' : 'expired';
}

/** The claims of our feeds before those of outsiders: where room is short, outsiders go. */
function oursFirst(claims: readonly JudgedClaim[]): readonly JudgedClaim[] {
  if (!claims.some(({ claim }) => claim.outside)) return claims;
  return [...claims.filter(({ claim }) => !claim.outside), ...claims.filter(({ claim }) => claim.outside)];
}

/** The newest claim of our feeds; with none of them, of all. */
function lastWord(judged: readonly JudgedClaim[]): Claim {
  return judged
    .map(({ claim }) => claim)
    .reduce((last, claim) => {
      if (claim.outside !== last.outside) return last.outside ? claim : last;
      return claim.timestamp > last.timestamp ? claim : last;
    });
}

/**
 * Severity, score and span of one claim. Live from `valid_from` until revoked or past `valid_until`; without an end, until the lifetime after
 * the last sighting, or after the beginning where that is later.
 */
export function judge(type: IndicatorType, claim: Claim, policy: Policy, now: number): JudgedClaim {
  const severity =
    claim.severity ?? policy.severity({ type, tags: claim.tags, categories: claim.categories, malware: claim.malware });
  const seen = parseIso(claim.lastSeen);
  const from = claim.validFrom === undefined ? 0 : parseIso(claim.validFrom);
  const told = Math.max(seen, parseIso(claim.timestamp));
  // what begins in the year 9999 is forgotten like what ends there
  const begins = Math.min(from, told + LONGEST_LIFE);
  const expiresAt =
    claim.validUntil === undefined
      ? Math.max(seen, begins) + policy.lifetimes[type]
      : Math.min(parseIso(claim.validUntil), Math.max(told, begins) + LONGEST_LIFE);
  const toCome = from > now;
  return {
    claim,
    severity,
    score: scoreOf(claim.confidence, severity, policy.weights),
    expiresAt,
    live: !claim.revoked && !toCome && expiresAt > now,
    beginsAt: toCome && !claim.revoked && expiresAt > from ? from : undefined,
  };
}

/** One order over the claims of a state: standing alone, then score, then the newer statement, then names, so that all workers agree. */
function outranks(a: JudgedClaim, b: JudgedClaim): boolean {
  if (a.claim.composite !== b.claim.composite) return b.claim.composite;
  if (a.score !== b.score) return a.score > b.score;
  if (a.claim.outside !== b.claim.outside) return b.claim.outside;
  if (a.claim.timestamp !== b.claim.timestamp) return a.claim.timestamp > b.claim.timestamp;
  if (a.claim.feed !== b.claim.feed) return a.claim.feed < b.claim.feed;
  if (a.claim.source !== b.claim.source) return a.claim.source < b.claim.source;
  return a.claim.ref < b.claim.ref;
}

/** Most values of one kind in a document: a feed with thousands of tags must not grow it without end. */
const MOST = 64;

function union(claims: readonly JudgedClaim[], pick: (claim: Claim) => readonly string[]): readonly string[] {
  const first = claims[0];
  if (claims.length === 1 && first !== undefined) return pick(first.claim);
  const values = new Set<string>();
  for (const { claim } of claims) for (const value of pick(claim)) if (values.size < MOST) values.add(value);
  return [...values].sort();
}
