import { pause } from '../core/process/backoff.ts';

/** Time as ingest sees it: schedule, retry waits and rate budgets all go by one clock, so that a test can let ten days pass in a second. */
export interface Clock {
  /** Epoch ms. */
  now(): number;
  /** Resolves after `ms`, or as soon as the signal is aborted. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

export const REAL_CLOCK: Clock = { now: Date.now, pause };
