import type { BatchPatience } from '../../bus/port.ts';
import { createBackoff, pause } from '../../core/process/backoff.ts';
import { TiplineError } from '../../core/process/errors.ts';
import type { Outages } from './outages.ts';

/**
 * Why a round did not finish.
 * - busy: the server asks for less (429, 5xx): soon again, and no outage yet unless it goes on;
 * - down: it cannot be reached, or refuses for a reason that an operator must mend: an outage at once;
 * - detour: nothing to wait for, the next round goes another way.
 */
export interface Trouble {
  kind: 'busy' | 'down' | 'detour';
  code: string;
  /** For an operator. */
  detail: string;
  /** Something got through in this round. */
  progress: boolean;
}

/** All in ms. */
export interface Waits {
  busy: { first: number; most: number };
  down: { first: number; most: number };
  /** Time between heartbeats. */
  beat: number;
  /** A request that takes longer is an outage, though it may still be answered. */
  slow: number;
}

export const WAITS: Waits = {
  busy: { first: 200, most: 10_000 },
  down: { first: 1000, most: 15_000 },
  beat: 2000,
  slow: 10_000,
};

/** Busy rounds in a row, without progress, after which it is called an outage. */
const BUSY_ROUNDS = 3;

/**
 * Runs `round` until it has nothing left to do (returns undefined), however long the trouble lasts. Health and log are
 * told; the batch is kept alive by heartbeats, also while a request hangs, because a frozen server answers neither yes
 * nor no. A round throws only what waiting cannot mend.
 *
 * Throws STORE_ABORTED when the patience is aborted; a heartbeat that fails is passed on. Either way the round's own
 * signal ends the requests under way: nobody reads their answers any more.
 */
export async function persist(
  round: (signal: AbortSignal) => Promise<Trouble | undefined>,
  patience: BatchPatience,
  outages: Outages,
  waits: Waits = WAITS,
): Promise<void> {
  const busy = createBackoff(waits.busy);
  const down = createBackoff(waits.down);
  const outage = outages.open();
  const ending = new AbortController();
  const silence = `Elasticsearch has not answered for more than ${Math.round(waits.slow / 1000)} s`;
  let busyRounds = 0;
  let unreachable = false;
  try {
    for (;;) {
      throwIfAborted(patience.signal);
      const trouble = await keptAlive(round(ending.signal), patience, waits, (ms) => {
        if (ms >= waits.slow) outage.trouble('STORE_SLOW', silence);
      });
      if (trouble === undefined) {
        outage.close();
        outages.up();
        return;
      }
      if (trouble.progress) {
        busy.reset();
        busyRounds = 0;
      }
      switch (trouble.kind) {
        case 'detour':
          break;
        case 'busy':
          busyRounds += 1;
          if (busyRounds >= BUSY_ROUNDS) outage.trouble(trouble.code, trouble.detail);
          await wait(busy.next(), patience, waits);
          break;
        case 'down':
          // A proxy or a restarted server closes idle connections, and the first to notice is a request: that alone is
          // no outage.
          if (trouble.code === 'STORE_UNREACHABLE' && !unreachable) {
            unreachable = true;
            await wait(busy.next(), patience, waits);
            break;
          }
          outage.trouble(trouble.code, trouble.detail);
          await wait(down.next(), patience, waits);
          break;
        default: {
          const never: never = trouble.kind;
          throw new Error(`unknown trouble ${String(never)}`);
        }
      }
    }
  } catch (error) {
    ending.abort();
    throw error;
  } finally {
    outage.close();
  }
}

async function keptAlive<T>(
  work: Promise<T>,
  patience: BatchPatience,
  waits: Waits,
  onBeat: (elapsed: number) => void,
): Promise<T> {
  const done = work.then(
    () => true,
    () => true,
  );
  const begun = Date.now();
  for (;;) {
    const beat = startBeat(waits.beat, patience.signal);
    const finished = await Promise.race([done, beat.passed]);
    beat.cancel();
    if (finished) return work;
    throwIfAborted(patience.signal);
    await patience.heartbeat();
    onBeat(Date.now() - begun);
  }
}

/**
 * A wait that leaves neither timer nor listener behind, since most are cut short: `passed` is false after `ms` or at an
 * abort.
 */
function startBeat(ms: number, signal: AbortSignal): { passed: Promise<false>; cancel(): void } {
  const { promise, resolve } = Promise.withResolvers<false>();
  const pass = (): void => resolve(false);
  const timer = setTimeout(pass, ms);
  signal.addEventListener('abort', pass, { once: true });
  return {
    passed: promise,
    cancel() {
      clearTimeout(timer);
      signal.removeEventListener('abort', pass);
    },
  };
}

async function wait(ms: number, patience: BatchPatience, waits: Waits): Promise<void> {
  for (let left = ms; left > 0; left -= waits.beat) {
    await pause(Math.min(left, waits.beat), patience.signal);
    throwIfAborted(patience.signal);
    await patience.heartbeat();
  }
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) {
    throw new TiplineError('STORE_ABORTED', 'given up: the batch was taken away or the process ends', {
      retryable: true,
    });
  }
}

/** Rounds that each got something through, after which a call that does not wait gives up all the same. */
const MOST_ROUNDS = 5;

/** For calls that wait for nobody: trouble is an error as soon as a round gets nothing through. */
export async function once(round: (signal: AbortSignal) => Promise<Trouble | undefined>): Promise<void> {
  const { signal } = new AbortController();
  for (let turn = 0; turn < MOST_ROUNDS; turn += 1) {
    const trouble = await round(signal);
    if (trouble === undefined) return;
    if (trouble.kind !== 'detour' && !trouble.progress) {
      throw new TiplineError(trouble.code, trouble.detail, { retryable: true });
    }
  }
  throw new TiplineError('STORE_BUSY', 'Elasticsearch takes only part of what it is given', { retryable: true });
}
