import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { silentLog } from '../../core/process/log.ts';
import { checkFeed } from '../../ingest/check.ts';
import { openEnriching } from '../core/contract/enriching.ts';
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
