import { setTimeout as sleep } from 'node:timers/promises';

/** What a predicate gives when it is not satisfied yet. */
type NotYet = false | undefined | null | 0 | '';

export interface Patience {
  /** What is waited for, as the end of "gave up waiting for …". */
  what: string;
  /** Milliseconds until giving up; 10 s unless told. */
  timeout?: number;
  /** Milliseconds between two looks; 25 unless told. */
  every?: number;
}

/**
 * Looks again and again until the predicate gives something truthy, and returns that.
 * A predicate that throws has not got there yet (a server that is still down, an assertion that does not hold yet):
 * what it threw last becomes the cause when the time is up.
 */
export async function until<T>(
  predicate: () => T | Promise<T>,
  { what, timeout = 10_000, every = 25 }: Patience,
): Promise<Exclude<T, NotYet>> {
  const deadline = performance.now() + timeout;
  for (;;) {
    let last: unknown;
    let thrown: unknown;
    try {
      last = await predicate();
      if (last) return last as Exclude<T, NotYet>;
    } catch (error) {
      thrown = error;
    }
    if (performance.now() >= deadline) {
      const reason = thrown === undefined ? `it still gave ${String(last)}` : `it threw: ${briefly(thrown)}`;
      throw new Error(`gave up waiting for ${what} after ${timeout} ms; ${reason}`, { cause: thrown });
    }
    await sleep(every);
  }
}

function briefly(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 400);
}
