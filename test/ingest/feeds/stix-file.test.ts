import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { until } from '../../services/wait.ts';
import { type Lab, openLab, refusals } from '../lab.ts';

const UUID = '8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f';

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'tipline-stix-file-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function put(path: string, content: string | Buffer, secondsAgo = 60): void {
  writeFileSync(path, content);
  const at = new Date(Date.now() - secondsAgo * 1000);
  utimesSync(path, at, at);
}

const bundle = (...values: string[]): string =>
  JSON.stringify({
    type: 'bundle',
    id: `bundle--${UUID}`,
    objects: values.map((value, n) => ({
      type: 'indicator',
      spec_version: '2.1',
      id: `indicator--${UUID.slice(0, -2)}${String(10 + n)}`,
      created: '2024-01-01T00:00:00.000Z',
      modified: '2024-01-01T00:00:00.000Z',
      valid_from: '2024-01-01T00:00:00Z',
      pattern_type: 'stix',
      pattern: `[ipv4-addr:value = '${value}']`,
    })),
  });
const event = (value: string, toIds = true): string =>
  JSON.stringify({
    Event: {
      uuid: UUID,
      info: 'x',
      Attribute: [
        { uuid: UUID, type: 'ip-dst', category: 'Network activity', value, to_ids: toIds, timestamp: '1700000000' },
      ],
    },
  });

const feed = (path: string, more: object = {}): object => ({
  name: 'stix',
  type: 'stix-file',
  path,
  look_every: '30ms',
  ...more,
});
const indicators = (lab: Lab): unknown[] => lab.bus.values().map((value) => value.indicator);

test('each file is read when it is new or has changed, and not again after a restart', async (t) => {
  const lab = openLab(t);
  const path = folder(t);
  put(join(path, 'a.json'), bundle('192.0.2.1', '192.0.2.2'));
  put(join(path, 'b.json'), gzipSync(bundle('192.0.2.3')));
  const section = feed(join(path, '*.json'));
  await lab.once([section]);
  assert.deepEqual(indicators(lab), ['192.0.2.1', '192.0.2.2', '192.0.2.3']);
  assert.equal(lab.bus.values()[0]?.valid_until, undefined);
  await lab.once([section]);
  assert.equal(lab.bus.records.length, 3);
  put(join(path, 'a.json'), bundle('192.0.2.4'), 30);
  await lab.once([section]);
  assert.deepEqual(indicators(lab).slice(3), ['192.0.2.4']);
  // other settings mean other records
  await lab.once([feed(join(path, '*.json'), { tags: ['x'] })]);
  assert.equal(lab.bus.records.length, 6);
});

test('of a snapshot the members get a lease, and each file is published again in time', async (t) => {
  const lab = openLab(t);
  const path = folder(t);
  put(join(path, 'a.json'), bundle('192.0.2.1'));
  const section = feed(join(path, '*.json'), { snapshot: true });
  await lab.once([section]);
  const [first] = lab.bus.values();
  assert.equal(Date.parse(String(first?.valid_until)) - Date.parse(String(first?.collected_at)), 86_400_000);
  await lab.once([section]);
  assert.equal(lab.bus.records.length, 1);
  // the cursor as it would be six hours and a bit later
  const stored = structuredClone(lab.state('stix').cursor) as { files: Record<string, { readAt: number }> };
  for (const file of Object.values(stored.files)) file.readAt -= 6.1 * 3_600_000;
  const [key, entry] = [...lab.cursors.values][0] ?? [];
  assert.ok(key !== undefined && entry !== undefined);
  lab.cursors.values.set(key, { ...entry, value: { ...(entry.value as object), cursor: stored } });
  await lab.once([section]);
  assert.equal(lab.bus.records.length, 2);
});

test('a file is a log of statements: one that shrinks or is empty takes nothing back, and nothing is held back', async (t) => {
  const lab = openLab(t);
  const path = join(folder(t), 'a.json');
  const all = Array.from({ length: 40 }, (_, n) => `192.0.2.${n}`);
  put(path, bundle(...all));
  await lab.once([feed(path)]);
  assert.deepEqual(indicators(lab), all);
  for (const [values, ago] of [
    [['192.0.2.0'], 50],
    [[], 40],
  ] as const) {
    put(path, bundle(...values), ago);
    const report = await lab.once([feed(path)]);
    assert.deepEqual(report.failedFeeds, []);
  }
  assert.deepEqual(indicators(lab).slice(40), ['192.0.2.0']);
  assert.ok(lab.bus.values().every(({ revoked }) => revoked !== true));
  assert.equal(lab.state('stix').quarantine, null);
});

test('what is no STIX, or broken, is told with its name, and stops no other file', async (t) => {
  const lab = openLab(t);
  const path = folder(t);
  put(join(path, 'a.json'), event('192.0.2.9'));
  put(join(path, 'b.json'), bundle('192.0.2.1').slice(0, -30));
  put(join(path, 'c.json'), bundle('192.0.2.2'));
  put(join(path, 'd.json'), '');
  const report = await lab.once([feed(join(path, '*.json'))]);
  assert.ok(indicators(lab).includes('192.0.2.2'));
  assert.ok(!indicators(lab).includes('192.0.2.9'));
  assert.equal(report.failedFeeds.length, 1);
  const notes = lab.logged.map(({ message }) => message).join('\n');
  assert.match(notes, /a\.json: it is no STIX document: it is misp/);
  assert.match(notes, /b\.json: .*cut off at byte \d+/);
  assert.match(notes, /d\.json: it is no STIX document: it is empty/);
});

test('a file that is still being written is waited for', async (t) => {
  const lab = openLab(t);
  const path = folder(t);
  writeFileSync(join(path, 'a.json'), bundle('192.0.2.1').slice(0, -30));
  lab.start([feed(join(path, '*.json'))]);
  await until(() => lab.state('stix').lastOk > 0, { what: 'a first look' });
  writeFileSync(join(path, 'a.json'), bundle('192.0.2.1', '192.0.2.2'));
  await until(() => indicators(lab).includes('192.0.2.2'), { what: 'the whole file' });
  assert.ok(!lab.logged.some(({ message }) => message.includes('a.json')));
});

test('MISP files alike, with the attributes that are for detection', async (t) => {
  const lab = openLab(t);
  const path = folder(t);
  put(join(path, 'a.json'), event('192.0.2.1'));
  put(join(path, 'b.json'), event('192.0.2.2', false));
  const section = { name: 'misp', type: 'misp-file', path: join(path, '*.json') };
  await lab.once([section]);
  assert.deepEqual(indicators(lab), ['192.0.2.1']);
  await lab.once([{ ...section, to_ids: 'ignore' }]);
  assert.deepEqual(indicators(lab), ['192.0.2.1', '192.0.2.1', '192.0.2.2']);
  assert.deepEqual(refusals({ ...section, to_ids: 'never' }).length, 1);
});
