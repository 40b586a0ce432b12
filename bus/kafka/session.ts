import type { Socket } from 'node:net';
import type { EachBatchPayload } from 'kafkajs';
import { createBackoff, pause } from '../../core/process/backoff.ts';
import { TiplineError } from '../../core/process/errors.ts';
import type { Log } from '../../core/process/log.ts';
import type { ConsumeOptions } from '../port.ts';
import { busError, placeVerdict } from './errors.ts';
import { toIncoming } from './incoming.ts';
import { type NewClient, RETRIES } from './kafkajs-client.ts';
import type { Line } from './outages.ts';
import { createPlace, HEARTBEAT_MS, InHand, SESSION_TIMEOUT_MS } from './place.ts';
import { coordinatorLost } from './repairs/coordinator-loss.ts';

export type SessionEnd =
  | { reason: 'stopped' }
  | { reason: 'outage'; error: TiplineError }
  | { reason: 'died'; error: unknown };

export interface Session {
  /** Resolves when partitions were assigned for the first time. Never rejects; look at `ended` too. */
  readonly joined: Promise<void>;
  readonly ended: Promise<SessionEnd>;
  /** Lets the slices in hand finish and commit, then leaves the group. */
  stop(): void;
  /** The same without patience: slices in hand are aborted and not committed. */
  abort(): void;
}

export interface SessionContext {
  newClient: NewClient;
  line: Line;
  log: Log;
}

type State = 'joining' | 'running' | 'stopping' | 'ended';

const REBALANCE_TIMEOUT_MS = 60_000;
/** Longer than a lost connection takes to come back. After that another broker may be the one to commit to. */
const COMMIT_PATIENCE_MS = 2_000;
/** For saying goodbye to brokers that may be away. */
const FAREWELL_MS = 5_000;
/**
 * Batches in hand, one a partition: while one waits for another server the next is worked on. As many as a topic of ours has partitions
 * by default; each costs its fetch in memory.
 */
const BATCHES_IN_HAND = 4;
/** kafkajs fetches nothing ahead, so each fetch is large; `minBytes` and `maxWait` are what a quiet topic costs, 5 requests a second. */
const FETCH = { maxBytes: 8 * 1024 ** 2, maxBytesPerPartition: 1024 ** 2, minBytes: 64 * 1024, maxWaitTimeInMs: 200 };

/**
 * One life of a kafkajs consumer, from joining the group to leaving it:
 *
 *   joining -> running -> stopping -> ended (stopped)
 *                  |-> ended (outage: the supervisor starts another session)
 *                  `-> ended (died: nobody knows how to go on)
 *
 * What always holds:
 * - An offset is committed only after the handler resolved for all records before it, and only while our place in the group is good.
 *   kafkajs fetches on from the offset that we resolve, which is the committed one.
 * - `eachBatch` throws only what cost us our place, which is how kafkajs learns that it must join again. A throw for any other reason
 *   would make it retry in its own way, or leave a live process that reads nothing.
 */
export function startSession(options: ConsumeOptions, { newClient, line, log }: SessionContext): Session {
  const { topic, group, handler, maxRecords = 1000 } = options;
  const doing = `consuming ${topic} as ${group}`;
  const joined = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<SessionEnd>();
  const place = createPlace(doing, { line, log });
  let current: State = 'joining';
  const state = (): State => current;

  const away = (detail: string): void =>
    line.down(new TiplineError('BUS_AWAY', `${doing}: ${detail}`, { retryable: true }));
  const sockets = new Set<Socket>();
  const client = newClient({
    unreachable: away,
    inUse: () => state() !== 'ended',
    opened(socket) {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    },
  });
  const consumer = client.consumer({
    groupId: group,
    sessionTimeout: SESSION_TIMEOUT_MS,
    heartbeatInterval: HEARTBEAT_MS,
    rebalanceTimeout: REBALANCE_TIMEOUT_MS,
    allowAutoTopicCreation: false,
    ...FETCH,
    // A restart by kafkajs would keep the state that may be what is wrong.
    retry: { ...RETRIES, restartOnFailure: async () => false },
  });

  /** False when the offset is not committed: our place is lost, or there is no time to wait for the broker. */
  async function commit(payload: EachBatchPayload, offset: number, hand: InHand): Promise<boolean> {
    const partitions = [{ partition: payload.batch.partition, offset: String(offset) }];
    const backoff = createBackoff({ first: 100, most: 500 });
    const giveUpAt = Date.now() + COMMIT_PATIENCE_MS;
    for (;;) {
      try {
        await payload.commitOffsetsIfNecessary({ topics: [{ topic, partitions }] });
        return true;
      } catch (error) {
        place.doubt(Date.now() > giveUpAt ? coordinatorLost(error) : error);
      }
      if (place.lost() !== undefined) return false;
      await pause(backoff.next(), hand.signal);
      if (hand.signal.aborted) return false;
    }
  }

  async function workOff(payload: EachBatchPayload, hand: InHand): Promise<void> {
    const { batch } = payload;
    const { partition, messages } = batch;
    const { signal } = hand;
    const heartbeat = (): Promise<void> => {
      hand.progress = Date.now();
      return place.beat();
    };
    for (let at = 0; at < messages.length; at += maxRecords) {
      if (state() !== 'running' || place.lost() !== undefined) return;
      const records = messages.slice(at, at + maxRecords).map(toIncoming);
      const last = records.at(-1);
      if (last === undefined) return;
      hand.progress = Date.now();
      try {
        await handler({ topic, partition, records, heartbeat, signal });
      } catch (error) {
        // What a handler throws after it was told to end is not its failure.
        if (signal.aborted) return;
        throw error;
      }
      // Behind the last record there may be marks of transactions, which no handler sees.
      const covered =
        at + maxRecords < messages.length ? last.offset : Math.max(last.offset, Number(batch.lastOffset()));
      if (signal.aborted || !(await commit(payload, covered + 1, hand))) return;
      payload.resolveOffset(String(last.offset));
      await heartbeat();
    }
  }

  async function eachBatch(payload: EachBatchPayload): Promise<void> {
    if (state() !== 'running') return;
    place.beatWith(payload.heartbeat);
    if (place.lost() === undefined) {
      const hand = new InHand();
      place.inHand.add(hand);
      try {
        await workOff(payload, hand);
      } catch (error) {
        place.abortAll();
        void leave({ reason: 'died', error });
      } finally {
        place.inHand.delete(hand);
      }
    }
    if (state() === 'stopping') leaveWhenDone();
    const lost = place.lost();
    if (lost !== undefined && state() === 'running') throw lost;
  }

  function leaveWhenDone(): void {
    if (place.inHand.size === 0) void leave({ reason: 'stopped' });
  }

  async function leave(end: SessionEnd): Promise<void> {
    if (state() === 'ended') return;
    current = 'ended';
    place.end();
    const farewell = setTimeout(cut, FAREWELL_MS, end);
    // Disconnected while it is still joining, kafkajs would go on joining; so that is waited for.
    await starting.catch(() => {});
    await consumer.disconnect().catch((error: unknown) => log.debug({ doing, error }, 'leaving the group failed'));
    clearTimeout(farewell);
    cut(end);
  }

  /**
   * A heartbeat during an outage can connect to a broker that kafkajs has dropped from its list already; `disconnect` does not know of that
   * connection, and it would keep the process alive. Only an error makes kafkajs clear the timer of a connection too.
   */
  function cut(end: SessionEnd): void {
    for (const socket of sockets) socket.destroy(new Error('the client is closed'));
    ended.resolve(end);
  }

  function endBy(error: unknown): SessionEnd {
    const known = busError(error, doing);
    const ends = known.retryable === true || placeVerdict(error) !== 'unknown';
    return ends ? { reason: 'outage', error: known } : { reason: 'died', error: known };
  }

  consumer.on(consumer.events.GROUP_JOIN, () => {
    place.joined();
    line.up();
    if (state() === 'joining') current = 'running';
    joined.resolve();
  });
  consumer.on(consumer.events.FETCH, () => line.up());
  consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
    // Nothing but marks of transactions or aborted records: no handler was called, and without a commit they would count as lag for ever.
    if (payload.batchSize > 0 || state() !== 'running' || place.lost() !== undefined) return;
    const mark = { topic, partition: payload.partition, offset: String(Number(payload.lastOffset) + 1) };
    consumer.commitOffsets([mark]).catch((error: unknown) => log.debug({ doing, error }, 'a mark was not committed'));
  });
  consumer.on(consumer.events.REQUEST_TIMEOUT, () => away('a broker does not answer'));
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    place.abortAll();
    void leave(endBy(payload.error));
  });

  async function start(): Promise<void> {
    await consumer.connect();
    if (state() === 'ended') return;
    await consumer.subscribe({ topic, fromBeginning: true });
    if (state() === 'ended') return;
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: BATCHES_IN_HAND,
      eachBatch,
    });
  }
  const starting = start();
  starting.catch((error: unknown) => leave(endBy(error)));

  return {
    joined: joined.promise,
    ended: ended.promise,
    stop() {
      if (state() === 'ended') return;
      current = 'stopping';
      leaveWhenDone();
    },
    abort() {
      place.abortAll();
      void leave({ reason: 'stopped' });
    },
  };
}
