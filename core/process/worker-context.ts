import type { Health } from './health.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { Seam } from './seam.ts';

/** What the composition root hands to every worker, beside the ports and the configuration of its own. */
export interface WorkerContext {
  readonly log: Log;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly seam: Seam;
}

/** A running worker. */
export interface Worker {
  /** Finishes what is in hand, commits it, and lets go. */
  stop(): Promise<void>;
  /** Resolves after `stop`; rejects when the worker died and the process must end. */
  readonly closed: Promise<void>;
}
