import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { databasePath, databaseToAsk } from '../../core/process/data-folder.ts';
import { TiplineError } from '../../core/process/errors.ts';
import type { Health } from '../../core/process/health.ts';
import type { Log } from '../../core/process/log.ts';
import { outlast as outlastWith } from '../../core/process/outlast.ts';
import { openDatabase } from '../../core/process/sqlite.ts';
import type { Bus, Located, Subscription } from '../port.ts';
import { BUS_MIGRATIONS, createRecordLog } from './record-log.ts';
import { startSubscription } from './subscription.ts';
import { createTrimmer } from './trimmer.ts';
import { createWaker } from './waker.ts';

export interface EmbeddedBusOptions {
  /** The data folder; see holdDataFolder for who may run consumers on it. */
  data: string;
  log: Log;
  health: Health;
  /** Milliseconds by topic; without, what the topic was created with. */
  retention?: Readonly<Record<string, number>>;
  /** Epoch ms; for tests. */
  now?: () => number;
  /** For questions alone: where there is no database yet, none is made. */
  asking?: boolean;
  /** For an operator who waits: may use what is kept back on a full disk. */
  urgent?: boolean;
}

/** Rows of one transaction: about 3 ms of a blocked event loop at 1 KB a record. */
const RECORDS_AT_ONCE = 1_000;
const SCAN_BYTES = 16 * 1024 ** 2;
/** How long `close` waits for handlers that were told to end. */
const LAST_WAIT_MS = 5_000;

/**
 * A bus for one machine: a log in SQLite, one partition (0) a topic. It has one consumer a group: what would be a second
 * member is refused, since with one partition it could only wait. `publish` returns when the records are on disk.
 */
export function openEmbeddedBus(options: EmbeddedBusOptions): Bus {
  const { data, log, health, retention = {}, now = Date.now, asking = false, urgent = false } = options;
  const path = databasePath(data);
  const db = openDatabase({
    path: asking ? databaseToAsk(data) : path,
    area: 'bus',
    migrations: BUS_MIGRATIONS,
    urgent,
  });
  const records = createRecordLog(db);
  const waker = createWaker(db.dataVersion);
  const trimmer = createTrimmer({ records, retention, now, log });
  const ending = new AbortController();
  const consumers = new Map<string, Subscription>();
  health.report('bus', 'up');

  function outlast<T>(work: () => T, signal: AbortSignal): Promise<T> {
    return outlastWith(work, { part: 'bus', health, log, signal });
  }

  function usable(): void {
    if (ending.signal.aborted) throw new TiplineError('BUS_CLOSED', 'the bus is closed', { retryable: false });
  }

  function numberOf(topic: string): number {
    usable();
    const number = records.find(topic);
    if (number !== undefined) return number;
    throw new TiplineError('BUS_TOPIC_MISSING', `topic ${topic} does not exist: create it with "tipline setup"`, {
      retryable: false,
    });
  }

  async function* scan(topic: string): AsyncGenerator<Located> {
    const number = numberOf(topic);
    const { start, end } = records.bounds(number);
    for (let next = start; next < end; ) {
      usable();
      const page = records.read(number, next, Math.min(RECORDS_AT_ONCE, end - next), SCAN_BYTES);
      for (const record of page) if (record.offset < end) yield { ...record, topic, partition: 0 };
      next = (page.at(-1)?.offset ?? end) + 1;
      await nextTurn();
    }
  }

  return {
    description: `embedded ${path}`,
    async publish(topic, outgoing) {
      const number = numberOf(topic);
      for (let at = 0; at < outgoing.length; at += RECORDS_AT_ONCE) {
        if (at > 0) await nextTurn();
        usable();
        const slice = outgoing.slice(at, at + RECORDS_AT_ONCE);
        await outlast(() => records.append(number, slice, now()), ending.signal);
        waker.wake(topic);
      }
      await trimmer.trimIfDue(ending.signal);
    },
    async consume(options) {
      const number = numberOf(options.topic);
      const place = `${options.topic}\0${options.group}`;
      if (consumers.has(place)) {
        throw new TiplineError(
          'BUS_GROUP_TAKEN',
          `group ${options.group} reads ${options.topic} already: the embedded bus has one consumer a group`,
          { retryable: false },
        );
      }
      const subscription = startSubscription(options, { records, waker, number, outlast, ending: ending.signal });
      consumers.set(place, subscription);
      const leave = (): void => {
        if (consumers.get(place) === subscription) consumers.delete(place);
      };
      subscription.closed.then(leave, (error: unknown) => {
        leave();
        log.error({ topic: options.topic, group: options.group, error }, 'a consumer died');
      });
      return subscription;
    },
    async lag(topic, group) {
      const number = numberOf(topic);
      const { start, end } = records.bounds(number);
      return end - Math.max(start, records.position(number, group) ?? start);
    },
    async leftBehind(topic, group, before) {
      const number = numberOf(topic);
      return records.countBefore(number, records.position(number, group) ?? 0, before);
    },
    scan,
    async createTopics(specs) {
      usable();
      return specs.filter(({ name, retentionMs }) => records.create(name, retentionMs)).map(({ name }) => name);
    },
    async missingTopics(topics) {
      usable();
      return topics.filter((topic) => records.find(topic) === undefined);
    },
    servers: async () => [],
    async check() {
      usable();
      db.write(() => undefined);
    },
    async close() {
      if (ending.signal.aborted) return;
      ending.abort();
      const all = Promise.allSettled([...consumers.values()].map((consumer) => consumer.closed));
      await Promise.race([all, sleep(LAST_WAIT_MS, undefined, { ref: false })]);
      db.close();
    },
  };
}
