import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { silentLog } from '../../core/process/log.ts';
import { checkFeed } from '../../ingest/check.ts';
import { createAgeing } from '../../ingest/lifetime.ts';
import { NOW, openEnriching } from '../core/contract/enriching.ts';
import { attribute, event } from './formats/misp/export.ts';
import { configured, openLab } from './lab.ts';

const DAY = 86_400_000;
const lifetimeOf = (): number => 14 * DAY;
const OLD = Math.floor(Date.UTC(2019, 4, 1) / 1000);

function oldEvent(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'tipline-old-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const now = Math.floor(Date.now() / 1000);
  const told = event(
    [
      attribute('domain', 'a.example', { timestamp: String(OLD) }),
      attribute('ip-dst', '203.0.114.7', { timestamp: String(OLD) }),
      attribute('domain', 'b.example', { timestamp: String(now) }),
    ],
    { timestamp: String(OLD) },
  );
  const path = join(folder, 'event.json');
  writeFileSync(path, JSON.stringify({ Event: told }));
  return path;
}

test('an old event is counted as expired on arrival, in the report, the state, the log and the trial of its feed', async (t) => {
  const lab = openLab(t);
  const section = { name: 'events', type: 'misp-file', path: oldEvent(t) };
  const report = await lab.once([section], { lifetimeOf });
  assert.deepEqual(report.perFeed.events, { read: 3, published: 3, skipped: 0, notAdmitted: 0, expired: 2 });
  assert.equal(report.expired, 2);
  assert.deepEqual([lab.state('events').records, lab.state('events').expired], [3, 2]);
  assert.ok(lab.logged.some(({ fields }) => fields.expired_on_arrival === 2));
  const check = await checkFeed(configured(section), { fetcher: lab.fetcher, lifetimeOf, log: silentLog });
  assert.equal(check.expired, 2);
});

test('with a lifetime from the import it counts: the enricher takes it for active, seen last when it was', async (t) => {
  const lab = openLab(t);
  const path = oldEvent(t);
  const statusOf = async (more: object): Promise<unknown> => {
    lab.bus.records.length = 0;
    const name = Object.keys(more).length === 0 ? 'seen' : 'import';
    const report = await lab.once([{ name, type: 'misp-file', path, ...more }], { lifetimeOf });
    const { current } = openEnriching().take(lab.bus.values(), Date.now());
    const document = current.find(({ tipline }) => tipline.value === '203.0.114.7');
    return [report.expired, document?.tipline.status, document?.threat.indicator.last_seen];
  };
  const seen = new Date(OLD * 1000).toISOString();
  assert.deepEqual(await statusOf({}), [2, 'expired', seen]);
  assert.deepEqual(await statusOf({ lifetime_from: 'import' }), [0, 'active', seen]);
});

test('what is over on arrival is what the enricher takes for expired, however a feed writes its times', () => {
  const now = NOW;
  const day = (ago: number): number => now - ago * DAY;
  const iso = (ms: number): string => new Date(ms).toISOString();
  const told: readonly Readonly<Record<string, unknown>>[] = [
    { last_seen: day(400) },
    { last_seen: Math.floor(day(400) / 1000) },
    { timestamp: String(Math.floor(day(400) / 1000)) },
    { timestamp: String(day(400)) },
    { valid_until: Math.floor(day(1) / 1000) },
    { last_seen: '1970-01-01T00:00:00Z' },
    { last_seen: 0, timestamp: iso(day(400)) },
    { valid_until: '1970-01-01' },
    { valid_until: 0, last_seen: iso(day(1)) },
    { last_seen: `${iso(day(400)).slice(0, 19).replace('T', ' ')} UTC` },
    { last_seen: `  ${iso(day(400))}` },
    { last_seen: iso(day(400)).replace('.000Z', '.123456789+0200') },
    { last_seen: iso(day(-3)), valid_until: iso(day(1)) },
    { last_seen: iso(day(1)) },
    { timestamp: iso(day(2)), valid_until: iso(day(-9)) },
  ];
  const ageing = createAgeing({}, () => 14 * DAY);
  for (const [at, times] of told.entries()) {
    const record = { indicator: `203.0.114.${at}`, type: 'ip', source: 'a', collected_at: iso(now), ...times };
    const { current, refused } = openEnriching().take([record], now);
    assert.deepEqual(refused, [], JSON.stringify(times));
    const expired = current[0]?.tipline.status === 'expired';
    assert.equal(ageing.isOver(record, 'ip'), expired, `${JSON.stringify(times)} is ${current[0]?.tipline.status}`);
  }
});

test('a lifetime of the feed counts from a time in any form, and never ends behind the last year', () => {
  const ageing = createAgeing({ lifetime: 7 * DAY }, () => 14 * DAY);
  const until = (times: object): unknown => {
    const record: { valid_until?: unknown } = { ...times };
    ageing.grant(record, 'ip');
    return record.valid_until;
  };
  const seen = Date.UTC(2026, 0, 1);
  for (const last_seen of ['2026-01-01', seen, String(seen), seen / 1000])
    assert.equal(until({ last_seen }), '2026-01-08T00:00:00.000Z', String(last_seen));
  assert.equal(until({ last_seen: '1970-01-01', timestamp: '2026-01-01' }), '2026-01-08T00:00:00.000Z');
  assert.equal(until({ last_seen: '2026-01-01', valid_until: '1970-01-01' }), '2026-01-08T00:00:00.000Z');
  assert.equal(until({ last_seen: '9999-12-31' }), '9999-12-31T23:59:59.999Z');
});
