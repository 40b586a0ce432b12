import { actionOf } from './action.ts';
import type { Outcome } from './backends/backend.ts';
import type { Move } from './coverage.ts';
import type { BlockRow } from './ledger/block-row.ts';
import type { Ledger } from './ledger/ledger.ts';

/** What happened, for counts and the log. */
export interface Tally {
  planned: number;
  enforced: number;
  renewed: number;
  lifted: number;
  /** Came to their deadline. */
  ended: number;
  refused: number;
}

export function emptyTally(): Tally {
  return { planned: 0, enforced: 0, renewed: 0, lifted: 0, ended: 0, refused: 0 };
}

export interface RecordContext {
  readonly ledger: Ledger;
  readonly actor: string;
  readonly enforces: boolean;
  readonly now: number;
  readonly tally: Tally;
}

/**
 * Writes down what the firewall took of one transaction, with the actions to be published; to be called inside `ledger.write`.
 * A row whose wish changed while the firewall was busy (another process asked for an unblock) keeps the new wish: only
 * what the firewall holds is noted.
 *
 * @returns false when the rest of the plan rests on something that the firewall refused
 */
export function recordMoves(moves: readonly Move[], outcomes: readonly Outcome[], context: RecordContext): boolean {
  let asPlanned = true;
  moves.forEach((move, index) => {
    const row = context.ledger.rows.get(move.row.value);
    const outcome = outcomes[index];
    if (row === undefined || outcome === undefined) return;
    if (outcome.ok) recordDone(row, move, context);
    else {
      recordFailed(row, move, outcome, context);
      asPlanned = false;
    }
  });
  return asPlanned;
}

function recordDone(row: BlockRow, move: Move, context: RecordContext): void {
  const held = { ...row, kernelUntil: move.kernelUntil, coveredBy: move.coveredBy };
  // The block was made even if its wish has changed since; the action's id makes it one.
  if (move.settles && move.row.state === 'intent-block') announce('block', move.row, context);
  const after = move.settles && row.seq === move.row.seq ? settled(held, context) : held;
  if (after.state === row.state) context.ledger.rows.putHeld(after);
  else context.ledger.rows.put(after);
}

/** The row after its wish has come true. */
function settled(row: BlockRow, context: RecordContext): BlockRow {
  const { tally, enforces, now } = context;
  switch (row.state) {
    case 'intent-block':
      tally[enforces ? 'enforced' : 'planned'] += 1;
      return { ...row, state: enforces ? 'enforced' : 'planned', dirty: false, changedAt: now };
    case 'intent-unblock':
      tally.lifted += 1;
      announce('unblock', row, context);
      return { ...row, state: 'released', dirty: false, changedAt: now };
    case 'enforced':
    case 'planned':
      tally.renewed += 1;
      return { ...row, dirty: false };
    case 'waiting':
    case 'released':
    case 'refused':
      return { ...row, dirty: false };
    default: {
      const never: never = row.state;
      return never;
    }
  }
}

function recordFailed(
  row: BlockRow,
  move: Move,
  outcome: Extract<Outcome, { ok: false }>,
  context: RecordContext,
): void {
  const { ledger, tally, now } = context;
  if (move.change?.kind === 'remove') {
    // It is still there. Say so, and do not try for ever: it ends by itself.
    const kept = { ...row, coveredBy: null, dirty: false, changedAt: now };
    ledger.rows.put(row.state === 'intent-unblock' ? { ...kept, state: 'released' } : kept);
    return;
  }
  if (row.kernelUntil > now) {
    // A renewal failed: what is there stands until its own deadline.
    ledger.rows.put({ ...row, until: row.kernelUntil, dirty: false, changedAt: now });
    return;
  }
  const reason = `the firewall does not take it (${outcome.message})`;
  const refused: BlockRow = {
    ...row,
    state: 'refused',
    code: outcome.code,
    reason,
    kernelUntil: 0,
    coveredBy: null,
    dirty: false,
    changedAt: now,
    seq: row.seq + 1,
  };
  ledger.rows.put(refused);
  for (const left of ledger.rows.coveredBy(row.value)) ledger.rows.put({ ...left, coveredBy: null, dirty: true });
  tally.refused += 1;
  announce('refuse', refused, context);
}

function announce(verb: 'block' | 'unblock' | 'refuse', row: BlockRow, context: RecordContext): void {
  context.ledger.actions.add(actionOf(verb, row, context), context.now);
}
