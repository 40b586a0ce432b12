import type { Log } from '../core/process/log.ts';
import type { Cursors } from '../store/port.ts';
import type { Clock } from './clock.ts';

/** A process that died gives its feeds up after this; another one asks for them so often, so they are taken over within a minute. */
const LEASE_MS = 45_000;
const RENEW_MS = 15_000;
const ASK_MS = 10_000;
/** How long a store that is away is waited for before the feed is read without a lease. */
const PATIENCE_MS = 20_000;
const FAREWELL_MS = 2_000;

const KEY_PREFIX = 'lease:feed:';

export interface TurnContext {
  /** The feed's name. */
  name: string;
  /** Names this process. */
  owner: string;
  cursors: Cursors;
  clock: Clock;
  log: Log;
  /** Aborted when the worker stops. */
  signal: AbortSignal;
}

export type Turn = 'done' | 'taken';

/**
 * Does `work` while no other process reads the feed. Processes that share a store share its feeds: each feed is read by the one that holds
 * its lease. With `wait` false it is not waited for; `taken` says that another one has it.
 *
 * With the store away the lease can neither be renewed nor lost to a process that sees the same outage, so reading goes on. Two
 * that read at once, because one of them was frozen or cut off, cost repeats and nothing else: each stores positions that it has
 * delivered up to, whichever of them stands in the end. Whoever finds out by `lose` that it was overtaken asks again like anybody else.
 */
export async function inTurn(
  { name, owner, cursors, clock, log, signal }: TurnContext,
  { wait, waiting }: { wait: boolean; waiting(): void },
  work: (held: AbortSignal, lose: () => void) => Promise<void>,
): Promise<Turn> {
  const key = `${KEY_PREFIX}${name}`;

  /** True, false, or undefined when the store does not answer. */
  async function ask(): Promise<boolean | undefined> {
    try {
      return await cursors.lease(key, owner, LEASE_MS);
    } catch (error) {
      log.debug({ error }, 'the lease of the feed cannot be asked for');
      return undefined;
    }
  }

  async function renew(ended: AbortSignal, lose: () => void): Promise<void> {
    for (;;) {
      await clock.pause(RENEW_MS, ended);
      if (ended.aborted) return;
      if ((await ask()) === false && !ended.aborted) {
        lose();
        return;
      }
    }
  }

  async function take(): Promise<boolean> {
    const since = clock.now();
    for (;;) {
      const answer = await ask();
      if (answer !== undefined) return answer;
      if (signal.aborted) return false;
      if (clock.now() - since >= PATIENCE_MS) return true;
      await clock.pause(1000, signal);
    }
  }

  for (;;) {
    if (await take()) {
      const ended = new AbortController();
      const lost = new AbortController();
      const lose = (): void => {
        if (!lost.signal.aborted) log.warn({}, 'another process reads this feed now; this one waits');
        lost.abort();
      };
      void renew(ended.signal, lose);
      try {
        await work(AbortSignal.any([signal, lost.signal]), lose);
      } finally {
        ended.abort();
        if (!lost.signal.aborted) await leave();
      }
      if (!lost.signal.aborted) return 'done';
    } else if (!wait) return 'taken';
    if (signal.aborted) return 'done';
    waiting();
    await clock.pause(ASK_MS, signal);
    if (signal.aborted) return 'done';
  }

  /** So that the next process need not wait for the lease to run out. */
  async function leave(): Promise<void> {
    const patience = AbortSignal.timeout(FAREWELL_MS);
    const gone = Promise.withResolvers<void>();
    patience.addEventListener('abort', () => gone.resolve(), { once: true });
    await Promise.race([cursors.release(key, owner).catch(() => {}), gone.promise]);
  }
}
