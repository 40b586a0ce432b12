import { type Amount, amountOf } from './fuse.ts';
import { lift } from './intake.ts';
import type { BlockRow } from './ledger/block-row.ts';
import type { BlockRows } from './ledger/block-rows.ts';
import { countHeld, type Load, laneOf } from './ledger/load.ts';
import { plainText } from './policy.ts';

/** Rows that may have to go for a single one: a wide network does not empty the queue of a thousand hosts. */
const MOST_DROPPED = 100;

/**
 * Makes room for `wanted`, which found none: the feed that holds most of what there is too much of gives up its least scores, what
 * waits before what stands, as long as it still holds more than the feed that asks. So whoever lists thousands takes what is free and not
 * what others need. To be called inside `ledger.write`; what waits is taken away from `load` at once, and so is what is about to be lifted.
 *
 * @returns whether there is room now
 */
export function makeRoom(
  wanted: BlockRow,
  about: keyof Amount,
  { rows, load, now }: { rows: BlockRows; load: Load; now: number },
): boolean {
  const lane = laneOf(wanted);
  const need = amountOf(wanted.prefix)[about];
  const after = (load.lanes.get(lane)?.[about] ?? 0) + need;
  const [giver, most] = largest(load, about);
  if (giver === undefined || giver === lane || most - need < after) return false;

  const dropped: BlockRow[] = [];
  let freed = 0;
  for (const row of rows.least(giver, about, Math.min(need, MOST_DROPPED))) {
    if (freed >= need) break;
    dropped.push(row);
    freed += amountOf(row.prefix)[about];
  }
  if (freed < need) return false;
  const reason = `feed ${plainText(giver)} holds more than its share, and feed ${plainText(lane)} needs room`;
  for (const row of dropped) {
    rows.put(lift(row, { code: 'FUSE_SHARE', reason }, now));
    countHeld(load, giver, row.prefix, -1);
  }
  return true;
}

function largest(load: Load, about: keyof Amount): [string | undefined, number] {
  let giver: string | undefined;
  let most = 0;
  for (const [lane, amount] of load.lanes) {
    if (amount[about] <= most) continue;
    giver = lane;
    most = amount[about];
  }
  return [giver, most];
}
