import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { configSchema } from '../../../../core/process/config/sections.ts';
import { duration, size } from '../../../../core/process/config/values.ts';

const accepts = (section: unknown): boolean => configSchema.safeParse(section).success;

describe('durations and sizes', () => {
  it('become milliseconds and bytes', () => {
    assert.equal(duration.parse('6h'), 21_600_000);
    assert.equal(duration.parse('250ms'), 250);
    assert.equal(size.parse('64mb'), 67_108_864);
    assert.equal(size.parse('2 GB'), 2_147_483_648);
    assert.equal(size.parse('10b'), 10);
  });

  it('are refused without a unit, below one, and as anything else', () => {
    for (const wrong of [60, '60', '0s', '-1s', 'soon', null, [], {}, true, Number.NaN]) {
      const { error } = duration.safeParse(wrong);
      assert.equal(error?.issues[0]?.message, 'must be a duration such as 30s, 15m, 6h or 7d', String(wrong));
    }
    for (const wrong of [64, '64', '64m', '0mb', '-1mb', '1.5gb', null, {}]) {
      const { error } = size.safeParse(wrong);
      assert.equal(error?.issues[0]?.message, 'must be a size such as 512kb, 64mb or 2gb', String(wrong));
    }
  });

  it('take whatever text without a throw', () => {
    fc.assert(
      fc.property(fc.anything(), (input) => {
        duration.safeParse(input);
        size.safeParse(input);
      }),
    );
  });
});

describe('the sections', () => {
  it('are the same by default whether they are left out or empty', () => {
    const empty = { enrich: {}, alerting: {}, responder: {}, retention: {}, http: {}, feeds: [] };
    assert.deepEqual(configSchema.parse({}), configSchema.parse(empty));
  });

  it('take names that can be file names, labels and group ids, and no others', () => {
    const feed = (name: unknown): unknown => ({ feeds: [{ name, type: 'file' }] });
    for (const name of ['a', 'abuse.ch-1_b', 'A'.repeat(63)]) assert.ok(accepts(feed(name)), name);
    for (const name of ['', '.a', '-a', '../a', 'a/b', 'a b', 'a\n', 'ä', 'A'.repeat(64), 5]) {
      assert.ok(!accepts(feed(name)), String(name));
    }
  });

  it('take addresses with a port', () => {
    const listen = (address: unknown): unknown => ({ http: { listen: address } });
    for (const address of ['127.0.0.1:0', 'localhost:9600', '[::1]:9600', '[::]:65535', 'off'])
      assert.ok(accepts(listen(address)), address);
    for (const address of ['9600', ':9600', '::1:9600', '127.0.0.1', '127.0.0.1:65536', 'http://a:1', 'a b:1', 'on']) {
      assert.ok(!accepts(listen(address)), address);
    }
  });

  it('keep mail and index settings within what servers take', () => {
    const smtp = (address: string): unknown => ({ alerting: { email: { smtp: address, from: 'a@b', to: ['c@d'] } } });
    assert.ok(accepts(smtp('smtp://mail:25')));
    assert.ok(accepts(smtp('smtps://user:password@mail')));
    for (const address of ['mail:25', 'http://mail', 'SMTP://mail']) assert.ok(!accepts(smtp(address)), address);
    const store = (more: object): unknown => ({
      store: { kind: 'elasticsearch', nodes: ['https://es:9200'], ...more },
    });
    assert.ok(accepts(store({ prefix: 'team-a_', refresh_interval: '-1' })));
    for (const more of [
      { prefix: 'Team' },
      { prefix: 'a*' },
      { refresh_interval: '5' },
      { shards: 0 },
      { nodes: [] },
      { nodes: ['es:9200'] },
    ]) {
      assert.ok(!accepts(store(more)), JSON.stringify(more));
    }
  });

  it('know no unknown keys, at any depth', () => {
    for (const section of [
      { extra: 1 },
      { enrich: { extra: 1 } },
      { enrich: { geo: { extra: 1 } } },
      { enrich: { weights: { confidence: 1, severity: 0, extra: 0 } } },
      { alerting: { email: { from: 'a@b', to: ['a@b'], extra: 1 } } },
      { responder: { extra: 1 } },
      { retention: { extra: '1d' } },
      { http: { extra: 1 } },
      { bus: { kind: 'embedded', brokers: [] } },
    ])
      assert.ok(!accepts(section), JSON.stringify(section));
  });

  it('never switch enforcement on by themselves', () => {
    assert.equal(configSchema.parse({ responder: {} }).responder.mode, 'dry-run');
    for (const mode of ['Enforce', true, 'on', null]) assert.ok(!accepts({ responder: { mode } }), String(mode));
  });
});
