import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import type { Batch, Subscription } from '../../bus/port.ts';
import { freshTopic, openBus, type WatchedBus } from '../bus/kafka/open-bus.ts';
import { freshName } from '../services/given.ts';
import { type KafkaServer, startKafka } from '../services/kafka.ts';
import { until } from '../services/wait.ts';

const PATIENCE = 90_000;

describe('a broker that is killed and comes back', () => {
  let kafka: KafkaServer;
  let watched: WatchedBus;

  before(async () => {
    kafka = await startKafka();
  });
  after(() => kafka.stop());
  beforeEach(async () => {
    if (!kafka.running) await kafka.start();
    watched = openBus(kafka.brokers);
    await watched.bus.check();
  });
  afterEach(() => watched.bus.close());

  const isDown = (): boolean => watched.health.snapshot().get('bus')?.state === 'down';
  const isUp = (): boolean => watched.health.snapshot().get('bus')?.state === 'up';

  function collector(): { seen: Map<string, number>; handler(batch: Batch): Promise<void> } {
    const seen = new Map<string, number>();
    return {
      seen,
      async handler({ records }) {
        for (const { value } of records) seen.set(value.toString(), (seen.get(value.toString()) ?? 0) + 1);
      },
    };
  }

  it('loses nothing of what is published and consumed meanwhile, and health says so', async () => {
    const { bus } = watched;
    const topic = await freshTopic(bus);
    const { seen, handler } = collector();
    const subscription = await bus.consume({ topic, group: freshName('group'), handler });
    let stop = false;
    let published = 0;
    const publishing = (async () => {
      while (!stop) {
        const from = published;
        await bus.publish(
          topic,
          Array.from({ length: 50 }, (_, i) => ({ key: `key ${i}`, value: String(from + i) })),
        );
        published += 50;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();

    for (let round = 1; round <= 2; round += 1) {
      const before = seen.size;
      await until(() => seen.size > before + 500, { what: 'records before the kill', timeout: PATIENCE });
      await kafka.kill();
      await until(isDown, { what: 'health to say that the bus is down', timeout: PATIENCE });
      assert.match(watched.health.snapshot().get('bus')?.detail ?? '', /ECONNREFUSED|closed|connect/i);
      await kafka.start();
      await until(isUp, { what: 'health to say that the bus is up', timeout: PATIENCE });
    }
    const before = published;
    await until(() => published > before + 500, { what: 'publishing to go on', timeout: PATIENCE });
    stop = true;
    await publishing;
    await until(() => seen.size === published, { what: `all ${published} records`, timeout: PATIENCE });
    await subscription.stop();
    await subscription.closed;
    assert.deepEqual(watched.told.slice(0, 4), ['bus starting', 'bus up', 'bus down', 'bus up']);
  });

  it('finds the batch that was in hand, and takes its commit', async () => {
    const { bus } = watched;
    const topic = await freshTopic(bus);
    const group = freshName('group');
    await bus.publish(
      topic,
      Array.from({ length: 40 }, (_, i) => ({ key: 'one partition', value: String(i) })),
    );
    const gate = Promise.withResolvers<void>();
    const seen: string[] = [];
    let handed = 0;
    const subscription = await bus.consume({
      topic,
      group,
      maxRecords: 20,
      async handler({ records, heartbeat }) {
        handed += 1;
        if (handed === 1) {
          await gate.promise;
          await heartbeat();
        }
        seen.push(...records.map(({ value }) => value.toString()));
      },
    });
    await until(() => handed === 1, { what: 'a batch', timeout: PATIENCE });
    await kafka.kill();
    gate.resolve();
    await until(isDown, { what: 'the commit to fail', timeout: PATIENCE });
    await kafka.start();
    await until(async () => (await bus.lag(topic, group)) === 0, { what: 'all commits', timeout: PATIENCE });
    await subscription.stop();
    await subscription.closed;
    assert.deepEqual(new Set(seen), new Set(Array.from({ length: 40 }, (_, i) => String(i))));
    assert.ok(seen.length <= 60, `${seen.length} records, the first slice twice at most`);
  });

  it('may be away when everything begins, and is waited for', async () => {
    const topic = await freshTopic(watched.bus);
    await watched.bus.close();
    await kafka.kill();
    watched = openBus(kafka.brokers);
    const { bus } = watched;
    await assert.rejects(bus.check(), { code: 'BUS_AWAY', retryable: true });
    const { seen, handler } = collector();
    const published = bus.publish(topic, [{ key: 'k', value: 'early' }]);
    const subscription = await bus.consume({ topic, group: freshName('group'), handler });
    await until(isDown, { what: 'health to say that the bus is down', timeout: PATIENCE });
    await kafka.start();
    await published;
    await until(() => seen.has('early'), { what: 'the record', timeout: PATIENCE });
    await subscription.stop();
  });

  it('keeps nobody from stopping while it is away', async () => {
    const { bus } = watched;
    const topic = await freshTopic(bus);
    const { seen, handler } = collector();
    const subscriptions: Subscription[] = [];
    for (const group of ['one', 'two']) subscriptions.push(await bus.consume({ topic, group, handler }));
    await bus.publish(topic, [{ key: 'k', value: 'v' }]);
    await until(() => seen.get('v') === 2, { what: 'the record', timeout: PATIENCE });
    await kafka.kill();
    const stuck = bus.publish(topic, [{ key: 'k', value: 'w' }]);
    const refused = assert.rejects(stuck, { code: 'BUS_CLOSED' });
    await until(isDown, { what: 'health to say that the bus is down', timeout: PATIENCE });
    const begun = Date.now();
    await subscriptions[0]?.stop();
    await bus.close();
    await refused;
    await subscriptions[1]?.closed;
    assert.ok(Date.now() - begun < 15_000, `${Date.now() - begun} ms`);
    await assert.rejects(bus.publish(topic, []), { code: 'BUS_CLOSED' });
  });

  it('that is frozen and not dead is noticed too', async () => {
    const { bus } = watched;
    const topic = await freshTopic(bus);
    const { seen, handler } = collector();
    const subscription = await bus.consume({ topic, group: freshName('group'), handler });
    await bus.publish(topic, [{ key: 'k', value: 'before' }]);
    await until(() => seen.has('before'), { what: 'the first record', timeout: PATIENCE });
    kafka.pause();
    const published = bus.publish(topic, [{ key: 'k', value: 'during' }]);
    try {
      await until(isDown, { what: 'health to say that the bus is down', timeout: PATIENCE });
    } finally {
      kafka.resume();
    }
    await published;
    await until(() => seen.has('during'), { what: 'the second record', timeout: PATIENCE });
    await until(isUp, { what: 'health to say that the bus is up', timeout: PATIENCE });
    await subscription.stop();
  });
});
