import type { Bus } from '../bus/port.ts';
import type { Cursors, IndicatorStore } from '../store/port.ts';
import { askRechecks } from './recheck.ts';

const AT_ONCE = 5_000;
/** A recheck that is on its way is not asked for again before this has passed, ms. */
const PATIENCE = 300_000;

export interface SweepOptions {
  store: IndicatorStore;
  bus: Bus;
  cursors: Cursors;
  /** Who sweeps; one enricher at a time does. */
  owner: string;
  leaseMs: number;
}

/** Finds indicators of which something lapses and asks to derive them again. */
export function createSweep({ store, bus, cursors, owner, leaseMs }: SweepOptions): (now: number) => Promise<number> {
  const asked = new Map<string, Asked>();
  return async (now) => {
    if (!(await cursors.lease('lease:sweep', owner, leaseMs))) return 0;
    for (const [id, { at }] of asked) if (at < now - PATIENCE) asked.delete(id);
    // the soonest first, up to a limit; what is left over is still there at the next sweep
    const fresh = (await store.findExpiring(now, AT_ONCE)).filter(
      ({ id, recheckAt }) => asked.get(id)?.recheckAt !== recheckAt,
    );
    await askRechecks(
      bus,
      fresh.map(({ id }) => id),
    );
    for (const { id, recheckAt } of fresh) asked.set(id, { recheckAt, at: now });
    return fresh.length;
  };
}

/** A recheck that is on its way; a second lapse of the same indicator is another one. */
interface Asked {
  readonly recheckAt: number;
  /** Epoch ms. */
  readonly at: number;
}
