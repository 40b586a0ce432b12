import { setTimeout as sleep } from 'node:timers/promises';
import type { BatchPatience } from '../bus/port.ts';

/** Runs pieces of work one after another, in the order they came: batches, timers and commands share ledger and firewall. */
export function createTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => {});
    return mine;
  };
}

const HEARTBEAT = 1000;

/** Waits for `work` without losing the place in the group. */
export async function patiently<T>(patience: BatchPatience, work: Promise<T>): Promise<T> {
  let done = false;
  const mark = (): void => {
    done = true;
  };
  const finished = work.then(mark, mark);
  for (;;) {
    const waiting = new AbortController();
    await Promise.race([finished, sleep(HEARTBEAT, undefined, { signal: waiting.signal }).catch(() => {})]);
    waiting.abort();
    if (done) return work;
    await patience.heartbeat();
  }
}
