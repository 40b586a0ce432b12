import { type EnrichedDocument, isLater, momentOf } from '../core/contract/enriched-document.ts';
import type { Prefix } from '../core/indicator/address.ts';
import { isHost } from '../core/indicator/prefix-index.ts';
import type { Amount, Fuse } from './fuse.ts';
import type { Guard, Refusal } from './guard.ts';
import { type BlockRow, isStanding } from './ledger/block-row.ts';
import { type Decision, decide, lapsed, type PolicyTerms } from './policy.ts';

/** A document about an address, with the address as bytes. */
export interface Sighting {
  readonly document: EnrichedDocument;
  /** Canonical text of the prefix: the row's key. */
  readonly value: string;
  readonly prefix: Prefix;
}

export interface IntakeContext {
  readonly now: number;
  readonly terms: PolicyTerms;
  readonly guard: Pick<Guard, 'check'>;
  readonly fuse: Fuse;
  /** What is active or waits; kept up to date by the caller while it writes rows. */
  readonly held: Readonly<Amount>;
}

/** The row to write, or undefined when the document changes nothing. `refused`: it is refused for a reason that was not told before. */
export interface Intake {
  readonly row: BlockRow;
  readonly refused: boolean;
  /** Refused for now: what there is too much of. */
  readonly full?: keyof Amount;
}

/** What a document means for its row. Pure; a moment that is not after the one that was acted on means nothing. */
export function intake(sighting: Sighting, row: BlockRow | undefined, context: IntakeContext): Intake | undefined {
  const { document } = sighting;
  if (row !== undefined && !isLater(momentOf(document.tipline), row)) return undefined;
  const decision = decide(document, context.now, context.terms);
  switch (decision.kind) {
    case 'block':
      return wantBlock(sighting, row, decision, context);
    case 'unblock':
      return row === undefined ? undefined : unrefused(lift(noted(row, sighting), decision, context.now));
    case 'none': {
      if (row === undefined) return undefined;
      const ended = isStanding(row) ? lapsed(document, row, context.now) : undefined;
      if (ended !== undefined) return unrefused(lift(noted(row, sighting), ended, context.now));
      const unmet = { code: 'NO_LONGER_MET', reason: 'it no longer meets the terms' };
      return unrefused(row.state === 'waiting' ? lift(noted(row, sighting), unmet, context.now) : noted(row, sighting));
    }
    default: {
      const never: never = decision;
      return never;
    }
  }
}

/** Takes back what a row wants: at once when the firewall was never asked, else by an intent. */
export function lift(row: BlockRow, why: Refusal, now: number): BlockRow {
  const told = { code: why.code, reason: why.reason, changedAt: now, seq: row.seq + 1 };
  switch (row.state) {
    case 'waiting':
      return { ...row, ...told, state: 'released' };
    case 'intent-block':
    case 'enforced':
    case 'planned':
      return { ...row, ...told, state: 'intent-unblock', dirty: true };
    case 'intent-unblock':
    case 'released':
    case 'refused':
      return row;
    default: {
      const never: never = row.state;
      return never;
    }
  }
}

function wantBlock(
  sighting: Sighting,
  row: BlockRow | undefined,
  decision: Extract<Decision, { kind: 'block' }>,
  context: IntakeContext,
): Intake {
  const { now, guard, fuse, held } = context;
  const wanted = wantedRow(sighting, row, decision, now);
  if (row !== undefined && row.holdUntil > now) return unrefused(noted(row, sighting));

  const refusal = guard.check(sighting.prefix) ?? fuse.tooWide(sighting.prefix);
  if (refusal !== undefined) return refuse(wanted, row, refusal, now);

  switch (row?.state) {
    case 'waiting':
      return unrefused({ ...wanted, state: 'waiting', dirty: false, queuedAt: row.queuedAt });
    case 'intent-block':
    case 'enforced':
    case 'planned':
      // seen again: the deadline moves, never back
      return unrefused({
        ...wanted,
        state: row.state,
        until: Math.max(row.until, wanted.until),
        dirty: row.state !== 'planned',
      });
    case 'intent-unblock':
      // wanted again before it was lifted: it never left the firewall, so the fuse has nothing to say
      return unrefused({ ...wanted, state: 'intent-block' });
    case 'released':
    case 'refused':
    case undefined: {
      const full = fuse.noRoom(sighting.prefix, held);
      if (full !== undefined) return { ...refuse(wanted, row, full, now), full: full.about };
      return unrefused({ ...wanted, state: 'waiting', dirty: false, queuedAt: now });
    }
    default: {
      const never: never = row?.state as never;
      return never;
    }
  }
}

function wantedRow(
  { document, value, prefix }: Sighting,
  row: BlockRow | undefined,
  { claim, until, reason }: Extract<Decision, { kind: 'block' }>,
  now: number,
): BlockRow {
  return {
    value,
    indicator: document.tipline.id,
    type: isHost(prefix) ? 'ip' : 'cidr',
    prefix,
    ...momentOf(document.tipline),
    state: 'waiting',
    until,
    kernelUntil: row?.kernelUntil ?? 0,
    coveredBy: row?.coveredBy ?? null,
    score: claim.score,
    feed: claim.feed ?? null,
    source: claim.source,
    ref: claim.ref ?? null,
    reason,
    code: null,
    holdUntil: 0,
    queuedAt: row?.queuedAt ?? 0,
    blockedAt: row?.blockedAt ?? 0,
    changedAt: now,
    dirty: true,
    seq: (row?.seq ?? 0) + 1,
  };
}

function refuse(wanted: BlockRow, row: BlockRow | undefined, refusal: Refusal, now: number): Intake {
  if (row !== undefined && isStanding(row)) {
    // It stands already, and must not: somebody put it on a list, or the limits were lowered.
    return unrefused(lift({ ...row, ...momentOf(wanted), indicator: wanted.indicator }, refusal, now));
  }
  if (row?.state === 'intent-unblock') return unrefused({ ...row, ...momentOf(wanted) });
  const known = row?.state === 'refused' && row.code === refusal.code;
  const refused: BlockRow = {
    ...wanted,
    state: 'refused',
    code: refusal.code,
    reason: refusal.reason,
    dirty: false,
    changedAt: known ? row.changedAt : now,
  };
  return { row: refused, refused: !known };
}

function noted(row: BlockRow, { document }: Sighting): BlockRow {
  return { ...row, ...momentOf(document.tipline), indicator: document.tipline.id };
}

function unrefused(row: BlockRow): Intake {
  return { row, refused: false };
}
