import { hostname } from 'node:os';
import { codeOf } from '../core/process/errors.ts';
import type { Cursors } from '../store/port.ts';
import type { Clock } from './clock.ts';

/** A process that died holds its place no longer than this; then who finds the address taken says so again. */
const LEASE_MS = 45_000;
const RENEW_MS = 15_000;

export interface PlaceOptions {
  /** The feed's name. */
  name: string;
  /** Names this process in leases. */
  owner: string;
  cursors: Cursors;
  clock: Clock;
}

/**
 * Who listens for a feed on this machine. Nobody needs leave to listen: the address itself lets one in. The lease only tells another process of ours, which
 * finds the address taken, that the feed is well and in good hands.
 */
export interface ListeningPlace {
  /** Tells others until the signal. */
  hold(signal: AbortSignal): Promise<void>;
  /** Is the address taken by one of ours? False also when the store does not answer. */
  isOurs(error: unknown): Promise<boolean>;
}

export function createListeningPlace({ name, owner, cursors, clock }: PlaceOptions): ListeningPlace {
  const key = `lease:listen:${hostname()}:${name}`;
  const lease = (ms: number): Promise<boolean | undefined> => cursors.lease(key, owner, ms).catch(() => undefined);
  const release = (): Promise<void> => cursors.release(key, owner).catch(() => {});
  return {
    async hold(signal) {
      while (!signal.aborted) {
        await lease(LEASE_MS);
        await clock.pause(RENEW_MS, signal);
      }
      await release();
    },
    async isOurs(error) {
      if (!(error instanceof Error) || codeOf(error.cause) !== 'EADDRINUSE') return false;
      const mine = await lease(RENEW_MS);
      if (mine === true) await release();
      return mine === false;
    },
  };
}
