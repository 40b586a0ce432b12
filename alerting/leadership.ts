import type { Cursors } from '../store/port.ts';

export interface Lease {
  key: string;
  /** Different for every process. */
  owner: string;
  /** Milliseconds; a process that dies holds it that long. */
  ms: number;
}

/**
 * Runs `work` while holding a lease, renewed every third of its time, and gives it back; `undefined` when another process holds it.
 * The lease spares double work. It is not what keeps two senders apart: that is the compare-and-set of every step.
 */
export async function whileLeading<T>(
  cursors: Cursors,
  { key, owner, ms }: Lease,
  work: () => Promise<T>,
): Promise<{ value: T } | undefined> {
  if (!(await cursors.lease(key, owner, ms))) return undefined;
  let renewing: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    // A renewal that fails is noticed by the steps themselves.
    renewing = cursors.lease(key, owner, ms).catch(() => false);
  }, ms / 3);
  try {
    return { value: await work() };
  } finally {
    clearInterval(timer);
    // A renewal still on its way would take the lease again after it was given back.
    await renewing;
    await cursors.release(key, owner).catch(() => {});
  }
}
