import { setTimeout as sleep } from 'node:timers/promises';
import { FetchIsolationLevels } from '@platformatic/kafka';
import { createBackoff } from '../../core/process/backoff.ts';
import type { KafkaConfig } from '../../core/process/config/sections.ts';
import { TiplineError } from '../../core/process/errors.ts';
import type { TopicSpec } from '../port.ts';
import type { Cluster } from './cluster.ts';
import { busError, kafkaNamesOf } from './errors.ts';
import { topicLayout } from './layout.ts';

/** Special timestamps of ListOffsets; any other asks for the first record that is not older. */
const EARLIEST = -2n;
const LATEST = -1n;
const NEVER_COMMITTED = -1n;
/** The answer when all records are older than the time asked for. */
const NO_SUCH_RECORD = -1;
const LEADERS_PATIENCE_MS = 10_000;
const LEADERS_LOOK_MS = 50;
const ATTEMPTS = 5;

/** Offsets of one partition: the first that is kept, and the one that comes next. */
export interface Extent {
  partition: number;
  low: number;
  high: number;
}

export interface BusAdmin {
  check(): Promise<void>;
  /** Hosts of all brokers, as they name themselves. */
  servers(): Promise<string[]>;
  missingTopics(topics: readonly string[]): Promise<string[]>;
  createTopics(specs: readonly TopicSpec[]): Promise<string[]>;
  extents(topic: string): Promise<Extent[]>;
  lag(topic: string, group: string): Promise<number>;
  leftBehind(topic: string, group: string, before: number): Promise<number>;
  /** Has a group that never committed begin at the end of the topic as it is now. Does nothing while the group has members. */
  startAtEnd(topic: string, group: string): Promise<void>;
}

export function createAdmin(cluster: Cluster, config: KafkaConfig): BusAdmin {
  /** Tries a few times, since leaders and coordinators move; a real outage is the caller's to wait for. */
  async function doing<T>(what: string, work: () => Promise<T>): Promise<T> {
    const backoff = createBackoff({ first: 100, most: 800 });
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        const known = busError(error, what);
        if (known.retryable !== true || attempt === ATTEMPTS) throw known;
      }
      await sleep(backoff.next());
    }
  }

  async function missing(topics: readonly string[]): Promise<string[]> {
    const existing = new Set(await doing('asking for topics', () => cluster.listTopics({ includeInternals: true })));
    return topics.filter((topic) => !existing.has(topic));
  }

  async function create({ name, retentionMs }: TopicSpec): Promise<boolean> {
    try {
      await cluster.createTopics({
        topics: [name],
        partitions: config.partitions,
        replicas: config.replication,
        configs: [
          { name: 'cleanup.policy', value: 'delete' },
          { name: 'retention.ms', value: String(retentionMs) },
          // With three copies or more, "in sync" must mean more than the leader alone.
          { name: 'min.insync.replicas', value: config.replication > 2 ? '2' : '1' },
        ],
      });
    } catch (error) {
      const names = kafkaNamesOf(error);
      if (names.includes('TOPIC_ALREADY_EXISTS')) return false; // another process was faster
      if (names.includes('INVALID_REPLICATION_FACTOR')) {
        throw new TiplineError(
          'BUS_REPLICATION',
          `topic ${name} cannot have ${config.replication} copies: set bus.replication to the number of brokers at most`,
          { cause: error, retryable: false },
        );
      }
      throw busError(error, `creating topic ${name}`);
    }
    await untilLed(name);
    return true;
  }

  /** A topic can be used once the leaders of its partitions know that they are, shortly after it was created. */
  async function untilLed(topic: string): Promise<void> {
    const giveUpAt = Date.now() + LEADERS_PATIENCE_MS;
    for (;;) {
      try {
        const { partitions } = await topicLayout(cluster, topic, true);
        await offsets(topic, partitions, LATEST);
        return;
      } catch (error) {
        if (Date.now() > giveUpAt) throw busError(error, `waiting for the leaders of topic ${topic}`);
      }
      await sleep(LEADERS_LOOK_MS);
    }
  }

  async function offsets(topic: string, partitions: number, timestamp: bigint): Promise<Map<number, number>> {
    const wanted = Array.from({ length: partitions }, (_, partitionIndex) => ({ partitionIndex, timestamp }));
    const topics = [{ name: topic, partitions: wanted }];
    // What a transaction has not committed yet is not there for readers, so it is not the end either.
    const listed = await cluster.listOffsets({ topics, isolationLevel: FetchIsolationLevels.READ_COMMITTED });
    return new Map(listed.flatMap((found) => found.partitions.map((p) => [p.partitionIndex, Number(p.offset)])));
  }

  function extents(topic: string): Promise<Extent[]> {
    return doing(`asking for the offsets of ${topic}`, async () => {
      const { partitions } = await topicLayout(cluster, topic, true);
      const low = await offsets(topic, partitions, EARLIEST);
      const high = await offsets(topic, partitions, LATEST);
      return Array.from({ length: partitions }, (_, partition) => ({
        partition,
        low: low.get(partition) ?? 0,
        high: high.get(partition) ?? 0,
      }));
    });
  }

  /** By partition; those that were never committed are absent. */
  function committed(topic: string, group: string, partitions: number): Promise<Map<number, number>> {
    return doing(`asking for the place of group ${group}`, async () => {
      const topics = [{ name: topic, partitionIndexes: Array.from({ length: partitions }, (_, i) => i) }];
      const [found] = await cluster.listConsumerGroupOffsets({ groups: [{ groupId: group, topics }] });
      const places = (found?.topics ?? []).flatMap((entry) => entry.partitions);
      return new Map(
        places
          .filter((place) => place.committedOffset !== NEVER_COMMITTED)
          .map((place) => [place.partitionIndex, Number(place.committedOffset)]),
      );
    });
  }

  /** What a group has to read of each partition: from `place` to `high`. */
  async function unreadOf(topic: string, group: string): Promise<{ partition: number; place: number; high: number }[]> {
    const ranges = await extents(topic);
    const places = await committed(topic, group, ranges.length);
    return ranges.map(({ partition, low, high }) => ({
      partition,
      place: Math.max(low, places.get(partition) ?? low),
      high,
    }));
  }

  return {
    extents,
    missingTopics: missing,
    async check() {
      await doing('connecting to Kafka', () => cluster.metadata({ topics: [], forceUpdate: true }));
    },
    async servers() {
      const { brokers } = await doing('asking for the brokers', () => cluster.metadata({ topics: [] }));
      return [...brokers.values()].map(({ host }) => host);
    },
    async createTopics(specs) {
      const absent = new Set(await missing(specs.map(({ name }) => name)));
      const created: string[] = [];
      for (const spec of specs) if (absent.has(spec.name) && (await create(spec))) created.push(spec.name);
      return created;
    },
    async lag(topic, group) {
      const unread = await unreadOf(topic, group);
      return unread.reduce((sum, { place, high }) => sum + Math.max(0, high - place), 0);
    },
    async leftBehind(topic, group, before) {
      const unread = await unreadOf(topic, group);
      const newer = await doing(`asking for the age of ${topic}`, () => offsets(topic, unread.length, BigInt(before)));
      return unread.reduce((sum, { partition, place, high }) => {
        const first = newer.get(partition) ?? NO_SUCH_RECORD;
        return sum + Math.max(0, (first === NO_SUCH_RECORD ? high : first) - place);
      }, 0);
    },
    async startAtEnd(topic, group) {
      const ranges = await extents(topic);
      const places = await committed(topic, group, ranges.length);
      const partitionOffsets = ranges
        .filter(({ partition }) => !places.has(partition))
        .map(({ partition, high }) => ({ partition, offset: BigInt(high) }));
      if (partitionOffsets.length === 0) return;
      try {
        await cluster.alterConsumerGroupOffsets({ groupId: group, topics: [{ name: topic, partitionOffsets }] });
      } catch (error) {
        // A group that has members takes commits from them alone; they have begun at the end themselves.
        if (kafkaNamesOf(error).includes('UNKNOWN_MEMBER_ID')) return;
        throw busError(error, `placing group ${group} at the end of ${topic}`);
      }
    },
  };
}
