import type { Clock } from '../clock.ts';
import { FetchError } from './fetch-error.ts';

/** At most `requests` in any `per` milliseconds. */
export interface Rate {
  requests: number;
  per: number;
}

/** A page that waits longer than this is better read by the next poll: the feed says so, and does not look stuck. */
const MOST_WAIT_MS = 300_000;

/**
 * Lets requests through no faster than the feed may ask. The bucket counts: each request takes a token, and each token comes back `per`
 * after it was taken. One that fills up steadily would let nearly twice the rate through in the first `per`, and quotas are counted hard.
 */
export function createRateBudget(rate: Rate, clock: Clock): (signal: AbortSignal) => Promise<void> {
  /** When the last `requests` tokens were taken; a ring, the oldest at `next`. */
  const taken: number[] = [];
  let next = 0;

  return async (signal) => {
    for (;;) {
      const now = clock.now();
      const oldest = taken.length < rate.requests ? undefined : taken[next];
      // a clock that was set back must not lengthen the wait
      const wait = oldest === undefined || oldest > now ? 0 : oldest + rate.per - now;
      if (wait <= 0 || signal.aborted) {
        taken[next] = now;
        next = (next + 1) % rate.requests;
        return;
      }
      if (wait > MOST_WAIT_MS) {
        throw new FetchError(
          'FEED_BUDGET',
          `the ${rate.requests} requests that "rate" allows are used up; reading goes on when it allows more`,
          { retryable: true, retryAfterMs: wait },
        );
      }
      await clock.pause(wait, signal);
    }
  };
}
