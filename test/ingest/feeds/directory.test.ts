import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { until } from '../../services/wait.ts';
import { type Lab, openLab, refusals } from '../lab.ts';

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'tipline-directory-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function drop(folderPath: string, name: string, content: string | Buffer): void {
  const path = join(folderPath, name);
  writeFileSync(path, content);
  utimesSync(path, new Date(Date.now() - 60_000), new Date(Date.now() - 60_000));
}

const feed = (path: string, more: object = {}): object => ({
  name: 'drop',
  type: 'directory',
  path,
  look_every: '30ms',
  settle: '1s',
  ...more,
});
const indicators = (lab: Lab): unknown[] => lab.bus.values().map((value) => value.indicator);
const inFolder = (path: string, name: 'done' | 'failed'): string[] => readdirSync(join(path, name)).sort();

test('files of any format, whatever they are called, are read once and moved', async (t) => {
  const lab = openLab(t);
  const path = folder(t);
  drop(path, 'a.bin', '192.0.2.1\n192.0.2.2\n');
  drop(path, 'b.json', '# fields\nip,confidence\n192.0.2.3,80\n192.0.2.4,70\n');
  drop(path, 'c', '{"indicator":"c.example","source":"elsewhere","ref":"1","collected_at":"2000-01-01T00:00:00Z"}\n');
  drop(path, 'd.txt', gzipSync('0.0.0.0 d.example\n'));
  drop(path, 'e.html', '<p>see evil[.]test</p>');
  drop(path, 'f.intel', '#fields\tindicator\tindicator_type\nf.example\tIntel::DOMAIN\n');
  const report = await lab.once([feed(path, { tags: ['x'] })]);
  assert.deepEqual(report.failedFeeds, []);
  assert.deepEqual(indicators(lab), [
    '192.0.2.1',
    '192.0.2.2',
    '192.0.2.3',
    '192.0.2.4',
    'c.example',
    'd.example',
    'evil.test',
    'f.example',
  ]);
  assert.deepEqual(readdirSync(path).sort(), ['done', 'failed']);
  assert.deepEqual(inFolder(path, 'done'), ['a.bin', 'b.json', 'c', 'd.txt', 'e.html', 'f.intel']);
  const [first, , third, , own] = lab.bus.values();
  assert.equal(first?.source, 'drop');
  assert.deepEqual(first?.tags, ['x']);
  assert.equal(third?.confidence, 80);
  assert.equal(own?.source, 'elsewhere');
  assert.equal(own?.ref, '1');
  assert.ok(Math.abs(Date.parse(String(own?.collected_at)) - Date.now()) < 60_000);
});

test('who is not trusted speaks under the name of the feed', async (t) => {
  const lab = openLab(t);
  const path = folder(t);
  drop(path, 'c', '{"indicator":"c.example","source":"elsewhere"}\n');
  await lab.once([feed(path, { trust_source: false })]);
  assert.equal(lab.bus.values()[0]?.source, 'drop/elsewhere');
});

test('what cannot be used goes to failed with the reason beside it; the others are read', async (t) => {
  const lab = openLab(t);
  const path = folder(t);
  drop(path, 'a.mmdb', Buffer.from([0, 1, 2, 0]));
  drop(path, 'b.json', `[${'{"indicator":"b.example"},'.repeat(3)}{"indic`);
  drop(path, 'c.gz', gzipSync('192.0.2.1\n'.repeat(5000)).subarray(0, 40));
  drop(path, 'd.txt', 'nothing of interest in here.\n');
  drop(path, 'e.csv', 'ip,x\n192.0.2.9,1\n');
  drop(path, 'f', gzipSync(Buffer.alloc(20_000_000, 'a\n')));
  const report = await lab.once([feed(path)]);
  assert.equal(report.failedFeeds.length, 1);
  assert.deepEqual(inFolder(path, 'done'), ['e.csv']);
  const reasons = Object.fromEntries(
    inFolder(path, 'failed')
      .filter((name) => name.endsWith('.reason'))
      .map((name) => [name, readFileSync(join(path, 'failed', name), 'utf8')]),
  );
  assert.match(reasons['a.mmdb.reason'] ?? '', /no format that tipline knows: it is binary data/);
  assert.match(reasons['b.json.reason'] ?? '', /byte \d+.*; the 3 records before that place are published/);
  assert.match(reasons['c.gz.reason'] ?? '', /gzip data is damaged or was cut off/);
  assert.match(reasons['d.txt.reason'] ?? '', /read as text .* it holds no indicator/);
  assert.match(reasons['f.reason'] ?? '', /expands to more than/);
  assert.equal(Object.keys(reasons).length, 5);
  assert.ok(indicators(lab).includes('192.0.2.9'));
});

test('a file moves when it is on the bus, not before: a crash in between reads it again', async (t) => {
  const lab = openLab(t);
  const path = folder(t);
  drop(path, 'a', '192.0.2.1\n');
  lab.bus.shut();
  const worker = lab.start([feed(path)]);
  await until(() => lab.bus.waiting() > 0, { what: 'the send' });
  assert.deepEqual(readdirSync(path).sort(), ['a', 'done', 'failed']);
  // the bus refuses for good, which ends the process
  lab.bus.fail(new Error('gone'), 1);
  lab.bus.open();
  await assert.rejects(worker.closed);
  assert.deepEqual(readdirSync(path).sort(), ['a', 'done', 'failed']);
  assert.deepEqual(indicators(lab), []);
  lab.start([feed(path)]);
  await until(() => inFolder(path, 'done').length === 1, { what: 'the move' });
  assert.deepEqual(indicators(lab), ['192.0.2.1']);
});

test('many small files share their sends, and large ones are cut into pages', async (t) => {
  const lab = openLab(t);
  const path = folder(t);
  for (let n = 0; n < 300; n += 1) drop(path, `f${n}`, `{"indicator":"n${n}.example"}\n`);
  drop(path, 'large', Array.from({ length: 2500 }, (_, n) => `n${n}.example.org\n`).join(''));
  const report = await lab.once([feed(path)]);
  assert.equal(report.published, 2800);
  assert.equal(inFolder(path, 'done').length, 301);
  assert.ok(lab.bus.sends.length < 10, `${lab.bus.sends.length} sends`);
});

test('a wrong section is refused', () => {
  assert.deepEqual(refusals({ name: 'x', type: 'directory' }).length, 1);
  assert.deepEqual(refusals({ name: 'x', type: 'directory', path: 'a', settle: 'soon' }).length, 1);
});
