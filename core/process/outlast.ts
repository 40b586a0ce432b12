import { createBackoff, pause } from './backoff.ts';
import { messageOf, TiplineError } from './errors.ts';
import type { Health } from './health.ts';
import type { Log } from './log.ts';

export interface OutlastOptions {
  /** Name under which health is reported. */
  part: string;
  health: Health;
  log: Log;
  /** Aborted: give up and throw. */
  signal: AbortSignal;
  /** Called before each wait, so that a batch in hand is not taken away meanwhile. */
  heartbeat?: () => Promise<void>;
}

const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5_000;

/**
 * Runs `work` until it succeeds, waiting with jittered back-off through errors that say `retryable: true`; all others are thrown.
 * An outage is told once: in health while it lasts, in the log at its beginning and end.
 */
export async function outlast<T>(work: () => T, options: OutlastOptions): Promise<T> {
  const { part, health, log, signal, heartbeat } = options;
  const backoff = createBackoff({ first: FIRST_WAIT_MS, most: LONGEST_WAIT_MS });
  for (let failures = 0; ; failures += 1) {
    try {
      const result = work();
      if (failures > 0) {
        health.report(part, 'up');
        log.info({ part, failures }, `${part} works again`);
      }
      return result;
    } catch (error) {
      if (!(error instanceof TiplineError) || error.retryable !== true) throw error;
      if (failures === 0) {
        health.report(part, 'down', messageOf(error));
        log.warn({ part, error }, `${part} is away: waiting for it`);
      }
      await heartbeat?.();
      await pause(backoff.next(), signal);
      if (signal.aborted) {
        throw new TiplineError('ABORTED', `stopped while ${part} was away`, { cause: error });
      }
    }
  }
}
