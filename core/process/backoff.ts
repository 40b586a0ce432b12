import { setTimeout as sleep } from 'node:timers/promises';

export interface BackoffOptions {
  /** First wait, ms. */
  first: number;
  /** Longest wait, ms. */
  most: number;
}

/** Waits that double from `first` to `most`, each with full jitter in its upper half so that many workers do not come back at once. */
export interface Backoff {
  /** Milliseconds to wait now. */
  next(): number;
  reset(): void;
}

export function createBackoff({ first, most }: BackoffOptions, random: () => number = Math.random): Backoff {
  let attempt = 0;
  return {
    next() {
      const ceiling = Math.min(most, first * 2 ** attempt);
      attempt += 1;
      return ceiling / 2 + (random() * ceiling) / 2;
    },
    reset() {
      attempt = 0;
    },
  };
}

/** Node's timers hold 31 bits: a longer wait, such as 30 days, would end after one millisecond. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Resolves after `ms`, or at once when `signal` is aborted: the caller looks at the signal. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  try {
    let left = ms;
    do {
      await sleep(Math.min(left, LONGEST_TIMER), undefined, { signal });
      left -= LONGEST_TIMER;
    } while (left > 0);
  } catch {
    // aborted: that is an answer, not a failure
  }
}
