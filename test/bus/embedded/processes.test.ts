import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openEmbeddedBus } from '../../../bus/embedded/bus.ts';
import type { Bus } from '../../../bus/port.ts';
import { createHealth } from '../../../core/process/health.ts';
import { silentLog } from '../../../core/process/log.ts';
import { type CountingProcess, startCounting } from '../../services/counting-process.ts';
import { freshName } from '../../services/given.ts';
import { until } from '../../services/wait.ts';

const root = mkdtempSync(join(tmpdir(), 'tipline-bus-'));
after(() => rm(root, { recursive: true }));

async function openFresh(): Promise<{ bus: Bus; data: string }> {
  const data = join(root, freshName('data'));
  const bus = openEmbeddedBus({ data, log: silentLog, health: createHealth() });
  await bus.createTopics([{ name: 'ioc.raw', retentionMs: 3_600_000 }]);
  return { bus, data };
}

const script = join(import.meta.dirname, 'publisher.ts');

function publisher(data: string, from: number, to: number, batch: number): CountingProcess {
  return startCounting(script, { data, from, to, batch });
}

async function values(bus: Bus): Promise<number[]> {
  const found: number[] = [];
  for await (const { value } of bus.scan('ioc.raw')) found.push(Number.parseInt(value.toString(), 10));
  return found;
}

describe('embedded bus and other processes', () => {
  it('brings records of another process to a consumer that waits', async () => {
    const { bus, data } = await openFresh();
    const seen: number[] = [];
    const subscription = await bus.consume({
      topic: 'ioc.raw',
      group: 'g',
      async handler({ records }) {
        seen.push(...records.map(({ value }) => Number.parseInt(value.toString(), 10)));
      },
    });
    const other = publisher(data, 0, 3, 1);
    await until(() => seen.length === 3, { what: 'three records of the other process' });
    await other.ended;
    await subscription.stop();
    await bus.close();
    assert.deepEqual(seen, [0, 1, 2]);
  });

  it('takes records of several processes at once', async () => {
    const { bus, data } = await openFresh();
    const others = [publisher(data, 0, 1_000, 10), publisher(data, 1_000, 2_000, 10)];
    for (let at = 2_000; at < 3_000; at += 10) {
      await bus.publish(
        'ioc.raw',
        Array.from({ length: 10 }, (_, more) => ({ key: 'k', value: String(at + more) })),
      );
      await sleep(1);
    }
    await Promise.all(others.map(({ ended }) => ended));
    const found = await values(bus);
    await bus.close();
    assert.equal(found.length, 3_000);
    assert.equal(new Set(found).size, 3_000);
  });

  it('has every record it acknowledged after kill -9, and no half batches', async () => {
    const { bus, data } = await openFresh();
    let next = 0;
    for (let round = 0; round < 5; round += 1) {
      const { child, ended, acknowledged } = publisher(data, next, next + 1_000_000, 50);
      const first = next;
      await until(() => acknowledged() >= first, { what: 'the first acknowledgement' });
      await sleep(randomInt(60));
      child.kill('SIGKILL');
      await ended;
      const found = await values(bus);
      assert.ok(found.length > acknowledged(), `acknowledged ${acknowledged()}, found ${found.length}`);
      assert.equal(found.length % 50, 0);
      next = found.length;
    }
    assert.deepEqual(
      await values(bus),
      Array.from({ length: next }, (_, at) => at),
    );
    await bus.close();
  });
});
