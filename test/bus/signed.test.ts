import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { openEmbeddedBus } from '../../bus/embedded/bus.ts';
import { type Bus, type Incoming, REFUSED_HEADER } from '../../bus/port.ts';
import { type Signing, withSignatures } from '../../bus/signed.ts';
import { UNSIGNED_HEADER } from '../../core/contract/topics.ts';
import { createHealth } from '../../core/process/health.ts';
import { silentLog } from '../../core/process/log.ts';
import { until } from '../services/wait.ts';

const KEY = 'k'.repeat(32);
const FEED = { feed: 'vetted' };
const UNSIGNED = { [UNSIGNED_HEADER]: '1' };

describe('a bus that signs', () => {
  let data: string;
  let plain: Bus;
  beforeEach(async () => {
    data = mkdtempSync(join(tmpdir(), 'tipline-signed-'));
    plain = openEmbeddedBus({ data, log: silentLog, health: createHealth() });
    await plain.createTopics(['one', 'two', 'open'].map((name) => ({ name, retentionMs: 60_000 })));
  });
  afterEach(async () => {
    await plain.close();
    rmSync(data, { recursive: true });
  });

  const signing = (changes: Partial<Signing> = {}): Bus =>
    withSignatures(plain, { key: KEY, before: [], topics: new Set(['one', 'two']), ...changes });

  async function headersOn(bus: Bus, topic: string): Promise<Incoming['headers'][]> {
    const scanned: Incoming['headers'][] = [];
    for await (const record of bus.scan(topic)) scanned.push(record.headers);
    const consumed: Incoming['headers'][] = [];
    const subscription = await bus.consume({
      topic,
      group: `g${Math.random()}`,
      handler: async ({ records }) => void consumed.push(...records.map(({ headers }) => headers)),
    });
    await until(() => consumed.length === scanned.length, { what: 'the records', timeout: 10_000 });
    await subscription.stop();
    assert.deepEqual(consumed, scanned);
    return scanned;
  }

  it('gives back what it signed, without the signature', async () => {
    const bus = signing();
    await bus.publish('one', [
      { key: 'k', value: 'v', headers: FEED },
      { key: '', value: Buffer.from([0, 255]) },
    ]);
    assert.deepEqual(await headersOn(bus, 'one'), [FEED, {}]);
  });

  it('takes the headers from what nobody signed, or somebody else did', async () => {
    await plain.publish('one', [{ key: 'k', value: 'v', headers: FEED }]);
    await signing({ key: 'x'.repeat(32) }).publish('one', [{ key: 'k', value: 'v', headers: FEED }]);
    assert.deepEqual(await headersOn(signing(), 'one'), [UNSIGNED, UNSIGNED]);
  });

  it('a signature counts for its record alone', async () => {
    await signing().publish('one', [{ key: 'k', value: 'v', headers: FEED }]);
    const [signed] = await headersOn(plain, 'one');
    assert.ok(signed);
    await plain.publish('two', [{ key: 'k', value: 'v', headers: signed }]);
    await plain.publish('one', [
      { key: 'other', value: 'v', headers: signed },
      { key: 'k', value: 'w', headers: signed },
      { key: 'k', value: 'v', headers: { ...signed, feed: 'better' } },
      { key: 'k', value: 'v', headers: { ...signed, more: '1' } },
      { key: 'k', value: 'v', headers: { signature: signed.signature ?? '' } },
      { key: 'k', value: 'v', headers: { ...signed, signature: '' } },
    ]);
    assert.deepEqual(await headersOn(signing(), 'two'), [UNSIGNED]);
    assert.deepEqual(await headersOn(signing(), 'one'), [FEED, ...Array(6).fill(UNSIGNED)]);
  });

  it('takes nothing but the reason from a record that passes for one that could not be read', async () => {
    const forged = { ...FEED, [REFUSED_HEADER]: 'torn', signature: 'x' };
    await plain.publish('one', [{ key: 'k', value: 'v', headers: forged }]);
    assert.deepEqual(await headersOn(signing(), 'one'), [{ [REFUSED_HEADER]: 'torn', ...UNSIGNED }]);
    for await (const { value } of signing().scan('one')) assert.equal(value.length, 0);
  });

  it('believes keys of before, and leaves other topics alone', async () => {
    await signing().publish('one', [{ key: 'k', value: 'v', headers: FEED }]);
    await plain.publish('open', [{ key: 'k', value: 'v', headers: FEED }]);
    const next = signing({ key: 'n'.repeat(32), before: [KEY] });
    assert.deepEqual(await headersOn(next, 'one'), [FEED]);
    assert.deepEqual(await headersOn(next, 'open'), [FEED]);
  });
});
