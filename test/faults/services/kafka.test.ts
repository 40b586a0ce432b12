import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import { type KafkaServer, startKafka } from '../../services/kafka.ts';

describe('Kafka', () => {
  let server: KafkaServer;
  before(async () => {
    server = await startKafka();
  });
  after(() => server.stop());

  it('is a 4.x broker on loopback', () => {
    assert.match(server.version, /^4\./);
    assert.match(server.brokers.join(), /^127\.0\.0\.1:\d+$/);
  });

  it('comes back with its records after a crash and after an orderly end', async () => {
    await withAdmin(server, (admin) => admin.createTopics({ topics: [{ topic: 'kept', numPartitions: 1 }] }));
    for (const end of ['kill', 'shutdown'] as const) {
      await produce(server, 'kept');
      const former = server.pid;
      await server[end]();
      assert.equal(server.running, false);
      assert.throws(() => server.pid, /not running/);
      await assert.rejects(withAdmin(server, (admin) => admin.listTopics()));
      await server.start();
      assert.notEqual(server.pid, former);
    }
    const [offsets] = await withAdmin(server, (admin) => admin.fetchTopicOffsets('kept'));
    assert.equal(offsets?.high, '2');
  });

  it('answers nobody while it is paused', async () => {
    server.pause();
    await assert.rejects(withAdmin(server, (admin) => admin.listTopics()));
    server.resume();
    assert.ok(Array.isArray(await withAdmin(server, (admin) => admin.listTopics())));
  });
});

it('says what a broker that cannot start complained about, and leaves nothing', async () => {
  await assert.rejects(startKafka({ 'log.dirs': '/dev/null/logs' }), (error: Error) => {
    const [folder = ''] = /\/\S*tipline-kafka-\w+/.exec(error.message) ?? [];
    assert.match(error.message, /kafka ended while starting.*\/dev\/null/s);
    assert.equal(folder !== '' && existsSync(folder), false);
    return true;
  });
});

async function withAdmin<T>(server: KafkaServer, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = client(server).admin();
  try {
    await admin.connect();
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

async function produce(server: KafkaServer, topic: string): Promise<void> {
  const producer = client(server).producer();
  await producer.connect();
  await producer.send({ topic, acks: -1, messages: [{ value: 'one' }] });
  await producer.disconnect();
}

function client(server: KafkaServer): Kafka {
  return new Kafka({
    brokers: server.brokers,
    logLevel: logLevel.NOTHING,
    requestTimeout: 1000,
    connectionTimeout: 1000,
    retry: { retries: 1 },
  });
}
