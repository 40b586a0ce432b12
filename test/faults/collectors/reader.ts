import type { TestContext } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { typeFromAlias } from '../../../core/indicator/alias.ts';
import { canonicalise } from '../../../core/indicator/canonical.ts';
import type { Clock } from '../../../ingest/clock.ts';
import type { FeedFailure } from '../../../ingest/feed-life.ts';
import type { FeedState } from '../../../ingest/feed-state.ts';
import { createFetcher } from '../../../ingest/fetch/fetcher.ts';
import { openLab } from '../../ingest/lab.ts';
import { STARTED_AT } from './drive.ts';
import type { Told } from './stand.ts';

/** Time that passes when it is told to. Short waits take none of ours, and long ones end with their signal. */
export interface PassingClock extends Clock {
  at: number;
}

const LONGEST_WAIT_MS = 5000;

export function createPassingClock(): PassingClock {
  const clock: PassingClock = {
    at: STARTED_AT,
    now: () => clock.at,
    async pause(ms, signal) {
      if (ms <= LONGEST_WAIT_MS) {
        clock.at += ms;
        await nextTurn();
        return;
      }
      if (signal.aborted) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      signal.addEventListener('abort', () => resolve(), { once: true });
      await promise;
    },
  };
  return clock;
}

/** One reading of a feed by the whole of ingest. */
export interface Read {
  failure: FeedFailure | undefined;
  /** The process died. */
  died: boolean;
  /** What came on the bus, as `type value`. */
  delivered: string[];
  before: FeedState;
  after: FeedState;
}

/** With which send the process dies, from 1: before the bus has it, or when it has, and nothing of that is noted yet. */
export interface Death {
  send: number;
  when: 'before' | 'after';
}

export interface Reader {
  read(death?: Death): Promise<Read>;
  /** All that was logged, told and kept, for finding what should not be there. */
  words(): string;
}

/** Reads a feed with a worker of its own each time, so that all it knows is what was stored: on a bus and a store in memory. */
export function openReader(
  t: TestContext,
  section: Readonly<Record<string, unknown>>,
  { clock, totalTimeout }: { clock: Clock; totalTimeout: number },
): Reader {
  const lab = openLab(t);
  const fetcher = createFetcher({ connectTimeout: 5000, answerTimeout: 20_000, totalTimeout });
  t.after(() => fetcher.close());
  const name = String(section.name);
  const told: unknown[] = [];
  return {
    async read(death) {
      const before = lab.state(name);
      const known = lab.bus.records.length;
      let sends = 0;
      let died = false;
      const bus: typeof lab.bus = {
        ...lab.bus,
        async publish(topic, records) {
          sends += 1;
          died ||= sends === death?.send;
          if (!died || death?.when === 'after') await lab.bus.publish(topic, records);
          if (died) throw new Error('the process dies here');
        },
      };
      const report = await lab.once([section], { clock, fetcher, bus }).catch((error: unknown) => {
        if (!died) throw error;
      });
      told.push(report?.failedFeeds);
      const delivered = lab.bus.values().slice(known).map(keyOfRecord);
      return { failure: report?.failedFeeds[0], died, delivered, before, after: lab.state(name) };
    },
    words: () => JSON.stringify([told, lab.logged, [...lab.cursors.values]]),
  };
}

export function keyOf({ type, value }: Told): string {
  return `${type} ${value}`;
}

function keyOfRecord({ indicator, type }: Record<string, unknown>): string {
  const canonical = canonicalise(String(indicator), typeof type === 'string' ? typeFromAlias(type) : undefined);
  return canonical.ok ? keyOf(canonical.indicator) : `nothing ${String(type)} ${String(indicator)}`;
}
