import type { Clock } from './clock.ts';

const DAY = 86_400_000;
/** Feeds of one configuration do not all begin in the same instant. */
const MOST_SPREAD_MS = 2000;

/** How a poll ended, as far as the next one depends on it. */
export interface Ended {
  every: number;
  /** Nothing else asks the source: no jitter. */
  local: boolean;
  /** Epoch ms. */
  startedAt: number;
  now: number;
  /** In a row, this one included; 0 after a good poll. */
  failures: number;
  retryAfterMs: number | undefined;
  /** Epoch ms, 0 = none. */
  notBefore: number;
}

/**
 * When the next poll begins (epoch ms). Counted from the beginning of the last one, so that a slow list keeps its rhythm, with ten percent
 * of jitter either way. A poll never begins before the one before has ended, and not within a tenth of `every` after it. Failures are
 * tried again after a tenth of `every`, then after twice as long, up to `every`; what the server asks for in Retry-After comes first.
 */
export function nextPollAt(ended: Ended, random: () => number = Math.random): number {
  const { every, local, startedAt, now, failures, retryAfterMs, notBefore } = ended;
  const least = every / 10;
  let at: number;
  if (failures > 0) {
    const backoff = Math.min(every, least * 2 ** (failures - 1));
    at = now + (local ? backoff : Math.min(every, backoff * (1 + random() / 2)));
  } else {
    at = Math.max(startedAt + (local ? every : every * (0.9 + random() / 5)), now + (local ? 0 : least));
  }
  // never earlier than it was asked for; a little later, because others were told the same
  if (retryAfterMs !== undefined) at = Math.max(at, now + retryAfterMs * (1 + random() / 20));
  return Math.max(at, notBefore);
}

/** What the first poll after a start depends on. */
export interface Before {
  every: number;
  local: boolean;
  now: number;
  lastOk: number;
  notBefore: number;
  /** Its settings are not those it was last read with. */
  changed: boolean;
}

/**
 * When a feed is first read after a start: at once, spread a little. One that was read well less than `every` ago, with the same
 * settings, waits for its turn: restarts must not use up a quota of five calls a day.
 */
export function firstPollAt(before: Before, random: () => number = Math.random): number {
  const { every, local, now, lastOk, notBefore, changed } = before;
  if (local) return now;
  const spread = now + random() * Math.min(MOST_SPREAD_MS, every / 10);
  const turn = changed || lastOk > now ? 0 : lastOk + every;
  return Math.max(spread, turn, notBefore);
}

/** Waits until `at` (epoch ms) or the signal. In steps, because a timer above 24 days fires at once, and the clock may be set. */
export async function waitUntil(at: number, signal: AbortSignal, clock: Clock): Promise<void> {
  for (;;) {
    const left = at - clock.now();
    if (left <= 0 || signal.aborted) return;
    await clock.pause(Math.min(left, DAY), signal);
  }
}

/** Milliseconds that a snapshot list grants its members. */
export function grantOf(every: number): number {
  return Math.max(3 * every, DAY);
}

/**
 * After how long an unchanged list is published again: early enough for the renewal of its members' lifetime, of blocks, and of what the
 * list itself granted them.
 */
export function republishAfter(lifetime: number, blockFor: number, every: number): number {
  return Math.min(lifetime, blockFor, grantOf(every)) / 4;
}
