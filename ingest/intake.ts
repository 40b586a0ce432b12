import { pause } from '../core/process/backoff.ts';
import type { FeedRecord } from './feed.ts';
import { PAGE_RECORDS } from './pages.ts';

/** Where the readers of many connections put their records, so that they reach the bus in batches and not a client at a time. */
export interface Intake {
  /** Resolves when there is room again: a reader that waits for it reads no more than it can hand over. */
  add(records: readonly FeedRecord[]): Promise<void>;
  /** Rejects when delivering failed for good; never resolves. */
  readonly failed: Promise<never>;
  /** Delivers what is held; rejects like `failed`. */
  end(): Promise<void>;
}

/** How long a lone record waits for company. */
const LINGER_MS = 50;

export function createIntake(deliver: (records: readonly FeedRecord[]) => Promise<void>): Intake {
  let held: FeedRecord[] = [];
  let delivering: Promise<void> | undefined;
  let waiting: (() => void)[] = [];
  let linger = new AbortController();
  let broken = false;
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => {});

  async function deliverAll(): Promise<void> {
    while (held.length > 0 && !broken) {
      if (held.length < PAGE_RECORDS) await pause(LINGER_MS, linger.signal);
      const batch = held;
      held = [];
      const released = waiting;
      waiting = [];
      for (const release of released) release();
      try {
        await deliver(batch);
      } catch (error) {
        broken = true;
        failure.reject(error);
        for (const release of waiting) release();
      }
    }
    delivering = undefined;
  }

  return {
    async add(records) {
      if (broken) throw new Error('the bus takes no more');
      for (const record of records) held.push(record);
      delivering ??= deliverAll();
      if (held.length < PAGE_RECORDS) return;
      linger.abort();
      linger = new AbortController();
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
      });
    },
    failed: failure.promise,
    async end() {
      linger.abort();
      linger = new AbortController();
      await delivering;
      if (broken) await failure.promise;
    },
  };
}
