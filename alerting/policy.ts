import type { EnrichedDocument, Moment, SlimClaim } from '../core/contract/enriched-document.ts';
import { isLater, isLive, momentOf } from '../core/contract/enriched-document.ts';
import type { OutboxRow } from '../store/port.ts';
import { alertOf } from './alert-row.ts';

/** Name of the one policy there is: a score above a threshold. Part of every outbox row's id. */
const POLICY = 'threshold';

export interface AlertPolicy {
  /** Strictly above. */
  threshold: number;
  /** Milliseconds after which an indicator that is still reported is alerted again. */
  repeatAfter: number;
}

/**
 * What a document does to its row:
 * - open: it waits for a mail, for the first time, anew, or again after `repeatAfter`;
 * - refresh: it waits already, the mail will show the newer facts;
 * - close: it is no longer alertable, and leaves unmailed if no mail has taken it yet;
 * - keep: it was alerted lately;
 * - stale: an older or repeated document;
 * - none: never alertable, or closed already.
 */
export type Decision =
  | { kind: 'open' | 'refresh' | 'close'; row: OutboxRow }
  | { kind: 'keep' }
  | { kind: 'stale' }
  | { kind: 'none' };

export function rowId(indicatorId: string): string {
  return `${POLICY}:${indicatorId}`;
}

/**
 * The claim that makes a document alertable at `now` (epoch ms): live, not composite, the highest of those above the threshold.
 * A claim of our feeds goes before one of outsiders, or these could take every alert for their own. One claim must meet all of it: two half-sure
 * sources do not add up to one that is sure. The document's own `threat_score` is not asked, because the claim it came from may have lapsed since.
 */
export function alertableClaim(document: EnrichedDocument, threshold: number, now: number): SlimClaim | undefined {
  const { status, benign } = document.tipline;
  if (status !== 'active' || benign !== undefined) return undefined;
  let best: SlimClaim | undefined;
  for (const claim of document.tipline.claims) {
    if (claim.composite === true || claim.score <= threshold || !isLive(claim, now)) continue;
    if (best === undefined || speaksBefore(claim, best)) best = claim;
  }
  return best;
}

function speaksBefore(a: SlimClaim, b: SlimClaim): boolean {
  if (a.outside !== b.outside) return b.outside === true;
  return a.score > b.score;
}

/** Pure: the same document decided twice on its own result is `stale`. */
export function decide(
  document: EnrichedDocument,
  row: OutboxRow | undefined,
  policy: AlertPolicy,
  now: number,
): Decision {
  const { id, born } = document.tipline;
  if (row !== undefined && !isNewer(document, row)) return { kind: 'stale' };
  const moment = momentOf(document.tipline);

  const claim = alertableClaim(document, policy.threshold, now);
  if (claim === undefined) {
    if (row === undefined || !row.open) return { kind: 'none' };
    const state = row.state === 'pending' ? 'quiet' : row.state;
    return { kind: 'close', row: { ...row, ...moment, born, open: false, state } };
  }

  if (row?.open === true && row.state === 'pending') {
    return { kind: 'refresh', row: { ...row, ...moment, born, alert: alertOf(document, claim, row.alert.again) } };
  }
  // what was mailed for outsiders alone must not keep a feed of ours from being heard
  const heard = row?.alert.outside !== true || claim.outside === true;
  if (row?.open === true && heard && (now - row.alertedAt < policy.repeatAfter || isRetold(moment, claim, row))) {
    return { kind: 'keep' };
  }

  const alertedAt = row?.alertedAt ?? 0;
  return {
    kind: 'open',
    row: {
      id: rowId(id),
      policy: POLICY,
      ...moment,
      born,
      open: true,
      state: 'pending',
      alertedAt,
      mail: null,
      alert: alertOf(document, claim, alertedAt > 0),
    },
  };
}

/** Documents of before lives were told of have none; then an indicator that was pruned and came back is known by another birth. */
function isNewer({ tipline }: EnrichedDocument, row: OutboxRow): boolean {
  const [told, acted] = [momentOf(tipline), momentOf(row)];
  return isLater(told, acted) || (told.life === 0 && acted.life === 0 && tipline.born !== row.born);
}

/** A store that was rebuilt tells everything anew; what nobody has seen since it was mailed is no news. */
function isRetold({ life }: Moment, claim: SlimClaim, row: OutboxRow): boolean {
  return life !== momentOf(row).life && Date.parse(claim.last_seen) <= row.alertedAt;
}
