import type { Bus, Outgoing } from '../../bus/port.ts';

/** A bus in memory that can be slow, away or broken. Only publishing works: ingest does nothing else. */
export interface FakeBus extends Bus {
  readonly records: (Outgoing & { topic: string })[];
  /** Number of records of each publish call. */
  readonly sends: number[];
  /** Values as objects; what is no JSON object comes as text under `unreadable`. */
  values(): Record<string, unknown>[];
  /** Publish calls wait from now on, until `open`. */
  shut(): void;
  open(): void;
  /** Records of calls that wait. */
  waiting(): number;
  /** The next `times` publish calls reject. */
  fail(error: Error, times: number): void;
}

export function createFakeBus(): FakeBus {
  const records: (Outgoing & { topic: string })[] = [];
  const sends: number[] = [];
  let gate: PromiseWithResolvers<void> | undefined;
  let waiting = 0;
  let failure: { error: Error; times: number } | undefined;
  const unused = (): never => {
    throw new Error('ingest only publishes');
  };
  return {
    description: 'fake',
    records,
    sends,
    values: () => records.map((record) => parsed(record.value)),
    shut() {
      gate ??= Promise.withResolvers();
    },
    open() {
      gate?.resolve();
      gate = undefined;
    },
    waiting: () => waiting,
    fail(error, times) {
      failure = { error, times };
    },
    async publish(topic, batch) {
      if (gate !== undefined) {
        waiting += batch.length;
        await gate.promise;
        waiting -= batch.length;
      }
      if (failure !== undefined && failure.times > 0) {
        failure.times -= 1;
        throw failure.error;
      }
      sends.push(batch.length);
      for (const record of batch) records.push({ ...record, topic });
    },
    consume: unused,
    lag: unused,
    leftBehind: unused,
    servers: unused,
    scan: unused,
    createTopics: unused,
    missingTopics: unused,
    check: async () => {},
    close: async () => {},
  };
}

function parsed(value: string | Buffer): Record<string, unknown> {
  const text = value.toString();
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? { ...json } : { unreadable: text };
  } catch {
    return { unreadable: text };
  }
}
