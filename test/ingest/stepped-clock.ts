import type { Clock } from '../../ingest/clock.ts';

/** A clock that stands still but for `step`: time jumps to the waits that end first. */
export interface SteppedClock extends Clock {
  at: number;
  /** How many wait. */
  readonly waiting: number;
  step(): void;
}

interface Wait {
  at: number;
  end(): void;
}

/** Waits end at multiples of `grain` ms, never too early: those of many feeds then end together, and days pass in fewer steps. */
export function createSteppedClock(at: number, grain = 1): SteppedClock {
  const waits = new Set<Wait>();
  /** One listener a signal: leases are renewed every 15 seconds, and days hold millions of them. */
  const bySignal = new WeakMap<AbortSignal, Set<Wait>>();

  function waitsOf(signal: AbortSignal): Set<Wait> {
    const known = bySignal.get(signal);
    if (known !== undefined) return known;
    const own = new Set<Wait>();
    bySignal.set(signal, own);
    signal.addEventListener(
      'abort',
      () => {
        for (const wait of own) wait.end();
      },
      { once: true },
    );
    return own;
  }

  const clock: SteppedClock = {
    at,
    now: () => clock.at,
    get waiting() {
      return waits.size;
    },
    pause(ms, signal) {
      if (signal.aborted) return Promise.resolve();
      const own = waitsOf(signal);
      return new Promise((resolve) => {
        const wait: Wait = {
          at: Math.ceil((clock.at + ms) / grain) * grain,
          end() {
            waits.delete(wait);
            own.delete(wait);
            resolve();
          },
        };
        waits.add(wait);
        own.add(wait);
      });
    },
    step() {
      let first = Number.POSITIVE_INFINITY;
      for (const wait of waits) if (wait.at < first) first = wait.at;
      if (first === Number.POSITIVE_INFINITY) return;
      clock.at = Math.max(clock.at, first);
      for (const wait of waits) if (wait.at <= first) wait.end();
    },
  };
  return clock;
}
