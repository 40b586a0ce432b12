/**
 * The bus carries records between workers. Two adapters: `kafka/` and `embedded/` (one process, a log in SQLite).
 *
 * Delivery is at least once and in order within a partition. A batch is committed when its handler resolves, and not
 * before; a handler that throws stops the consumer for good (`Subscription.closed` rejects), because an error that
 * the worker did not classify means that nobody knows what was written: the process ends and reads the batch again.
 */
export interface Outgoing {
  /** Decides the partition, so equal keys stay in order. */
  key: string;
  value: string | Buffer;
  headers?: Readonly<Record<string, string>>;
}

export interface Incoming {
  key: string | null;
  /** May point into a larger fetch buffer: copy what is kept. */
  value: Buffer;
  offset: number;
  /** Epoch ms, as the broker has it. */
  timestamp: number;
  headers: Readonly<Record<string, string>>;
}

/**
 * Header of a record that stands in for a batch that could not be read (damaged, too large when unpacked, a codec that nobody knows): its
 * text is the reason, its value is empty. The records of that batch are lost to us; the consumer goes on behind them.
 */
export const REFUSED_HEADER = 'tipline-refused';

/** What a worker needs to wait long inside a batch without losing its place in the group. */
export interface BatchPatience {
  /** Call between slices of work and while waiting for a server that is away. */
  heartbeat(): Promise<void>;
  /** Aborted when the partition was taken away or the process must end now: stop, nothing will be committed. */
  readonly signal: AbortSignal;
}

export interface Batch extends BatchPatience {
  readonly topic: string;
  readonly partition: number;
  /** Never empty, at most `maxRecords`, ascending offsets (gaps are possible). */
  readonly records: readonly Incoming[];
}

export interface ConsumeOptions {
  topic: string;
  /** Consumer group; one place in the topic is remembered for each group. */
  group: string;
  /** Where a new group begins. Default `earliest`. */
  from?: 'earliest' | 'latest';
  /** Largest batch handed over at once. Default 1,000. */
  maxRecords?: number;
  handler(batch: Batch): Promise<void>;
}

export interface Subscription {
  /** Lets the batch in hand finish and commit, then leaves the group. */
  stop(): Promise<void>;
  /** Resolves after `stop`, rejects when the consumer died. */
  readonly closed: Promise<void>;
}

export interface TopicSpec {
  name: string;
  retentionMs: number;
}

export interface Located extends Incoming {
  topic: string;
  partition: number;
}

export interface Bus {
  /** Which adapter, with its address, for the log: `kafka 127.0.0.1:9092`. */
  readonly description: string;
  /** Resolves when all in-sync replicas have all records; sends up to 1,000 a request. */
  publish(topic: string, records: readonly Outgoing[]): Promise<void>;
  consume(options: ConsumeOptions): Promise<Subscription>;
  /** Records behind the end of the topic that the group has not committed; a group that never committed counts from the start. */
  lag(topic: string, group: string): Promise<number>;
  /** Of those, how many were published before `before` (epoch ms): what will be lost first when the topic forgets. */
  leftBehind(topic: string, group: string, before: number): Promise<number>;
  /** Records from the beginning of the topic to its end as it is now, in offset order within a partition. */
  scan(topic: string): AsyncIterable<Located>;
  /** Creates the topics that are missing. Returns the names that were created. Never changes one that exists. */
  createTopics(specs: readonly TopicSpec[]): Promise<string[]>;
  /** Names of `topics` that do not exist. */
  missingTopics(topics: readonly string[]): Promise<string[]>;
  /** Hosts of the servers behind it, as they name themselves: they may be others than those of the configuration. */
  servers(): Promise<readonly string[]>;
  /** Throws a TiplineError that says what is wrong when the bus cannot be used. */
  check(): Promise<void>;
  close(): Promise<void>;
}
