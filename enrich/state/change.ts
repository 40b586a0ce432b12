import type { EventAction } from '../../core/contract/enriched-document.ts';
import { parseIso } from '../../core/contract/told-time.ts';
import type { Claim } from './claim.ts';
import { claimOf, type State, seesEarlier, supersedes } from './merge.ts';

/**
 * What a claim would do to a state.
 *
 * A claim that only says again what is known, with a sighting or an end that moved by less than `quantum`, changes nothing: a steady feed
 * then costs neither a write nor a message. The quantum is a quarter of min(lifetime, block time), so that expiry and renewal of
 * blocks still see a sighting in time.
 */
export function changeOf(state: State | undefined, claim: Claim, quantum: number): EventAction | 'nothing' {
  if (state === undefined) return 'new';
  const known = claimOf(state, claim);
  if (known === undefined) return claim.revoked ? 'revoked' : 'updated';
  if (!supersedes(claim, known)) return seesEarlier(claim, state) ? 'updated' : 'nothing';
  if (claim.hash !== known.hash) return claim.revoked && !known.revoked ? 'revoked' : 'updated';
  if (seesEarlier(claim, state)) return 'updated';
  return movedEnough(
    parseIso(known.timestamp),
    parseIso(known.lastSeen),
    endOf(known),
    parseIso(claim.lastSeen),
    endOf(claim),
    quantum,
  )
    ? 'seen'
    : 'nothing';
}

/** Epoch ms of `valid_until`; 0 = none told. */
export function endOf(claim: Claim): number {
  return claim.validUntil === undefined ? 0 : parseIso(claim.validUntil);
}

/**
 * Has a claim's sighting or end moved so far that it must be written? All in epoch ms, an end of 0 is none.
 *
 * What was granted for a short time must be renewed in a part of it: a list that grants 24 h would lapse under a longer quantum. An end that stays
 * where it is needs no renewing, and a grant that had run out when it was told grants nothing.
 */
export function movedEnough(
  knownTimestamp: number,
  knownSeen: number,
  knownEnd: number,
  seen: number,
  end: number,
  quantum: number,
): boolean {
  if (Math.abs(seen - knownSeen) >= quantum) return true;
  if (end === knownEnd) return false;
  if (knownEnd === 0 || end === 0) return true;
  const grant = knownEnd - knownTimestamp;
  return Math.abs(end - knownEnd) >= (grant > 0 ? Math.min(quantum, grant / 4) : quantum);
}
