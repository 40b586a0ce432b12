import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { TiplineError } from '../../core/process/errors.ts';
import { silentLog } from '../../core/process/log.ts';
import { checkFeed } from '../../ingest/check.ts';
import { readFeedStates } from '../../ingest/feed-state.ts';
import { until } from '../services/wait.ts';
import { configured, openLab } from './lab.ts';
import { openWeb, status, text } from './web.ts';

function jsonFile(t: TestContext, content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'tipline-ingest-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'x.jsonl');
  writeFileSync(path, content);
  return path;
}

const file = (path: string): object => ({ name: 'drop', type: 'file', path, look_every: '30ms' });
const list = (url: string, more: object = {}): object => ({ name: 'list', type: 'http-list', url, ...more });
const away = (): TiplineError => new TiplineError('BUS_AWAY', 'the broker is away', { retryable: true });

test('once: every feed is read, those that fail are named, those that listen are passed over', async (t) => {
  const lab = openLab(t);
  const web = await openWeb(t, text('192.0.2.1\n192.0.2.2\n'));
  const broken = await openWeb(t, status(503));
  const report = await lab.once([
    list(web.url),
    list(broken.url, { name: 'broken' }),
    file(jsonFile(t, '{"indicator":"a.example"}\n')),
    list(web.url, { name: 'off', enabled: false }),
    { name: 'push', type: 'tcp' },
  ]);
  assert.deepEqual(report.perFeed, {
    list: { read: 2, published: 2, skipped: 0, notAdmitted: 0, expired: 0 },
    broken: { read: 0, published: 0, skipped: 0, notAdmitted: 0, expired: 0 },
    drop: { read: 1, published: 1, skipped: 0, notAdmitted: 0, expired: 0 },
    push: { read: 0, published: 0, skipped: 0, notAdmitted: 0, expired: 0 },
  });
  assert.deepEqual([report.read, report.published], [3, 3]);
  assert.deepEqual(report.failedFeeds, [
    {
      name: 'broken',
      code: 'FEED_SERVER_ERROR',
      message: `${broken.url} answered 503: its own fault; it will be asked again`,
    },
  ]);
  assert.ok(lab.logged.some((entry) => entry.fields.feed === 'push' && /passed over/.test(entry.message)));
  assert.deepEqual([...(await readFeedStates(lab.cursors)).keys()].sort(), ['broken', 'drop', 'list']);
});

test('the bus is away: reading waits, health tells, nothing is lost', async (t) => {
  const lab = openLab(t);
  lab.bus.fail(away(), 3);
  const worker = lab.start([file(jsonFile(t, '{"indicator":"a.example"}\n'))]);
  await until(() => lab.health.snapshot().get('ingest')?.state === 'down', { what: 'health to tell' });
  assert.match(String(lab.health.snapshot().get('ingest')?.detail), /waits for the bus: the broker is away/);
  assert.equal(lab.state('drop').cursor, null);
  await until(() => lab.bus.records.length === 1, { what: 'the record' });
  await until(() => lab.health.snapshot().get('ingest')?.state === 'up', { what: 'health to recover' });
  await worker.stop();
  assert.notEqual(lab.state('drop').cursor, null);
});

test('between the two effects: what is on the bus is not yet in the cursor, so a crash there repeats and loses nothing', async (t) => {
  const lab = openLab(t);
  const path = jsonFile(t, '{"indicator":"a.example"}\n');
  const passed: unknown[] = [];
  const seam = (point: string, of?: string): void => {
    passed.push([point, of, lab.bus.records.length, lab.state('drop').cursor !== null]);
  };
  await lab.once([file(path)], { context: { ...lab.context, seam } });
  assert.deepEqual(passed.slice(0, 3), [
    ['ingest-publishing', 'drop', 0, false],
    ['ingest-published', 'drop', 1, false],
    ['ingest-state-kept', 'drop', 1, true],
  ]);
  assert.notEqual(lab.state('drop').cursor, null);
});

test('stopping while the bus is away ends soon, and the cursor stays', async (t) => {
  const lab = openLab(t);
  lab.bus.fail(away(), 1000);
  const worker = lab.start([file(jsonFile(t, '{"indicator":"a.example"}\n'))]);
  await until(() => lab.health.snapshot().get('ingest')?.state === 'down', { what: 'the outage' });
  await worker.stop();
  await worker.closed;
  assert.equal(lab.state('drop').cursor, null);
  assert.equal(lab.state('drop').lastError, null);
});

test('a bus error that nobody knows ends the worker, with that error', async (t) => {
  const lab = openLab(t);
  const path = jsonFile(t, '{"indicator":"a.example"}\n');
  lab.bus.fail(new TypeError('what is this'), 1);
  const worker = lab.start([file(path), { name: 'push', type: 'tcp', listen: '127.0.0.1:0' }]);
  await assert.rejects(worker.closed, { name: 'TypeError', message: 'what is this' });
  await assert.rejects(worker.drained, { name: 'TypeError' });
  assert.equal(lab.state('drop').cursor, null);
});

test('the store is away: ingest runs on with its cursor in memory and stores it later', async (t) => {
  const lab = openLab(t);
  const path = jsonFile(t, '{"indicator":"a.example"}\n');
  const worker = lab.start([file(path)]);
  await until(() => lab.bus.records.length === 1, { what: 'the first record' });
  lab.cursors.away = true;
  appendFileSync(path, '{"indicator":"b.example"}\n');
  await until(() => lab.bus.records.length === 2, { what: 'the second' });
  appendFileSync(path, '{"indicator":"c.example"}\n');
  await until(() => lab.bus.records.length === 3, { what: 'the third' });
  lab.cursors.away = false;
  await worker.stop();
  assert.equal((await lab.once([file(path)])).read, 0, 'the cursor was stored when the store came back');
});

test('another writer of the same cursor is overruled, not waited for', async (t) => {
  const lab = openLab(t);
  const path = jsonFile(t, '{"indicator":"a.example"}\n');
  const worker = lab.start([file(path)]);
  await until(() => lab.state('drop').records === 1, { what: 'the first cursor' });
  await lab.cursors.put('feed:drop', { cursor: 'nonsense' }, lab.cursors.values.get('feed:drop')?.version ?? null);
  appendFileSync(path, '{"indicator":"b.example"}\n');
  await until(() => lab.bus.records.length === 2, { what: 'the second record' });
  await worker.stop();
  assert.equal((await lab.once([file(path)])).read, 0);
});

test('a stored state of nonsense is a new feed', async (t) => {
  const lab = openLab(t);
  const path = jsonFile(t, '{"indicator":"a.example"}\n');
  for (const [index, nonsense] of [null, 5, { cursor: { files: 7 }, lastOk: 'x' }, { cursor: [1] }].entries()) {
    lab.cursors.values.set('feed:drop', { value: nonsense, version: `v${index}` });
    assert.equal((await lab.once([file(path)])).read, 1);
  }
});

test('polls keep their rhythm, never overlap, and wait their turn after a restart', async (t) => {
  const lab = openLab(t);
  let open = 0;
  let most = 0;
  const web = await openWeb(t, (_, response) => {
    open += 1;
    most = Math.max(most, open);
    response.on('close', () => {
      open -= 1;
    });
    setTimeout(() => response.end('192.0.2.1\n'), 150);
  });
  const worker = lab.start([list(web.url, { every: '100ms' })]);
  await until(() => web.requests.length === 4, { what: 'four polls' });
  await worker.stop();
  assert.equal(most, 1);
  assert.equal(lab.health.snapshot().get('feed:list')?.state, 'up');
  const before = web.requests.length;
  const settled = lab.start([list(web.url, { name: 'slow', every: '1h' })]);
  await until(() => lab.state('slow').lastOk > 0, { what: 'the first poll' });
  await settled.stop();
  const again = lab.start([list(web.url, { name: 'slow', every: '1h' })]);
  await until(() => lab.health.snapshot().get('feed:slow')?.detail.startsWith('last read at'), { what: 'the state' });
  await again.stop();
  assert.equal(web.requests.length, before + 1);
});

test('stopping in the middle of a download ends it', async (t) => {
  const lab = openLab(t);
  let closed = false;
  const web = await openWeb(t, (_, response) => {
    response.write('192.0.2.1\n');
    response.on('close', () => {
      closed = true;
    });
  });
  const worker = lab.start([list(web.url)]);
  await until(() => web.requests.length === 1, { what: 'the request', timeout: 5000 });
  const began = performance.now();
  await worker.stop();
  assert.ok(performance.now() - began < 1500);
  await until(() => closed, { what: 'the connection to close' });
  assert.equal(lab.state('list').lastError, null);
});

test('two feeds of one name are refused', (t) => {
  const lab = openLab(t);
  assert.throws(() => lab.start([list('http://127.0.0.1:1'), list('http://127.0.0.1:2')]), { code: 'CONFIG_FEEDS' });
});

test('check fetches one page as it would be published, and leaves no trace', async (t) => {
  const lab = openLab(t);
  const web = await openWeb(
    t,
    text(Array.from({ length: 3000 }, (_, index) => `10.0.${index >> 8}.${index & 255}`).join('\n')),
  );
  const context = { fetcher: lab.fetcher, lifetimeOf: () => 14 * 86_400_000, log: silentLog };
  const check = await checkFeed(configured(list(web.url, { tags: ['x'], indicator_type: 'ip' })), context);
  assert.deepEqual([check.read, check.records.length, check.unreadable, check.fetched], [1000, 5, 0, true]);
  assert.deepEqual(
    [check.records[0]?.indicator, check.records[0]?.source, check.records[0]?.tags],
    ['10.0.0.0', 'list', ['x']],
  );
  const dropped = await checkFeed(configured(file(jsonFile(t, 'garbage\n{"indicator":"a.example"}\n'))), context);
  assert.deepEqual([dropped.read, dropped.unreadable, dropped.records[0]?.indicator], [2, 1, 'a.example']);
  const deep = `{"indicator":"deep.example","context":${'['.repeat(20_000)}${']'.repeat(20_000)}}\n`;
  const large = await checkFeed(configured(file(jsonFile(t, `${deep}{"indicator":"b.example"}\n`))), context);
  assert.deepEqual([large.read, large.leftOut.tooLong], [2, 1]);
  assert.deepEqual(
    large.records.map(({ indicator }) => indicator),
    ['b.example'],
    'what is not published is not shown',
  );
  assert.equal((await checkFeed(configured({ name: 'push', type: 'tcp' }), context)).fetched, false);
  web.answer = status(404);
  await assert.rejects(checkFeed(configured(list(web.url)), context), { code: 'FEED_NOT_FOUND' });
  assert.equal(lab.bus.records.length + lab.cursors.values.size, 0);
});
