/** Lets at most `most` requests of the process through at once, fewer while the server is short of breath. */
export interface Gate {
  enter(): Promise<void>;
  leave(outcome: 'calm' | 'busy'): void;
  readonly limit: number;
}

/** Calm requests, per place, before one more is tried. */
const CALM = 8;

/**
 * Halves at a refusal and adds one after a while of calm, as TCP does: it finds what the server takes and does not
 * swing.
 */
export function createGate(most: number): Gate {
  const queue: (() => void)[] = [];
  let limit = most;
  let inside = 0;
  let calm = 0;

  function admit(): void {
    while (inside < limit) {
      const next = queue.shift();
      if (next === undefined) return;
      inside += 1;
      next();
    }
  }

  return {
    enter() {
      if (inside < limit) {
        inside += 1;
        return Promise.resolve();
      }
      return new Promise((resolve) => queue.push(resolve));
    },
    leave(outcome) {
      inside -= 1;
      if (outcome === 'busy') {
        limit = Math.max(1, Math.floor(limit / 2));
        calm = 0;
      } else {
        calm += 1;
        if (limit < most && calm >= limit * CALM) {
          limit += 1;
          calm = 0;
        }
      }
      admit();
    },
    get limit() {
      return limit;
    },
  };
}
