import { actionOf } from './action.ts';
import { type Fuse, minuteBefore } from './fuse.ts';
import type { Guard } from './guard.ts';
import type { BlockRow } from './ledger/block-row.ts';
import type { RecordContext } from './record.ts';

/** What decides over what stands and what waits. */
export interface ScheduleContext extends RecordContext {
  readonly fuse: Fuse;
  readonly guard: Pick<Guard, 'check'>;
}

/** Rows granted in one transaction. */
const MOST_ROWS = 5000;

/** A feed, or a source without one, whose blocks wait for their turn. */
interface Lane {
  readonly name: string;
  /** Highest score first. */
  readonly waiting: BlockRow[];
  next: number;
  /** Blocks of it begun in the last minute. */
  started: number;
}

/**
 * Grants what waits as far as the fuse allows, to be called inside `ledger.write`. Each turn is that of the feed that had the fewest in the
 * last minute, and its highest score is taken: a feed that lists thousands waits for itself alone.
 */
export function grantWaiting(context: ScheduleContext): void {
  const { ledger, fuse, now } = context;
  const names = ledger.rows.waitingLanes();
  if (names.length === 0) return;
  const { active } = ledger.rows.load();
  const started = ledger.rows.startedSince(minuteBefore(now), now);
  const startedLastMinute = [...started.values()].reduce((sum, count) => sum + count, 0);
  const room = fuse.allowance({ active: active.rows, startedLastMinute: 0 });
  const left = Math.min(MOST_ROWS, fuse.allowance({ active: active.rows, startedLastMinute }));
  const most = Math.max(left, fuse.late);
  const lanes = names.map((name): Lane => {
    return { name, waiting: ledger.rows.waitingIn(name, most), next: 0, started: started.get(name) ?? 0 };
  });

  let granted = 0;
  const grantTo = (lane: Lane): void => {
    const row = lane.waiting[lane.next];
    lane.next += 1;
    // more may be active than the limits of today allow: then it waits on
    if (row === undefined || fuse.noRoom(row.prefix, active) !== undefined || !grant(row, context)) return;
    lane.started += 1;
    granted += 1;
  };
  for (let lane = nextOf(lanes); lane !== undefined && granted < left; lane = nextOf(lanes)) grantTo(lane);

  const overdrawn = Math.max(0, startedLastMinute + granted - fuse.perMinute);
  const late = Math.min(room, granted + fuse.late - overdrawn);
  for (let lane = nextOf(lanes); lane !== undefined && granted < late; lane = nextOf(lanes)) {
    if (lane.started >= fuse.late) break;
    grantTo(lane);
  }
}

/** Whose turn it is; undefined when nothing waits. */
function nextOf(lanes: readonly Lane[]): Lane | undefined {
  let next: Lane | undefined;
  for (const lane of lanes) if (headOf(lane) !== undefined && (next === undefined || isBefore(lane, next))) next = lane;
  return next;
}

function isBefore(a: Lane, b: Lane): boolean {
  return a.started === b.started ? (headOf(a)?.score ?? 0) > (headOf(b)?.score ?? 0) : a.started < b.started;
}

function headOf(lane: Lane): BlockRow | undefined {
  return lane.waiting[lane.next];
}

/** Guard and limits are asked again: much can have changed while a row waited. */
function grant(row: BlockRow, { ledger, fuse, guard, actor, enforces, now, tally }: ScheduleContext): boolean {
  const { rows, actions } = ledger;
  const refusal = guard.check(row.prefix) ?? fuse.tooWide(row.prefix);
  if (refusal === undefined) {
    rows.put({ ...row, state: 'intent-block', blockedAt: now, changedAt: now, dirty: true, seq: row.seq + 1 });
    return true;
  }
  const refused: BlockRow = { ...row, ...refusal, state: 'refused', changedAt: now, seq: row.seq + 1 };
  rows.put(refused);
  actions.add(actionOf('refuse', refused, { actor, enforces, now }), now);
  tally.refused += 1;
  return false;
}
