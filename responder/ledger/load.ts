import type { Prefix } from '../../core/indicator/address.ts';
import { type Amount, addAmount, amountOf, NO_AMOUNT } from '../fuse.ts';

/** How full the ledger is. */
export interface Load {
  /** What is blocked, planned, or about to be. */
  readonly active: Amount;
  /** That, and what waits. */
  readonly held: Amount;
  /** The same by lane: the feed that a block rests on, or its source where no feed is known. */
  readonly lanes: Map<string, Amount>;
}

export function emptyLoad(): Load {
  return { active: { ...NO_AMOUNT }, held: { ...NO_AMOUNT }, lanes: new Map() };
}

/** The lane in which a block waits for its turn. */
export function laneOf({ feed, source }: { readonly feed: string | null; readonly source: string }): string {
  return feed ?? source;
}

/** Counts `times` blocks of one lane, as wide as `prefix`; a negative number takes them away. */
export function countHeld(load: Load, lane: string, prefix: Prefix, times: number): void {
  const amount = amountOf(prefix);
  const mine = load.lanes.get(lane) ?? { ...NO_AMOUNT };
  load.lanes.set(lane, mine);
  addAmount(mine, amount, times);
  addAmount(load.held, amount, times);
}
