import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { openEmbeddedBus } from '../../../bus/embedded/bus.ts';
import type { Bus } from '../../../bus/port.ts';
import { drain } from '../../../cli/run/drain.ts';
import type { Workers } from '../../../cli/run/workers.ts';
import { readSettings } from '../../../cli/settings.ts';
import { TOPICS } from '../../../core/contract/topics.ts';
import { TiplineError } from '../../../core/process/errors.ts';
import { createHealth } from '../../../core/process/health.ts';
import { silentLog } from '../../../core/process/log.ts';
import { ENRICH_GROUP } from '../../../enrich/worker.ts';

const nobodyDies: Workers = { failed: new Promise<never>(() => {}) };

describe('drain', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tipline-drain-'));
  const settings = readSettings(undefined, {});
  const bus = openEmbeddedBus({ data: folder, log: silentLog, health: createHealth() });
  after(async () => {
    await bus.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('waits for what was there, through outages, and not for a writer that never rests', async () => {
    await bus.createTopics([{ name: TOPICS.raw, retentionMs: 3_600_000 }]);
    const write = (value: string): Promise<void> => bus.publish(TOPICS.raw, [{ key: 'k', value }]);
    await write('own');
    const read: string[] = [];
    const subscription = await bus.consume({
      topic: TOPICS.raw,
      group: ENRICH_GROUP,
      async handler({ records }) {
        read.push(...records.map(({ value }) => value.toString()));
        // one more for each that is read: the lag is never zero
        await write('foreign');
        await new Promise((resolve) => setTimeout(resolve, 5));
      },
    });
    let outages = 2;
    const flaky: Bus = {
      ...bus,
      async leftBehind(...asked) {
        outages -= 1;
        if (outages >= 0) throw new TiplineError('BUS_AWAY', 'no leader', { retryable: true });
        return bus.leftBehind(...asked);
      },
    };
    const { signal } = new AbortController();
    const result = await drain({ settings, roles: ['enrich'], bus: flaky, workers: nobodyDies, signal });
    assert.deepEqual(result, { complete: true, failures: [] });
    assert.ok(read.includes('own'));
    assert.ok((await bus.lag(TOPICS.raw, ENRICH_GROUP)) > 0);
    await subscription.stop();
  });

  it('settles blocks when mails cannot be sent, and tells that', async () => {
    const said: string[] = [];
    const failure = new TiplineError('MAIL_NOT_SENT', 'away', { retryable: true });
    const workers = {
      ...nobodyDies,
      alerting: { flush: () => Promise.reject(failure) },
      responder: { settle: async () => void said.push('settled') },
    } as unknown as Workers;
    const { signal } = new AbortController();
    assert.deepEqual(await drain({ settings, roles: [], bus, workers, signal }), {
      complete: true,
      failures: [failure],
    });
    assert.deepEqual(said, ['settled']);
  });

  it('sweeps behind the feeds, and ends at a signal', async () => {
    const said: string[] = [];
    const stopping = new AbortController();
    const workers = {
      ...nobodyDies,
      ingest: { drained: Promise.resolve().then(() => said.push('feeds')) },
      enrich: { sweepOnce: async () => said.push('sweep') },
      alerting: { flush: async () => assert.fail('after the signal') },
    } as unknown as Workers;
    const never: Bus = { ...bus, leftBehind: async () => 1 };
    const draining = drain({ settings, roles: ['enrich'], bus: never, workers, signal: stopping.signal });
    setTimeout(() => stopping.abort(), 50);
    assert.deepEqual(await draining, { complete: false, failures: [] });
    assert.deepEqual(said, ['feeds', 'sweep']);
  });
});
