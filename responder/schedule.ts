import { actionOf } from './action.ts';
import { grantWaiting, type ScheduleContext } from './grant.ts';
import type { GuardEntry, Refusal } from './guard.ts';
import { lift } from './intake.ts';
import { type BlockRow, STANDING_STATES } from './ledger/block-row.ts';

/** Rows handled in one transaction. */
const MOST_ROWS = 5000;

/** The kernel counts whole seconds up: a row is kept as long as the firewall may hold it. */
const KERNEL_GRACE = 1500;

/** A network that stands for others is lifted this much early, so that they take its place before the kernel drops it. */
const SUCCESSION = 2000;

const DEADLINE: Refusal = { code: 'DEADLINE', reason: 'its block time ran out' };

/** Ends what came to its deadline and grants what waits as far as the fuse allows; to be called inside `ledger.write`. */
export function schedule(context: ScheduleContext): void {
  endBlocks(context);
  grantWaiting(context);
}

function endBlocks({ ledger, actor, enforces, now, tally }: ScheduleContext): void {
  const { rows, actions } = ledger;
  for (const row of rows.endingCovers(now + SUCCESSION)) rows.put(lift(row, DEADLINE, now));
  for (const row of rows.ending(['waiting', 'intent-block'], now, MOST_ROWS)) rows.put(ended(row, now));
  for (const row of [
    ...rows.ending(['planned'], now, MOST_ROWS),
    ...rows.ending(['enforced'], now - KERNEL_GRACE, MOST_ROWS),
  ]) {
    const released = ended(row, now);
    rows.put(released);
    for (const left of rows.coveredBy(row.value)) rows.put({ ...left, coveredBy: null, dirty: true });
    actions.add(actionOf('unblock', released, { actor, enforces, now }), now);
    tally.ended += 1;
  }
}

function ended(row: BlockRow, now: number): BlockRow {
  const { code, reason } = DEADLINE;
  const gone = { kernelUntil: 0, coveredBy: null, dirty: false, changedAt: now, seq: row.seq + 1 };
  return { ...row, ...gone, state: 'released', code, reason };
}

/** Lifts what stands and overlaps these; to be called inside `ledger.write`. Returns how many. */
export function liftOverlapping(entries: readonly GuardEntry[], context: ScheduleContext): number {
  let lifted = 0;
  for (const { prefix } of entries) {
    const standing = context.ledger.rows.list({ overlapping: prefix, states: STANDING_STATES, limit: MOST_ROWS });
    lifted += liftRefused(standing, context);
  }
  return lifted;
}

/** Lifts everything that stands and may not; for a start, when lists and limits may have changed. */
export function liftForbidden(context: ScheduleContext): number {
  let lifted = 0;
  for (const state of STANDING_STATES) {
    for (const page of context.ledger.rows.inState(state)) lifted += liftRefused(page, context);
  }
  return lifted;
}

function liftRefused(standing: readonly BlockRow[], { ledger, guard, fuse, now }: ScheduleContext): number {
  let lifted = 0;
  for (const row of standing) {
    const refusal = guard.check(row.prefix) ?? fuse.tooWide(row.prefix);
    if (refusal === undefined) continue;
    ledger.rows.put(lift(row, refusal, now));
    lifted += 1;
  }
  return lifted;
}
