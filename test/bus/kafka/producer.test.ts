import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Admin } from '@platformatic/kafka';
import type { Bus, Located } from '../../../bus/port.ts';
import { freshName, givenKafka } from '../../services/given.ts';
import { until } from '../../services/wait.ts';
import { freshTopic, openBus } from './open-bus.ts';

async function collect(records: AsyncIterable<Located>): Promise<Located[]> {
  const found: Located[] = [];
  for await (const record of records) found.push(record);
  return found;
}

describe('publishing to Kafka', () => {
  let brokers: string[];
  let bus: Bus;
  let admin: Admin;
  before(async () => {
    brokers = await givenKafka();
    bus = openBus(brokers).bus;
    admin = new Admin({ clientId: 'test', bootstrapBrokers: brokers });
  });
  after(async () => {
    await bus.close();
    await admin.close();
  });

  for (const compression of ['none', 'gzip', 'zstd'] as const) {
    it(`works with compression ${compression}, beyond the size of one request`, async () => {
      const { bus: own } = openBus(brokers, { compression });
      const topic = await freshTopic(own);
      const records = Array.from({ length: 3_000 }, (_, i) => ({
        key: `key ${i % 50}`,
        value: `${i} ${'é'.repeat(1_500)}`,
      }));
      await own.publish(topic, records);
      const found = await collect(own.scan(topic));
      assert.equal(found.length, 3_000);
      assert.deepEqual(new Set(found.map(({ value }) => value.toString())), new Set(records.map(({ value }) => value)));
      await own.close();
    });
  }

  it('splits what is too large for the topic only together, in order, and names what is too large alone', async () => {
    const topic = freshName('kafka');
    const configs = [{ name: 'max.message.bytes', value: '20000' }];
    await admin.createTopics({ topics: [topic], partitions: 2, replicas: 1, configs });
    const records = Array.from({ length: 100 }, (_, i) => ({ key: 'one', value: String(i).padEnd(3_000) }));
    await bus.publish(topic, records);
    const values = (await collect(bus.scan(topic))).map(({ value }) => Number(value.toString()));
    assert.deepEqual(values, Array.from(records.keys()));
    await assert.rejects(bus.publish(topic, [{ key: 'one', value: 'x'.repeat(30_000) }]), {
      code: 'BUS_RECORD_TOO_LARGE',
      retryable: false,
    });
  });

  it('finds a topic that appears a little later', async () => {
    const topic = freshName('kafka');
    const published = bus.publish(topic, [{ key: 'k', value: 'v' }]);
    await openAndCreate(brokers, topic);
    await published;
    assert.equal((await collect(bus.scan(topic))).length, 1);
  });

  it('waits for a topic that was deleted under way, says so, and loses nothing', async () => {
    const { bus: own, told } = openBus(brokers);
    const topic = await freshTopic(own);
    await own.publish(topic, [{ key: 'k', value: 'before' }]);
    await admin.deleteTopics({ topics: [topic] });
    await until(async () => (await own.missingTopics([topic])).length === 1, {
      what: 'the topic to be gone',
      timeout: 15_000,
    });
    const published = own.publish(topic, [{ key: 'k', value: 'after' }]);
    const failed = published.then(
      () => false,
      () => true,
    );
    await until(() => told.includes('bus down'), { what: 'health to say so', timeout: 15_000 });
    // longer than a topic that nobody has seen yet is waited for
    const patience = new Promise<boolean>((resolve) => setTimeout(resolve, 6_000, false));
    assert.equal(await Promise.race([failed, patience]), false);
    await own.createTopics([{ name: topic, retentionMs: 3_600_000 }]);
    await published;
    assert.deepEqual(
      (await collect(own.scan(topic))).map(({ value }) => value.toString()),
      ['after'],
    );
    assert.equal(told.at(-1), 'bus up');
    await own.close();
  });

  it('leaves nothing behind that keeps the process alive', async () => {
    const { bus: own } = openBus(brokers);
    const topic = await freshTopic(own);
    const before = process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;
    await own.publish(topic, [{ key: 'k', value: 'v' }]);
    await own.close();
    await new Promise((resolve) => setImmediate(resolve));
    const active = process.getActiveResourcesInfo();
    assert.ok(active.filter((kind) => kind === 'TCPSocketWrap').length < before, String(active));
    assert.ok(active.filter((kind) => kind === 'Timeout').length <= 1, String(active));
  });
});

async function openAndCreate(brokers: string[], topic: string): Promise<void> {
  const { bus } = openBus(brokers);
  await bus.createTopics([{ name: topic, retentionMs: 60_000 }]);
  await bus.close();
}
