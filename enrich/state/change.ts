import type { EventAction } from '../../core/contract/enriched-document.ts';
import { parseIso } from '../steps/time.ts';
import type { Claim } from './claim.ts';
import { claimOf, earliestOf, type State, supersedes } from './merge.ts';

/**
 * What a claim would do to a state.
 *
 * A claim that only says again what is known, with a sighting or an end that moved by less than `quantum`, changes nothing: a steady feed
 * then costs neither a write nor a message. The quantum is a quarter of min(lifetime, block time), so that expiry and renewal of
 * blocks still see a sighting in time.
 */
export function changeOf(state: State | undefined, claim: Claim, quantum: number): EventAction | 'nothing' {
  if (state === undefined) return 'new';
  const known = claimOf(state, claim.source, claim.ref);
  if (known === undefined) return claim.revoked ? 'revoked' : 'updated';
  if (!supersedes(claim, known)) return earliestOf(claim) < state.firstSeen ? 'updated' : 'nothing';
  if (claim.hash !== known.hash) return claim.revoked && !known.revoked ? 'revoked' : 'updated';
  if (earliestOf(claim) < state.firstSeen) return 'updated';
  const step = stepOf(known, quantum);
  const moved = apart(claim.lastSeen, known.lastSeen) >= step || apart(claim.validUntil, known.validUntil) >= step;
  return moved ? 'seen' : 'nothing';
}

/** What was granted for a short time must be renewed in a part of it: a list that grants 24 h would lapse under a longer quantum. */
function stepOf(known: Claim, quantum: number): number {
  if (known.validUntil === undefined) return quantum;
  return Math.min(quantum, Math.max(0, parseIso(known.validUntil) - parseIso(known.timestamp)) / 4);
}

/** Milliseconds between two times; an end that appears or goes is as far as can be. */
function apart(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0;
  if (a === undefined || b === undefined) return Number.POSITIVE_INFINITY;
  return Math.abs(parseIso(a) - parseIso(b));
}
