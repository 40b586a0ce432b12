import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Producer } from '@platformatic/kafka';
import kafkajs from 'kafkajs';
import type { Batch, Bus, Incoming, Subscription } from '../../../bus/port.ts';
import { REFUSED_HEADER } from '../../../bus/port.ts';
import { freshName, givenKafka } from '../../services/given.ts';
import { until } from '../../services/wait.ts';
import { javaSnappy } from './format/java-snappy.ts';
import { freshTopic, openBus } from './open-bus.ts';

const PATIENCE = 30_000;

const { CompressionCodecs, CompressionTypes, Kafka, logLevel, Partitioners } = kafkajs;

let brokers: string[];
let bus: Bus;
const open: { close(): Promise<void> }[] = [];

before(async () => {
  brokers = await givenKafka();
  bus = another();
});
after(async () => {
  await Promise.all(open.map((one) => one.close()));
});

/** A bus of its own stands for another process. */
function another(): Bus {
  const opened = openBus(brokers).bus;
  open.push(opened);
  return opened;
}

async function filled(count: number): Promise<string> {
  const topic = await freshTopic(bus);
  await bus.publish(
    topic,
    Array.from({ length: count }, (_, i) => ({ key: `key ${i}`, value: String(i) })),
  );
  return topic;
}

async function read(topic: string, count: number): Promise<Incoming[]> {
  const seen: Incoming[] = [];
  const handler = async ({ records }: Batch): Promise<void> => {
    seen.push(...records);
  };
  const subscription = await bus.consume({ topic, group: freshName('group'), handler });
  await until(() => seen.length >= count, { what: `${count} records`, timeout: PATIENCE });
  await subscription.stop();
  return seen;
}

describe('records of other producers', () => {
  it('are read in all four codecs, and in the frames that Java clients put around snappy', async () => {
    const topic = await freshTopic(bus);
    const producer = new Producer<string, string, string, string>({
      clientId: 'foreign',
      bootstrapBrokers: brokers,
      serializers: { key: (text) => Buffer.from(text ?? ''), value: (text) => Buffer.from(text ?? '') },
    });
    for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
      const messages = Array.from({ length: 50 }, (_, i) => ({ topic, key: 'k', value: `${compression} ${i}` }));
      await producer.send({ messages, compression });
    }
    await producer.close();

    CompressionCodecs[CompressionTypes.Snappy] = () => ({
      compress: async ({ buffer }: { buffer: Buffer }) => javaSnappy(buffer, 100),
      decompress: () => Promise.reject(new Error('kafkajs does not read here')),
    });
    const theirs = new Kafka({ brokers, logLevel: logLevel.NOTHING }).producer({
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    await theirs.connect();
    const messages = Array.from({ length: 50 }, (_, i) => ({ key: 'k', value: `java ${i}` }));
    await theirs.send({ topic, messages, compression: CompressionTypes.Snappy });
    await theirs.disconnect();

    const values = new Set((await read(topic, 300)).map(({ value }) => value.toString()));
    for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd', 'java']) {
      for (let i = 0; i < 50; i += 1) assert.ok(values.has(`${codec} ${i}`), `${codec} ${i}`);
    }
    const scanned = new Set<string>();
    for await (const { value } of bus.scan(topic)) scanned.add(value.toString());
    assert.deepEqual(scanned, values);
  });

  it('that unpack to more than memory should hold become one empty record, and the next is read', async () => {
    const topic = await freshTopic(bus);
    const producer = new Producer({ clientId: 'foreign', bootstrapBrokers: brokers });
    const huge = { topic, key: Buffer.from('k'), value: Buffer.alloc(40 * 1024 ** 2) };
    await producer.send({ messages: [huge], compression: 'gzip' });
    await producer.close();
    await bus.publish(topic, [{ key: 'k', value: 'after' }]);
    const [refused, next] = await read(topic, 2);
    assert.equal(refused?.value.length, 0);
    assert.match(refused?.headers[REFUSED_HEADER] ?? '', /could not be read/);
    assert.equal(next?.value.toString(), 'after');
    assert.equal(await bus.lag(topic, freshName('group')), 2);
  });

  it('may lack a key or a value, and may repeat a header', async () => {
    const topic = await freshTopic(bus);
    const theirs = new Kafka({ brokers, logLevel: logLevel.NOTHING }).producer({
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    await theirs.connect();
    await theirs.send({
      topic,
      messages: [
        { partition: 0, value: 'no key' },
        { partition: 0, key: 'tombstone', value: null },
        { partition: 0, key: 'headers', value: '', headers: { one: 'ü', many: ['first', 'last'] } },
      ],
    });
    await theirs.disconnect();
    const [noKey, tombstone, headers] = await read(topic, 3);
    assert.equal(noKey?.key, null);
    assert.equal(noKey?.value.toString(), 'no key');
    assert.equal(tombstone?.key, 'tombstone');
    assert.equal(tombstone?.value.length, 0);
    assert.deepEqual(tombstone?.headers, {});
    assert.deepEqual(headers?.headers, { one: 'ü', many: 'last' });
  });

  it('fall into the same partition for the same key, whichever client wrote them', async () => {
    const topic = freshName('kafka');
    const { bus: six } = openBus(brokers, { partitions: 6 });
    open.push(six);
    await six.createTopics([{ name: topic, retentionMs: 3_600_000 }]);
    const theirs = new Kafka({ brokers, logLevel: logLevel.NOTHING }).producer({
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    await theirs.connect();
    const keys = Array.from({ length: 500 }, (_, i) => `grüße ${i}`);
    await theirs.send({ topic, messages: keys.map((key) => ({ key, value: 'theirs' })) });
    await theirs.disconnect();
    await six.publish(
      topic,
      keys.map((key) => ({ key, value: 'ours' })),
    );
    const partitions = new Map<string, Set<number>>();
    let count = 0;
    for await (const { key, partition } of six.scan(topic)) {
      const known = partitions.get(key ?? '') ?? new Set();
      partitions.set(key ?? '', known.add(partition));
      count += 1;
    }
    assert.equal(count, 1_000);
    for (const [key, found] of partitions) assert.equal(found.size, 1, key);
  });
});

describe('records of transactions', () => {
  it('are read when they were committed, not when they were aborted, and their marks are no lag', async () => {
    const topic = await freshTopic(bus);
    const producer = new Kafka({ brokers, logLevel: logLevel.NOTHING }).producer({
      createPartitioner: Partitioners.DefaultPartitioner,
      transactionalId: freshName('transaction'),
      maxInFlightRequests: 1,
      idempotent: true,
    });
    await producer.connect();
    const send = async (value: string, end: 'commit' | 'abort'): Promise<void> => {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: Array.from({ length: 10 }, (_, i) => ({ key: `key ${i}`, value })) });
      await transaction[end]();
    };
    const seen: string[] = [];
    const group = freshName('group');
    const subscription = await bus.consume({
      topic,
      group,
      maxRecords: 3,
      handler: async ({ records }) => void seen.push(...records.map(({ value }) => value.toString())),
    });
    await send('taken back', 'abort');
    await send('kept', 'commit');
    await until(() => seen.length >= 10, { what: 'ten records', timeout: PATIENCE });
    await until(async () => (await bus.lag(topic, group)) === 0, { what: 'no lag', timeout: PATIENCE });
    await send('taken back', 'abort');
    await until(async () => (await bus.lag(topic, group)) === 0, {
      what: 'no lag of an aborted one',
      timeout: PATIENCE,
    });
    await producer.disconnect();
    await subscription.stop();
    assert.deepEqual(new Set(seen), new Set(['kept']));
    const scanned: string[] = [];
    for await (const { value } of bus.scan(topic)) scanned.push(value.toString());
    assert.deepEqual(
      scanned,
      Array.from({ length: 10 }, () => 'kept'),
    );
  });
});

describe('a handler that throws', () => {
  it('ends the subscription with its error, commits nothing, and aborts the other batches in hand', async () => {
    const topic = await filled(400);
    const group = freshName('group');
    const failure = new Error('what now');
    const aborted: number[] = [];
    const subscription = await bus.consume({
      topic,
      group,
      async handler({ partition, signal }) {
        if (partition === 3) throw failure;
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        aborted.push(partition);
      },
    });
    await assert.rejects(subscription.closed, failure);
    assert.deepEqual(aborted.sort(), [0, 1, 2]);
    assert.equal(await bus.lag(topic, group), 400);
    await subscription.stop();
    await until(async () => !(await hasMembers(group)), { what: 'the consumer to leave the group', timeout: PATIENCE });
  });

  it('in a later slice keeps what the earlier ones have committed', async () => {
    const topic = await filled(400);
    const group = freshName('group');
    let handed = 0;
    const done = new Map<number, number>();
    const subscription = await bus.consume({
      topic,
      group,
      maxRecords: 10,
      async handler({ partition, records }) {
        handed += 1;
        if (handed > 9) throw new Error('enough');
        done.set(partition, (done.get(partition) ?? 0) + records.length);
      },
    });
    await assert.rejects(subscription.closed);
    const lag = await bus.lag(topic, group);
    const handled = [...done.values()].reduce((sum, count) => sum + count, 0);
    assert.ok(lag < 400, 'something is committed');
    assert.ok(400 - lag <= handled, 'nothing that was not handled');
  });
});

describe('a topic that does not exist', () => {
  it('cannot be consumed, scanned, asked for its lag, or published to', async () => {
    const topic = freshName('missing');
    const missing = { code: 'BUS_TOPIC_MISSING', retryable: false };
    await assert.rejects(bus.consume({ topic, group: 'any', handler: async () => {} }), missing);
    await assert.rejects(bus.lag(topic, 'any'), missing);
    await assert.rejects(async () => {
      for await (const _ of bus.scan(topic));
    }, missing);
    await assert.rejects(bus.publish(topic, [{ key: 'k', value: 'v' }]), missing);
    assert.deepEqual(await bus.missingTopics([topic]), [topic], 'and asking has not created it');
  });
});

describe('a rebalance while batches are in hand', () => {
  it('aborts them, is no error, and loses nothing', async () => {
    const topic = await filled(2_000);
    const group = freshName('group');
    const seen = new Set<string>();
    const note = ({ records }: Batch): void => {
      for (const { value } of records) seen.add(value.toString());
    };
    let aborted = 0;
    let held = 0;
    let second: Subscription | undefined;

    const first = await bus.consume({
      topic,
      group,
      maxRecords: 100,
      async handler(batch) {
        if (second === undefined) {
          // As a worker whose other server is away: waits, keeps its place, gives up when it is told to.
          held += 1;
          while (!batch.signal.aborted) {
            await batch.heartbeat();
            await sleep(50);
          }
          aborted += 1;
          if (aborted % 2 === 0) throw new Error('told to end');
          return;
        }
        note(batch);
      },
    });
    await until(() => held === 4, { what: 'four batches in hand', timeout: PATIENCE });
    assert.equal(await bus.lag(topic, group), 2_000);
    second = await another().consume({ topic, group, maxRecords: 100, handler: async (batch) => note(batch) });
    await until(() => seen.size === 2_000, { what: 'all records', timeout: PATIENCE });
    assert.equal(aborted, 4);
    await until(async () => (await bus.lag(topic, group)) === 0, { what: 'the last commits', timeout: PATIENCE });
    await Promise.all([first.stop(), second.stop()]);
    await Promise.all([first.closed, second.closed]);
  });

  it('lets slices that end soon finish and commit, so that hardly anything is done twice', async () => {
    const topic = await filled(4_000);
    const group = freshName('group');
    const seen = new Map<string, number>();
    let aborted = 0;
    const handler = async ({ records, signal }: Batch): Promise<void> => {
      await sleep(20);
      if (signal.aborted) aborted += 1;
      for (const { value } of records) seen.set(value.toString(), (seen.get(value.toString()) ?? 0) + 1);
    };
    const first = await bus.consume({ topic, group, maxRecords: 20, handler });
    await until(() => seen.size > 100, { what: 'some records', timeout: PATIENCE });
    const second = await another().consume({ topic, group, maxRecords: 20, handler });
    await until(() => seen.size === 4_000, { what: 'all records', timeout: PATIENCE });
    await Promise.all([first.stop(), second.stop()]);
    assert.equal(aborted, 0);
    assert.equal([...seen.values()].filter((times) => times > 1).length, 0, 'nothing twice');
  });
});

async function hasMembers(group: string): Promise<boolean> {
  const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const { groups } = await admin.describeGroups([group]);
    return (groups[0]?.members.length ?? 0) > 0;
  } finally {
    await admin.disconnect();
  }
}
