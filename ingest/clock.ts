import { pause } from '../core/process/backoff.ts';

/**
 * Time as ingest sees it: schedule, leases, cursors, quotas, retry waits and rate budgets all go by one clock, so that a test can let ten days
 * pass in seconds. The machine's own time is left for what the machine measures: sockets, the end of the process, and when files changed.
 */
export interface Clock {
  /** Epoch ms. */
  now(): number;
  /** Resolves after `ms`, or as soon as the signal is aborted. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

export const REAL_CLOCK: Clock = { now: Date.now, pause };
