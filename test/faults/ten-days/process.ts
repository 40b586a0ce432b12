import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Bus } from '../../../bus/port.ts';
import type { Log } from '../../../core/process/log.ts';
import type { Clock } from '../../../ingest/clock.ts';
import type { ConfiguredFeed } from '../../../ingest/feed.ts';
import type { Cursors } from '../../../store/port.ts';
import type { Lab } from '../../ingest/lab.ts';
import type { MemoryCursors } from '../../ingest/memory-cursors.ts';
import type { Watch } from './watch.ts';

/** When a feed went from one process to another, epoch ms. */
export interface Takeover {
  feed: string;
  to: string;
  at: number;
}

export interface Leases {
  ask(feed: string, owner: string, ms: number): boolean;
  release(feed: string, owner: string): void;
  ownerOf(feed: string): string | undefined;
  readonly takeovers: Takeover[];
}

export function createLeases(now: () => number): Leases {
  const held = new Map<string, { owner: string; until: number }>();
  const takeovers: Takeover[] = [];
  return {
    takeovers,
    ask(feed, owner, ms) {
      const before = held.get(feed);
      if (before !== undefined && before.owner !== owner && before.until > now()) return false;
      if (before !== undefined && before.owner !== owner) takeovers.push({ feed, to: owner, at: now() });
      held.set(feed, { owner, until: now() + ms });
      return true;
    },
    release(feed, owner) {
      const before = held.get(feed);
      if (before?.owner === owner) held.set(feed, { owner, until: 0 });
    },
    ownerOf: (feed) => held.get(feed)?.owner,
  };
}

export interface ProcessParts {
  name: string;
  lab: Lab;
  log: Log;
  feeds: readonly ConfiguredFeed[];
  clock: Clock;
  watch: Watch;
  leases: Leases;
  bus: Bus;
  cursors: MemoryCursors;
  /** The feeds whose lease it asks for first. */
  first(feed: string): boolean;
}

/** One process of several that share bus and store. */
export interface Process {
  /** In good order. */
  stop(): Promise<void>;
  /**
   * As kill -9 does it at the moment at which that feed next has something to tell: it is not on the bus, so it must stand in no cursor, and
   * nothing of the process is ever seen again.
   */
  killInNextOf(feed: string): void;
  /** Epoch ms; undefined: alive. */
  readonly killedAt: number | undefined;
}

const LEASE = 'lease:feed:';

export function startProcess(parts: ProcessParts): Process {
  const { name, lab, clock, watch, leases, cursors } = parts;
  let killedAt: number | undefined;
  let marked: string | undefined;

  async function whileAlive<T>(work: () => Promise<T> | T): Promise<T> {
    if (killedAt !== undefined) throw new Error(`${name} is dead`);
    return await work();
  }

  const bus: Bus = {
    ...parts.bus,
    publish: (topic, batch) =>
      whileAlive(async () => {
        const isMarked = batch.some(({ value }) => value.toString().includes(`"source":"${marked}"`));
        if (!isMarked) return await parts.bus.publish(topic, batch);
        killedAt = clock.now();
        watch.gone(name);
        throw new Error(`${name} was killed`);
      }),
  };
  const own: Cursors = {
    ...cursors,
    get: (key) => whileAlive(() => cursors.get(key)),
    put: (key, value, expected) => whileAlive(() => cursors.put(key, value, expected)),
    async lease(key, owner, ms) {
      const feed = key.slice(LEASE.length);
      // its question arrives later than that of the other one
      if (!parts.first(feed)) await nextTurn();
      if (killedAt !== undefined) throw new Error(`${name} is dead`);
      return leases.ask(feed, owner, ms);
    },
    release: (key, owner) => whileAlive(() => leases.release(key.slice(LEASE.length), owner)),
  };
  const worker = lab.start([], {
    feeds: parts.feeds,
    owner: name,
    clock: watch.clock(clock),
    context: { ...lab.context, log: parts.log, health: watch.health(name, lab.health) },
    bus,
    cursors: own,
  });
  return {
    async stop() {
      await worker.stop();
      watch.gone(name);
    },
    killInNextOf(feed) {
      marked = feed;
    },
    get killedAt() {
      return killedAt;
    },
  };
}
