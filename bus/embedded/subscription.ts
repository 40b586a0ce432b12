import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ConsumeOptions, Subscription } from '../port.ts';
import type { RecordLog } from './record-log.ts';
import type { Waker } from './waker.ts';

/** Memory for one batch, whatever the size of its records. */
const BATCH_BYTES = 16 * 1024 ** 2;
const BATCH_RECORDS = 1_000;

export interface SubscriptionContext {
  records: RecordLog;
  waker: Waker;
  /** Number of the topic. */
  number: number;
  /** Runs a call on the database, waiting through outages until `signal` is aborted. */
  outlast<T>(work: () => T, signal: AbortSignal): Promise<T>;
  /** Aborted when the bus is closed under the consumer. */
  ending: AbortSignal;
}

/**
 * Reads a topic for one group: read, hand over, commit, and again; when everything is read, wait to be woken. Each step is
 * awaited, so there is one batch in hand at most. `stop` is looked at between batches; the end of the bus interrupts
 * also the handler, through the batch's signal, and then nothing is committed.
 */
export function startSubscription(options: ConsumeOptions, context: SubscriptionContext): Subscription {
  const { topic, group, handler, from = 'earliest', maxRecords = BATCH_RECORDS } = options;
  const { records, waker, number, outlast, ending } = context;
  const stopping = new AbortController();
  const leaving = AbortSignal.any([stopping.signal, ending]);

  async function heartbeat(): Promise<void> {
    await nextTurn();
  }

  async function begin(): Promise<number> {
    return outlast(() => {
      const position = records.position(number, group);
      if (position !== undefined || from === 'earliest') return position ?? 0;
      // Kept at once: what comes between now and the first batch must not be passed over after a crash.
      const { end } = records.bounds(number);
      records.commit(number, group, end);
      return end;
    }, ending);
  }

  async function consume(): Promise<void> {
    let next = await begin();
    while (!leaving.aborted) {
      const ticket = waker.ticket(topic);
      const batch = await outlast(() => records.read(number, next, maxRecords, BATCH_BYTES), leaving);
      const last = batch.at(-1);
      if (last === undefined) {
        await waker.wait(topic, ticket, leaving);
        continue;
      }
      await handler({ topic, partition: 0, records: batch, heartbeat, signal: ending });
      if (ending.aborted) return;
      next = last.offset + 1;
      await outlast(() => records.commit(number, group, next), ending);
      // SQLite never waits, so without this a consumer that has much to read would be alone in the process.
      await nextTurn();
    }
  }

  const closed = consume().catch((error: unknown) => {
    // What a step throws because it was told to end is not a death.
    if (!ending.aborted && !(stopping.signal.aborted && isAborted(error))) throw error;
  });
  // Whoever looks at `closed` later still gets the rejection.
  closed.catch(() => {});

  return {
    closed,
    async stop() {
      stopping.abort();
      await closed.catch(() => {});
    },
  };
}

function isAborted(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ABORTED';
}
