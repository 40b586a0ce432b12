import { type EnrichedDocument, isLive, type SlimClaim } from '../core/contract/enriched-document.ts';
import { formatDuration } from '../core/process/duration.ts';

/** No block outlives this, whatever the configuration says. */
export const LONGEST_BLOCK = 7 * 86_400_000;

/** The firewall counts in seconds. */
const SHORTEST_BLOCK = 1000;

/** A block ends up to this share early, so that what was blocked in one minute does not come back in one minute. */
const JITTER = 0.05;

/** What one claim must meet, all together; durations in ms. */
export interface PolicyTerms {
  readonly minConfidence: number;
  readonly minScore: number;
  /** Since the threat was last seen. */
  readonly maxAge: number;
  /** Any of these, in lower case; empty: no tag is asked for. */
  readonly tags: ReadonlySet<string>;
  readonly blockFor: number;
}

export type Decision =
  /** `until`: epoch ms at which the block ends by itself. */
  | { readonly kind: 'block'; readonly until: number; readonly claim: SlimClaim; readonly reason: string }
  | {
      readonly kind: 'unblock';
      readonly code: 'REVOKED' | 'EXPIRED' | 'ALLOWED' | 'BENIGN';
      readonly reason: string;
    }
  | { readonly kind: 'none' };

/** The terms of an operator's `responder:` section. */
export function policyTerms(config: {
  min_confidence: number;
  min_score: number;
  max_age: number;
  tags: readonly string[];
  block_for: number;
}): PolicyTerms {
  return {
    minConfidence: config.min_confidence,
    minScore: config.min_score,
    maxAge: config.max_age,
    tags: new Set(config.tags.map((tag) => tag.toLowerCase())),
    blockFor: Math.min(config.block_for, LONGEST_BLOCK),
  };
}

/**
 * What should happen to this address at `now`. One live claim must meet all terms by itself: a sure source without the
 * tag and a doubtful source with it do not add up to a block. Pure: the same document and moment give the same answer.
 */
export function decide(document: EnrichedDocument, now: number, terms: PolicyTerms): Decision {
  const { status, benign, composite, claims } = document.tipline;
  switch (status) {
    case 'revoked':
    case 'expired':
      if (isOthersWord(claims)) return { kind: 'none' };
      if (status === 'expired') return { kind: 'unblock', code: 'EXPIRED', reason: 'no source lists it any more' };
      return { kind: 'unblock', code: 'REVOKED', reason: 'its source revoked it' };
    case 'allowed':
      return { kind: 'unblock', code: 'ALLOWED', reason: allowedReason(document) };
    case 'active':
      if (benign !== undefined) return { kind: 'unblock', code: 'BENIGN', reason: benignReason(benign) };
      return composite ? { kind: 'none' } : decideActive(document, now, terms);
    default: {
      const never: never = status;
      throw new TypeError(`unknown status ${String(never)}`);
    }
  }
}

function decideActive(document: EnrichedDocument, now: number, terms: PolicyTerms): Decision {
  let best: SlimClaim | undefined;
  for (const claim of document.tipline.claims) {
    if (meets(claim, now, terms) && (best === undefined || isBetter(claim, best))) best = claim;
  }
  if (best === undefined) return { kind: 'none' };
  const spread = 1 - JITTER * share(document.tipline.id);
  // No longer than the claim stands: if the record that says so never comes, the block still ends.
  const until = Math.min(now + Math.trunc(terms.blockFor * spread), Date.parse(best.expires_at));
  if (until - now < SHORTEST_BLOCK) return { kind: 'none' };
  return { kind: 'block', until, claim: best, reason: blockReason(best, now, terms) };
}

function meets(claim: SlimClaim, now: number, terms: PolicyTerms): boolean {
  return (
    claim.outside !== true &&
    isLive(claim, now) &&
    claim.composite !== true &&
    claim.confidence >= terms.minConfidence &&
    claim.score >= terms.minScore &&
    now - freshAt(claim) <= terms.maxAge &&
    (terms.tags.size === 0 || matchingTag(claim, terms.tags) !== undefined)
  );
}

/** Epoch ms. What began later than it was said is as fresh as its beginning: it could not be blocked before. */
function freshAt({ last_seen, valid_from }: SlimClaim): number {
  const seen = Date.parse(last_seen);
  return valid_from === undefined ? seen : Math.max(seen, Date.parse(valid_from));
}

/** Outsiders alone speak: what was blocked for a feed of ours, whose claim is remembered no more, runs to its own deadline. */
function isOthersWord(claims: readonly SlimClaim[]): boolean {
  return claims.length > 0 && claims.every((claim) => claim.outside === true);
}

function isBetter(a: SlimClaim, b: SlimClaim): boolean {
  return a.score !== b.score ? a.score > b.score : a.last_seen > b.last_seen;
}

function matchingTag(claim: SlimClaim, tags: ReadonlySet<string>): string | undefined {
  return claim.tags?.find((tag) => tags.has(tag.toLowerCase()));
}

/** 0 ≤ x < 1, the same for an indicator on every host and every time: its deadline moves, its place among others does not. */
function share(id: string): number {
  const head = Number.parseInt(id.slice(0, 8), 16);
  return Number.isNaN(head) ? 0 : head / 2 ** 32;
}

/** The claim that a block was made for. A block of before claims named their feed has none: any of ours may be the one. */
interface MadeFor {
  readonly feed: string | null;
  readonly source: string;
  readonly ref: string | null;
}

/**
 * Why a block no longer stands although nothing revoked the indicator as a whole: the very claim it was made for is
 * revoked or has run out. A claim that merely grew too old or less sure lets the block run to its deadline.
 */
export function lapsed(
  document: EnrichedDocument,
  madeFor: MadeFor,
  now: number,
): { code: 'CLAIM_REVOKED' | 'CLAIM_EXPIRED'; reason: string } | undefined {
  const claims = document.tipline.claims.filter((claim) => isThat(claim, madeFor));
  const [claim] = claims;
  if (claim === undefined || claims.some((one) => isLive(one, now))) return undefined;
  const source = speakerOf(claim);
  return claim.revoked === true
    ? { code: 'CLAIM_REVOKED', reason: `${source}, for whose word it was blocked, revoked it` }
    : { code: 'CLAIM_EXPIRED', reason: `${source}, for whose word it was blocked, lists it no more` };
}

function isThat(claim: SlimClaim, { feed, source, ref }: MadeFor): boolean {
  if (claim.source !== source || (claim.ref ?? null) !== ref) return false;
  return feed === null ? claim.outside !== true : claim.feed === feed;
}

/** Who says so, and which feed took it. */
function speakerOf({ feed, source }: SlimClaim): string {
  if (feed === undefined) return plainText(source);
  return feed === source ? `feed ${plainText(feed)}` : `${plainText(source)} (feed ${plainText(feed)})`;
}

function blockReason(claim: SlimClaim, now: number, terms: PolicyTerms): string {
  const age = Math.max(0, now - Date.parse(claim.last_seen));
  const parts = [
    `${speakerOf(claim)} says so with confidence ${claim.confidence} (at least ${terms.minConfidence})`,
    `seen ${age < 60_000 ? 'just now' : `${formatDuration(age - (age % 60_000))} ago`}`,
  ];
  const tag = matchingTag(claim, terms.tags);
  if (tag !== undefined) parts.push(`tagged ${plainText(tag)}`);
  return parts.join(', ');
}

function benignReason(list: string): string {
  return `a warning list knows it as harmless (${plainText(list)})`;
}

function allowedReason(document: EnrichedDocument): string {
  const entry = document.tipline.why.allowed_by;
  return entry === undefined ? 'the allow list spares it' : `the allow list spares it (${plainText(entry)})`;
}

/** Feed text for a sentence: one short line, without control or formatting characters. */
export function plainText(text: string): string {
  return text
    .slice(0, 100)
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, ' ')
    .trim();
}
