import type { Clock } from '../../ingest/clock.ts';

/** A clock that stands still but for `step`: time jumps to the wait that ends first. */
export interface SteppedClock extends Clock {
  at: number;
  /** How many wait. */
  readonly waiting: number;
  step(): void;
}

export function createSteppedClock(at: number): SteppedClock {
  const waits = new Set<{ at: number; end(): void }>();
  const clock: SteppedClock = {
    at,
    now: () => clock.at,
    get waiting() {
      return waits.size;
    },
    async pause(ms, signal) {
      if (signal.aborted) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const wait = { at: clock.at + ms, end: () => resolve() };
      waits.add(wait);
      signal.addEventListener('abort', wait.end, { once: true });
      await promise;
      signal.removeEventListener('abort', wait.end);
      waits.delete(wait);
    },
    step() {
      let first: { at: number; end(): void } | undefined;
      for (const wait of waits) if (first === undefined || wait.at < first.at) first = wait;
      if (first === undefined) return;
      waits.delete(first);
      clock.at = Math.max(clock.at, first.at);
      first.end();
    },
  };
  return clock;
}
