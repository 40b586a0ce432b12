import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Batch, Bus, Incoming, Located, Outgoing, Subscription } from '../../bus/port.ts';
import { freshName } from '../services/given.ts';
import { until } from '../services/wait.ts';

/** A bus that a suite opened; opened again, it sees the same topics. */
export interface OpenBus {
  bus: Bus;
  close(): Promise<void>;
}

const PATIENCE = 30_000;
const RETENTION = 3_600_000;

/** Registers tests of everything that bus/port.ts promises and both adapters can keep. */
export function busContract(name: string, open: () => Promise<OpenBus>): void {
  describe(`bus contract: ${name}`, () => {
    let opened: OpenBus;
    let bus: Bus;
    const running: Subscription[] = [];

    before(async () => {
      opened = await open();
      bus = opened.bus;
    });
    after(async () => {
      await Promise.all(running.map((subscription) => subscription.stop()));
      await opened.close();
    });

    /** A topic of this test's own, with `count` records. */
    async function topicWith(count: number): Promise<string> {
      const topic = freshName('contract');
      await bus.createTopics([{ name: topic, retentionMs: RETENTION }]);
      await bus.publish(topic, numbered(count));
      return topic;
    }

    async function consume(options: Parameters<Bus['consume']>[0], on: Bus = bus): Promise<Subscription> {
      const subscription = await on.consume(options);
      running.push(subscription);
      return subscription;
    }

    /** Reads a group's records until there are `count`, then leaves. */
    async function readFrom(topic: string, group: string, count: number, on: Bus = bus): Promise<Incoming[]> {
      const seen: Incoming[] = [];
      const handler = async (batch: Batch): Promise<void> => void seen.push(...batch.records.map(copy));
      const subscription = await consume({ topic, group, handler }, on);
      await until(() => seen.length >= count, { what: `${count} records of ${topic}`, timeout: PATIENCE });
      await subscription.stop();
      return seen;
    }

    describe('topics', () => {
      it('are created once, and named when missing', async () => {
        const [first, second] = [freshName('contract'), freshName('contract')];
        assert.deepEqual(await bus.missingTopics([first, second]), [first, second]);
        assert.deepEqual(await bus.createTopics([{ name: first, retentionMs: RETENTION }]), [first]);
        assert.deepEqual(await bus.missingTopics([first, second]), [second]);
        const specs = [first, second].map((topic) => ({ name: topic, retentionMs: RETENTION }));
        assert.deepEqual(await bus.createTopics(specs), [second]);
        assert.deepEqual(await bus.missingTopics([first, second]), []);
      });

      it('can be used: check passes and the description names the adapter', async () => {
        await bus.check();
        assert.match(bus.description, /^(kafka|embedded) /);
      });
    });

    describe('publish', () => {
      it('carries key, value, headers and time unchanged', async () => {
        const topic = await topicWith(0);
        const begun = Date.now();
        const bytes = Buffer.from([0, 255, 10, 13, 0]);
        await bus.publish(topic, [
          { key: 'a', value: 'grüße 🦊', headers: { collected_at: '2026-01-01T00:00:00.000Z', note: 'ü' } },
          { key: 'a', value: bytes },
          { key: 'a', value: '' },
        ]);
        const records = await readFrom(topic, freshName('group'), 3);
        assert.deepEqual(
          records.map(({ key }) => key),
          ['a', 'a', 'a'],
        );
        assert.equal(records[0]?.value.toString(), 'grüße 🦊');
        assert.deepEqual(records[0]?.headers, { collected_at: '2026-01-01T00:00:00.000Z', note: 'ü' });
        assert.deepEqual(records[1]?.value, bytes);
        assert.deepEqual(records[1]?.headers, {});
        assert.equal(records[2]?.value.length, 0);
        for (const { timestamp } of records) assert.ok(Math.abs(timestamp - begun) < 60_000, `timestamp ${timestamp}`);
      });

      it('takes an empty list', async () => {
        const topic = await topicWith(0);
        await bus.publish(topic, []);
        assert.equal(await bus.lag(topic, freshName('group')), 0);
      });

      it('takes 5,000 records at once and gives all of them back', async () => {
        const topic = await topicWith(5_000);
        const values = (await readFrom(topic, freshName('group'), 5_000)).map(({ value }) => value.toString());
        assert.equal(values.length, 5_000);
        assert.deepEqual(new Set(values), new Set(numbered(5_000).map(({ value }) => value)));
      });

      it('keeps the order within a key, over many calls', async () => {
        const topic = await topicWith(0);
        const keys = ['a', 'b', 'c', 'd', 'e'];
        for (let round = 0; round < 20; round += 1) {
          const records = keys.flatMap((key) => [0, 1, 2].map((part) => ({ key, value: String(round * 3 + part) })));
          await bus.publish(topic, records);
        }
        const records = await readFrom(topic, freshName('group'), 300);
        for (const key of keys) {
          const values = records.filter((record) => record.key === key).map(({ value }) => Number(value));
          assert.deepEqual(
            values,
            Array.from({ length: 60 }, (_, at) => at),
            `order of key ${key}`,
          );
        }
      });
    });

    describe('consume', () => {
      it('hands over batches of at most maxRecords, ascending, each of one partition', async () => {
        const topic = await topicWith(250);
        const batches: Batch[] = [];
        const handler = async (batch: Batch): Promise<void> => void batches.push(batch);
        const subscription = await consume({ topic, group: freshName('group'), maxRecords: 40, handler });
        await until(() => batches.flatMap(({ records }) => records).length === 250, {
          what: '250 records',
          timeout: PATIENCE,
        });
        await subscription.stop();
        const last = new Map<number, number>();
        for (const { topic: of, partition, records } of batches) {
          assert.equal(of, topic);
          assert.ok(records.length >= 1 && records.length <= 40, `${records.length} records`);
          for (const { offset } of records) {
            assert.ok(offset > (last.get(partition) ?? -1), 'offsets ascend');
            last.set(partition, offset);
          }
        }
      });

      it('gives what is published while it waits', async () => {
        const topic = await topicWith(0);
        const seen: string[] = [];
        const handler = async (batch: Batch): Promise<void> =>
          void seen.push(...batch.records.map(({ value }) => value.toString()));
        const subscription = await consume({ topic, group: freshName('group'), handler });
        for (let at = 0; at < 5; at += 1) {
          await bus.publish(topic, [{ key: 'k', value: `late ${at}` }]);
          await until(() => seen.length > at, { what: `record ${at}`, timeout: PATIENCE });
        }
        await subscription.stop();
        assert.deepEqual(seen, ['late 0', 'late 1', 'late 2', 'late 3', 'late 4']);
      });

      it('gives each group everything', async () => {
        const topic = await topicWith(20);
        const [one, two] = await Promise.all([
          readFrom(topic, freshName('group'), 20),
          readFrom(topic, freshName('group'), 20),
        ]);
        assert.equal(one.length, 20);
        assert.equal(two.length, 20);
      });

      it('gives a new group that begins at the end nothing from before', async () => {
        const topic = await topicWith(50);
        const seen: string[] = [];
        const handler = async (batch: Batch): Promise<void> =>
          void seen.push(...batch.records.map(({ value }) => value.toString()));
        const subscription = await consume({ topic, group: freshName('group'), from: 'latest', handler });
        await until(
          async () => {
            if (seen.length === 0) await bus.publish(topic, [{ key: 'k', value: 'new' }]);
            return seen.length > 0;
          },
          { what: 'a record from after the beginning', timeout: PATIENCE, every: 200 },
        );
        await subscription.stop();
        assert.deepEqual(new Set(seen), new Set(['new']));
      });

      it('commits when the handler has resolved, and not before', async () => {
        const topic = await topicWith(10);
        const group = freshName('group');
        const gate = Promise.withResolvers<void>();
        let handed = 0;
        const subscription = await consume({
          topic,
          group,
          async handler(batch) {
            handed += batch.records.length;
            await batch.heartbeat();
            assert.equal(batch.signal.aborted, false);
            await gate.promise;
          },
        });
        await until(() => handed > 0, { what: 'a batch', timeout: PATIENCE });
        assert.equal(await bus.lag(topic, group), 10, 'nothing is committed while the first batch is in hand');
        gate.resolve();
        await until(async () => (await bus.lag(topic, group)) === 0, { what: 'the commit', timeout: PATIENCE });
        await subscription.stop();
      });

      it('stops after the batch in hand, and has committed it', async () => {
        const topic = await topicWith(30);
        const group = freshName('group');
        const gate = Promise.withResolvers<void>();
        const handed: string[] = [];
        const subscription = await consume({
          topic,
          group,
          maxRecords: 5,
          async handler(batch) {
            handed.push(...batch.records.map(({ value }) => value.toString()));
            await gate.promise;
          },
        });
        await until(() => handed.length > 0, { what: 'a batch', timeout: PATIENCE });
        const stopped = subscription.stop();
        gate.resolve();
        await stopped;
        await subscription.closed;
        assert.equal(await bus.lag(topic, group), 30 - handed.length);
        const rest = await readFrom(topic, group, 30 - handed.length);
        const all = [...handed, ...rest.map(({ value }) => value.toString())];
        assert.equal(all.length, 30, 'nothing twice');
        assert.equal(new Set(all).size, 30, 'nothing lost');
      });

      it('ends when a handler throws, and gives the same records again', async () => {
        const topic = await topicWith(10);
        const group = freshName('group');
        const subscription = await bus.consume({
          topic,
          group,
          handler: () => Promise.reject(new Error('nobody knows what was written')),
        });
        await assert.rejects(subscription.closed);
        assert.equal(await bus.lag(topic, group), 10, 'nothing is committed');
        const again = await open();
        try {
          assert.equal((await readFrom(topic, group, 10, again.bus)).length, 10);
        } finally {
          await again.close();
        }
      });

      it('goes on after a restart where the group has committed', async () => {
        const topic = await topicWith(10);
        const group = freshName('group');
        const first = await open();
        await readFrom(topic, group, 10, first.bus);
        await first.close();
        await bus.publish(topic, [{ key: 'k', value: 'after' }]);
        const records = await readFrom(topic, group, 1);
        assert.deepEqual(
          records.map(({ value }) => value.toString()),
          ['after'],
        );
      });
    });

    describe('lag', () => {
      it('counts from the start for a group that never committed, and to the end as it grows', async () => {
        const topic = await topicWith(7);
        const group = freshName('group');
        assert.equal(await bus.lag(topic, group), 7);
        await readFrom(topic, group, 7);
        assert.equal(await bus.lag(topic, group), 0);
        await bus.publish(topic, numbered(3));
        assert.equal(await bus.lag(topic, group), 3);
      });
    });

    describe('leftBehind', () => {
      it('counts what the group has not read and what is older than a moment', async () => {
        const topic = await topicWith(9);
        const group = freshName('group');
        const moment = Date.now() + 1;
        await until(() => Date.now() > moment, { what: 'the clock', every: 1 });
        await bus.publish(topic, numbered(4));
        assert.equal(await bus.leftBehind(topic, group, moment), 9);
        assert.equal(await bus.leftBehind(topic, group, 0), 0);
        assert.equal(await bus.leftBehind(topic, group, Date.now() + 60_000), 13);
        await readFrom(topic, group, 13);
        assert.equal(await bus.leftBehind(topic, group, moment), 0);
        assert.equal(await bus.leftBehind(topic, group, Date.now() + 60_000), 0);
      });
    });

    describe('scan', () => {
      it('reads from the beginning to the end as it is now, without a group', async () => {
        const topic = await topicWith(2_500);
        const group = freshName('group');
        const found = await collect(bus.scan(topic));
        assert.equal(found.length, 2_500);
        assert.deepEqual(new Set(found.map(({ value }) => value)), new Set(numbered(2_500).map(({ value }) => value)));
        const last = new Map<number, number>();
        for (const { topic: of, partition, offset } of found) {
          assert.equal(of, topic);
          assert.ok(offset > (last.get(partition) ?? -1), 'offsets ascend within a partition');
          last.set(partition, offset);
        }
        assert.equal(await bus.lag(topic, group), 2_500);
      });

      it('ends at once on an empty topic, and can be left early', async () => {
        assert.deepEqual(await collect(bus.scan(await topicWith(0))), []);
        const topic = await topicWith(100);
        for await (const record of bus.scan(topic)) {
          assert.equal(record.topic, topic);
          break;
        }
        assert.equal((await collect(bus.scan(topic))).length, 100);
      });
    });
  });
}

function numbered(count: number): Outgoing[] {
  return Array.from({ length: count }, (_, at) => ({ key: `key ${at % 17}`, value: `record ${at}` }));
}

/** The value may point into a buffer that is used again. */
function copy(record: Incoming): Incoming {
  return { ...record, value: Buffer.from(record.value) };
}

async function collect(records: AsyncIterable<Located>): Promise<(Omit<Located, 'value'> & { value: string })[]> {
  const found = [];
  for await (const record of records) found.push({ ...record, value: record.value.toString() });
  return found;
}
