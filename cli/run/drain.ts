import type { Bus } from '../../bus/port.ts';
import { pause } from '../../core/process/backoff.ts';
import type { Role } from '../roles.ts';
import type { Settings } from '../settings.ts';
import { subscriptionsOf } from '../subscriptions.ts';
import { throughOutages } from './through-outages.ts';
import type { Workers } from './workers.ts';

const LOOK_EVERY = { embedded: 100, kafka: 250 } as const;
/** Records carry the time of whoever published them, rounded, and clocks step: wait for a little more than there can be. */
const CLOCK_SLACK = 1_000;

export interface Drained {
  /** False when the signal came first. */
  complete: boolean;
  /** What could not be finished; the rest was done all the same. */
  failures: unknown[];
}

export interface DrainOptions {
  settings: Settings;
  roles: readonly Role[];
  bus: Bus;
  workers: Workers;
  signal: AbortSignal;
}

/**
 * Lets everything that the feeds gave flow through all workers of this process, in the order of the topics, then flushes mails and
 * blocks. What others publish meanwhile is not waited for: a topic that is written to all the time is never read to its end.
 */
export async function drain(options: DrainOptions): Promise<Drained> {
  const failures: unknown[] = [];
  try {
    await drainAll(options, failures);
    return { complete: true, failures };
  } catch (error) {
    if (!options.signal.aborted) throw error;
    return { complete: false, failures };
  }
}

async function drainAll({ settings, roles, bus, workers, signal }: DrainOptions, failures: unknown[]): Promise<void> {
  const lookEvery = LOOK_EVERY[settings.config.bus.kind];
  const subscriptions = subscriptionsOf(settings);

  /** Waits until a role has read all that was published before now. */
  const caughtUp = async (role: Role): Promise<void> => {
    if (!roles.includes(role)) return;
    const before = Date.now() + CLOCK_SLACK;
    for (const { topic, group } of subscriptions.filter((subscription) => subscription.role === role)) {
      // never more than the lag, so a topic that was read to its end is done whatever its clocks say
      const left = (): Promise<number> => bus.leftBehind(topic, group, before);
      while ((await throughOutages(left, { signal })) > 0) await pause(lookEvery, signal);
    }
  };
  const attempt = async (work: () => Promise<void> | undefined): Promise<void> => {
    signal.throwIfAborted();
    try {
      await work();
    } catch (error) {
      failures.push(error);
    }
  };

  await workers.ingest?.drained;
  // behind what the feeds said just now: what they reported again does not lapse
  await throughOutages(async () => workers.enrich?.sweepOnce(), { signal });
  await caughtUp('enrich');
  await caughtUp('alerting');
  await caughtUp('responder');
  await attempt(() => workers.alerting?.flush());
  await attempt(() => workers.responder?.settle());
  await caughtUp('audit');
}
