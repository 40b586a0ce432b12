import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Health } from '../../../core/process/health.ts';
import type { Clock } from '../../../ingest/clock.ts';
import type { ConfiguredFeed, FeedContext, PolledFeed } from '../../../ingest/feed.ts';
import type { Fetcher } from '../../../ingest/fetch/fetcher.ts';

export interface Poll {
  readonly by: string;
  /** Epoch ms. */
  readonly at: number;
  /** Requests that the source had got when it began, and when it ended. */
  readonly before: number;
  after: number;
  outcome: 'open' | 'good' | 'failed' | 'held' | 'broken off';
  /** Waits of the poll itself: for its rate budget, or before it asks again. */
  waits: number;
}

/** Watches all polls of all processes. */
export interface Watch {
  of(feed: string): readonly Poll[];
  /** Polls that began while another one of the same feed was open. */
  readonly overlaps: number;
  /** Milliseconds from one poll to the next, as the feed has it. */
  every(feed: string): number;
  feed(configured: ConfiguredFeed, by: string, requests: () => number): ConfiguredFeed;
  /** A poll is over when its feed says how it is. */
  health(by: string, health: Health): Health;
  /** The clock of a process: it may be stepped when every open poll waits for it. */
  clock(clock: Clock): Clock;
  /** What is done between two waits takes no time: resolves when all of it is done. */
  settled(): Promise<void>;
  /** The process is gone. */
  gone(by: string): void;
}

export function createWatch(now: () => number): Watch {
  const polls = new Map<string, Poll[]>();
  const open = new Map<string, Poll>();
  const every = new Map<string, number>();
  const within = new AsyncLocalStorage<Poll>();
  let overlaps = 0;

  function begin(name: string, by: string, before: number): Poll {
    if ([...open.keys()].some((key) => key.endsWith(` ${name}`))) overlaps += 1;
    const poll: Poll = { by, at: now(), before, after: before, outcome: 'open', waits: 0 };
    const all = polls.get(name) ?? [];
    polls.set(name, all);
    all.push(poll);
    open.set(`${by} ${name}`, poll);
    return poll;
  }

  async function waited<T>(poll: Poll | undefined, wait: () => Promise<T>): Promise<T> {
    if (poll === undefined) return await wait();
    poll.waits += 1;
    try {
      return await wait();
    } finally {
      poll.waits -= 1;
    }
  }

  const counters = new Map<string, () => number>();
  return {
    of: (feed) => polls.get(feed) ?? [],
    get overlaps() {
      return overlaps;
    },
    every: (feed) => every.get(feed) ?? 0,
    feed(configured, by, requests) {
      const { name } = configured.settings;
      counters.set(name, requests);
      let poll: Poll | undefined;
      const open = (context: FeedContext): PolledFeed => {
        const { clock } = context;
        const fetcher: Fetcher = {
          ...context.fetcher,
          get: (wanted) =>
            poll === undefined ? context.fetcher.get(wanted) : within.run(poll, () => context.fetcher.get(wanted)),
          post: (wanted) =>
            poll === undefined ? context.fetcher.post(wanted) : within.run(poll, () => context.fetcher.post(wanted)),
        };
        const own: Pick<FeedContext, 'clock'> =
          clock === undefined
            ? {}
            : { clock: { now: clock.now, pause: (ms, signal) => waited(poll, () => clock.pause(ms, signal)) } };
        const feed = configured.open({ ...context, ...own, fetcher });
        if (feed.kind !== 'polled') throw new Error(`${name} is not polled`);
        every.set(name, feed.every);
        return {
          ...feed,
          poll(asked) {
            poll = begin(name, by, requests());
            return feed.poll(asked);
          },
        };
      };
      return { ...configured, open };
    },
    health: (by, health) => ({
      ...health,
      report(part, state, detail = '') {
        health.report(part, state, detail);
        const name = part.slice('feed:'.length);
        const poll = open.get(`${by} ${name}`);
        if (poll === undefined || state === 'starting' || detail.startsWith('not read well for')) return;
        poll.outcome = state === 'up' ? 'good' : /held back/.test(detail) ? 'held' : 'failed';
        poll.after = counters.get(name)?.() ?? poll.before;
        open.delete(`${by} ${name}`);
      },
    }),
    clock: (clock) => ({
      now: clock.now,
      pause(ms, signal) {
        const poll = within.getStore();
        return poll === undefined ? clock.pause(ms, signal) : waited(poll, () => clock.pause(ms, signal));
      },
    }),
    async settled() {
      do await nextTurn();
      while ([...open.values()].some(({ waits }) => waits === 0));
    },
    gone(by) {
      for (const [key, poll] of open) {
        if (poll.by !== by) continue;
        poll.outcome = 'broken off';
        open.delete(key);
      }
    },
  };
}
