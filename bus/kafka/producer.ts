import { ProtocolError, protocolErrorsCodesById } from '@platformatic/kafka';
import { createBackoff, pause } from '../../core/process/backoff.ts';
import { TiplineError } from '../../core/process/errors.ts';
import type { Outgoing } from '../port.ts';
import type { Cluster } from './cluster.ts';
import { cutIntoRequests, halve, type Part } from './cut.ts';
import { busClosed, busError, kafkaNamesOf, topicMissing } from './errors.ts';
import { type TopicLayout, topicLayout } from './layout.ts';
import type { Line } from './outages.ts';
import type { Produce } from './produce-request.ts';

export interface ProducerContext {
  cluster: Cluster;
  produce: Produce;
  line: Line;
  /** Aborted when the bus is closed. */
  signal: AbortSignal;
}

export type Publish = (topic: string, records: readonly Outgoing[]) => Promise<void>;

const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 10_000;
/** A topic that was created a moment ago is not known to every broker yet. */
const TOPIC_PATIENCE_MS = 5_000;
const LOOK_AGAIN_MS = 250;

/**
 * Publishes through outages: what the broker did not confirm is sent again until it does or the bus is closed. A lost confirmation makes
 * records appear twice, in their old order.
 */
export function createPublish({ cluster, produce, line, signal }: ProducerContext): Publish {
  /** Topics that have taken records: one of these that is gone was deleted, and is waited for. */
  const published = new Set<string>();

  return async (topic, records) => {
    if (records.length === 0) return;
    const delivery = createDelivery(topic);
    const layout = await delivery.insist(() => topicLayout(cluster, topic, false));
    for (const request of cutIntoRequests(records, layout.partitions)) await delivery.deliver(request);
  };

  function createDelivery(topic: string) {
    const doing = `publishing to ${topic}`;
    const backoff = createBackoff({ first: FIRST_WAIT_MS, most: LONGEST_WAIT_MS });
    let missingSince: number | undefined;
    let failures = 0;
    let stale = false;

    /** Waits after a failure that ends by itself; throws for any other. */
    async function wait(cause: TiplineError): Promise<void> {
      if (signal.aborted) throw busClosed();
      const deleted = cause.code === 'BUS_TOPIC_MISSING' && published.has(topic);
      const failure = deleted ? topicDeleted(topic) : cause;
      if (failure.code === 'BUS_TOPIC_MISSING') {
        missingSince ??= Date.now();
        if (Date.now() - missingSince > TOPIC_PATIENCE_MS) throw failure;
      } else if (failure.retryable !== true) {
        throw failure;
      }
      // Once is no outage: a leader may just have moved.
      failures += 1;
      if (failures > 1 && failure.retryable === true) line.down(failure);
      stale = true;
      await pause(missingSince === undefined ? backoff.next() : LOOK_AGAIN_MS, signal);
      if (signal.aborted) throw busClosed();
    }

    async function insist<T>(work: () => Promise<T>): Promise<T> {
      for (;;) {
        try {
          return await work();
        } catch (error) {
          await wait(busError(error, doing));
        }
      }
    }

    /** One part a partition goes out at a time, the first in the queue: so halves of a part stay in order. */
    async function deliver(parts: readonly Part[]): Promise<void> {
      let queue = [...parts];
      while (queue.length > 0) {
        if (signal.aborted) throw busClosed();
        const { left, failure } = await attempt(queue);
        queue = left;
        if (failure !== undefined) {
          await wait(failure);
          continue;
        }
        backoff.reset();
        failures = 0;
        missingSince = undefined;
        published.add(topic);
        line.up();
      }
    }

    async function attempt(queue: readonly Part[]): Promise<{ left: Part[]; failure: TiplineError | undefined }> {
      let failure: TiplineError | undefined;
      const outcome = new Map<Part, Part[]>();
      let layout: TopicLayout;
      try {
        layout = await topicLayout(cluster, topic, stale);
        stale = false;
      } catch (error) {
        return { left: [...queue], failure: busError(error, doing) };
      }

      const send = async (broker: TopicLayout['leaders'][number], mine: Part[]): Promise<void> => {
        try {
          if (broker === undefined) throw new TiplineError('BUS_AWAY', `${doing}: no leader`, { retryable: true });
          const connection = await cluster.connections.get(broker);
          for (const { partition, errorCode } of await produce(connection, topic, mine)) {
            const part = mine.find((candidate) => candidate.partition === partition);
            if (part === undefined) continue;
            if (errorCode === 0) {
              outcome.set(part, []);
              continue;
            }
            const refusal = refusalOf(errorCode, topic, doing);
            const halves = refusal.code === 'BUS_RECORD_TOO_LARGE' ? halve(part) : undefined;
            if (halves === undefined) failure = worse(failure, refusal);
            else outcome.set(part, halves);
          }
        } catch (error) {
          failure = worse(failure, busError(error, doing));
        }
      };
      await Promise.all([...byLeader(queue, layout)].map(([broker, mine]) => send(broker, mine)));
      return { left: queue.flatMap((part) => outcome.get(part) ?? [part]), failure };
    }

    return { insist, deliver };
  }
}

function topicDeleted(topic: string): TiplineError {
  return new TiplineError('BUS_TOPIC_DELETED', `topic ${topic} was deleted: create it with "tipline setup"`, {
    retryable: true,
  });
}

/** The first part of each partition, by the broker that leads it. */
function byLeader(queue: readonly Part[], layout: TopicLayout): Map<TopicLayout['leaders'][number], Part[]> {
  const taken = new Set<number>();
  const groups = new Map<TopicLayout['leaders'][number], Part[]>();
  for (const part of queue) {
    if (taken.has(part.partition)) continue;
    taken.add(part.partition);
    const broker = layout.leaders[part.partition];
    const group = groups.get(broker);
    if (group === undefined) groups.set(broker, [part]);
    else group.push(part);
  }
  return groups;
}

function refusalOf(errorCode: number, topic: string, doing: string): TiplineError {
  const known = Object.hasOwn(protocolErrorsCodesById, String(errorCode));
  const error = new ProtocolError(known ? errorCode : 'UNKNOWN_SERVER_ERROR');
  return kafkaNamesOf(error).includes('UNKNOWN_TOPIC_OR_PARTITION') ? topicMissing(topic) : busError(error, doing);
}

/** What cannot be mended must be thrown, whatever else failed in the same round. */
function worse(one: TiplineError | undefined, other: TiplineError): TiplineError {
  return one === undefined || one.retryable === true ? other : one;
}
