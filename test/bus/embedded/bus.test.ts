import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { openEmbeddedBus } from '../../../bus/embedded/bus.ts';
import type { Batch, Bus } from '../../../bus/port.ts';
import { createHealth } from '../../../core/process/health.ts';
import { type Log, silentLog } from '../../../core/process/log.ts';
import { until } from '../../services/wait.ts';
import { busContract } from '../bus-contract.ts';

const data = mkdtempSync(join(tmpdir(), 'tipline-bus-'));
after(() => rm(data, { recursive: true }));

const TOPIC = { name: 'ioc.raw', retentionMs: 60_000 };

interface Setting {
  folder?: string;
  retention?: Record<string, number>;
  now?: () => number;
  log?: Log;
}

function openIn({ folder = data, log = silentLog, ...rest }: Setting = {}): Bus {
  return openEmbeddedBus({ data: folder, log, health: createHealth(), ...rest });
}

/** A bus on a folder of its own, with one topic. */
async function fresh(setting: Setting = {}): Promise<{ bus: Bus; folder: string }> {
  const folder = join(data, randomBytes(4).toString('hex'));
  const bus = openIn({ ...setting, folder });
  await bus.createTopics([TOPIC]);
  return { bus, folder };
}

const nothing = async (): Promise<void> => {};

busContract('embedded', async () => {
  const bus = openIn();
  return { bus, close: () => bus.close() };
});

describe('embedded bus', () => {
  it('refuses a second consumer of a group, until the first has left', async () => {
    const { bus } = await fresh();
    const first = await bus.consume({ topic: 'ioc.raw', group: 'g', handler: nothing });
    await assert.rejects(bus.consume({ topic: 'ioc.raw', group: 'g', handler: nothing }), { code: 'BUS_GROUP_TAKEN' });
    const other = await bus.consume({ topic: 'ioc.raw', group: 'other', handler: nothing });
    await first.stop();
    const second = await bus.consume({ topic: 'ioc.raw', group: 'g', handler: nothing });
    await second.stop();
    await other.stop();
    await bus.close();
  });

  it('says which topic does not exist', async () => {
    const { bus } = await fresh();
    const missing = { code: 'BUS_TOPIC_MISSING', retryable: false };
    await assert.rejects(bus.publish('nowhere', [{ key: 'k', value: 'v' }]), missing);
    await assert.rejects(bus.consume({ topic: 'nowhere', group: 'g', handler: nothing }), missing);
    await assert.rejects(bus.lag('nowhere', 'g'), missing);
    await bus.close();
  });

  it('rejects `closed` with what the handler threw', async () => {
    const { bus } = await fresh();
    await bus.publish('ioc.raw', [{ key: 'k', value: 'v' }]);
    const failure = new Error('disk on fire');
    const subscription = await bus.consume({ topic: 'ioc.raw', group: 'g', handler: () => Promise.reject(failure) });
    await assert.rejects(subscription.closed, failure);
    await subscription.stop();
    await bus.close();
  });

  it('aborts the batch in hand when it is closed, and commits nothing', async () => {
    const { bus, folder } = await fresh();
    await bus.publish('ioc.raw', [{ key: 'k', value: 'v' }]);
    const handed = Promise.withResolvers<Batch>();
    const subscription = await bus.consume({
      topic: 'ioc.raw',
      group: 'g',
      async handler(batch) {
        handed.resolve(batch);
        await new Promise((resolve) => batch.signal.addEventListener('abort', resolve, { once: true }));
      },
    });
    await handed.promise;
    await bus.close();
    await subscription.closed;
    await assert.rejects(bus.publish('ioc.raw', [{ key: 'k', value: 'v' }]), { code: 'BUS_CLOSED' });
    const again = openIn({ folder });
    assert.equal(await again.lag('ioc.raw', 'g'), 1);
    await again.close();
  });

  it('gives a batch of at most 16 MiB, but a larger record alone', async () => {
    const { bus } = await fresh();
    const big = Buffer.alloc(7 * 1024 ** 2);
    const values = [big, big, big, Buffer.alloc(20 * 1024 ** 2), big];
    for (const value of values) await bus.publish('ioc.raw', [{ key: 'k', value }]);
    const sizes: number[] = [];
    const subscription = await bus.consume({
      topic: 'ioc.raw',
      group: 'g',
      handler: async (batch) => void sizes.push(batch.records.length),
    });
    await until(() => sizes.reduce((sum, size) => sum + size, 0) === 5, { what: 'five records' });
    await subscription.stop();
    await bus.close();
    assert.deepEqual(sizes, [2, 1, 1, 1]);
  });

  it('lets others run while it has much to read', async () => {
    const { bus } = await fresh();
    await bus.publish(
      'ioc.raw',
      Array.from({ length: 2_000 }, () => ({ key: 'k', value: 'v' })),
    );
    let batches = 0;
    const seenByTimer: number[] = [];
    const timer = setInterval(() => seenByTimer.push(batches), 0);
    const subscription = await bus.consume({
      topic: 'ioc.raw',
      group: 'g',
      maxRecords: 10,
      async handler() {
        batches += 1;
      },
    });
    await until(() => batches === 200, { what: '200 batches' });
    clearInterval(timer);
    await subscription.stop();
    await bus.close();
    assert.ok(new Set(seenByTimer).size > 10, 'a timer fired between batches');
  });
});

describe('trimming', () => {
  const records = (count: number): { key: string; value: string }[] =>
    Array.from({ length: count }, (_, at) => ({ key: 'k', value: String(at) }));

  it('deletes by age, warns of what a group had not read, and goes on counting offsets', async () => {
    let time = Date.parse('2026-03-01T00:00:00Z');
    const warnings: unknown[] = [];
    const log: Log = { ...silentLog, warn: (fields) => void warnings.push(fields) };
    const { bus } = await fresh({ now: () => time, log });
    await bus.publish('ioc.raw', records(12_000));
    let read = 0;
    const subscription = await bus.consume({
      topic: 'ioc.raw',
      group: 'slow',
      maxRecords: 100,
      async handler(batch) {
        read += batch.records.length;
        if (read === 100) setImmediate(() => void subscription.stop());
      },
    });
    await subscription.closed;
    const committed = 12_000 - (await bus.lag('ioc.raw', 'slow'));
    time += 61_000;
    await bus.publish('ioc.raw', records(5));
    assert.equal(await bus.lag('ioc.raw', 'slow'), 5);
    assert.deepEqual(warnings, [{ topic: 'ioc.raw', group: 'slow', records: 12_000 - committed }]);
    time += 61_000;
    await bus.publish('ioc.raw', []);
    assert.equal(await bus.lag('ioc.raw', 'new'), 0);
    await bus.publish('ioc.raw', records(1));
    const offsets: number[] = [];
    for await (const record of bus.scan('ioc.raw')) offsets.push(record.offset);
    assert.deepEqual(offsets, [12_005]);
    await bus.close();
  });

  it('follows the retention that is configured now, and runs once a minute', async () => {
    let time = Date.parse('2026-03-01T00:00:00Z');
    const { bus } = await fresh({ now: () => time, retention: { 'ioc.raw': 600_000 } });
    await bus.publish('ioc.raw', records(3));
    time += 300_000;
    await bus.publish('ioc.raw', records(3));
    assert.equal(await bus.lag('ioc.raw', 'g'), 6);
    time += 301_000;
    await bus.publish('ioc.raw', records(1));
    assert.equal(await bus.lag('ioc.raw', 'g'), 4);
    time += 59_000;
    await bus.publish('ioc.raw', records(1));
    assert.equal(await bus.lag('ioc.raw', 'g'), 5);
    await bus.close();
  });
});
