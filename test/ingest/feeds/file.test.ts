import assert from 'node:assert/strict';
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { until } from '../../services/wait.ts';
import { type Lab, openLab } from '../lab.ts';

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'tipline-file-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const feed = (path: string | string[], more: object = {}): object => ({
  name: 'drop',
  type: 'file',
  path,
  look_every: '30ms',
  ...more,
});
const line = (name: string, more: object = {}): string =>
  `${JSON.stringify({ indicator: `${name}.example`, ...more })}\n`;
const names = (lab: Lab): unknown[] => lab.bus.values().map((value) => value.indicator ?? value.unreadable);
const heard = (lab: Lab, ...wanted: string[]): Promise<unknown> =>
  until(
    () => {
      assert.deepEqual(
        names(lab),
        wanted.map((name) => (name.includes(' ') || name.includes('{') ? name : `${name}.example`)),
      );
      return true;
    },
    { what: wanted.join(', ') },
  );
test('lines, an array, one object on one line or on many, with and without a byte order mark', async (t) => {
  const lab = openLab(t);
  const path = folder(t);
  writeFileSync(join(path, '1.json'), `\ufeff${line('a')}\r\n${line('b')}`);
  writeFileSync(
    join(path, '2.json'),
    JSON.stringify([{ indicator: 'c.example' }, 'no object', { indicator: 'd.example' }], null, 2),
  );
  writeFileSync(join(path, '3.json'), '{"indicator":"e.example"}');
  writeFileSync(
    join(path, '4.json'),
    `\ufeff${JSON.stringify({ indicator: 'f.example', context: { x: [1] } }, null, 2)}\n`,
  );
  writeFileSync(join(path, '5.json'), '{broken\n{"indicator":"g.example"}\nplain text\n');
  writeFileSync(join(path, '6.txt'), line('not named'));
  writeFileSync(join(path, '7.json'), '');
  mkdirSync(join(path, '8.json'));
  const report = await lab.once([feed(join(path, '*.json'), { tags: ['x'], confidence: 50 })]);
  assert.deepEqual(report.failedFeeds, []);
  assert.deepEqual(names(lab), [
    'a.example',
    'b.example',
    'c.example',
    '"no object"',
    'd.example',
    'e.example',
    'f.example',
    '{broken',
    'g.example',
    'plain text',
  ]);
  const { collected_at, ...first } = lab.bus.values()[0] ?? {};
  assert.deepEqual(first, { indicator: 'a.example', source: 'drop', confidence: 50, tags: ['x'] });
  assert.ok(Math.abs(Date.parse(String(collected_at)) - Date.now()) < 60_000);
  assert.ok(lab.bus.records.every((record) => record.headers?.feed === 'drop'));
  // and nothing of it again
  assert.equal((await lab.once([feed(join(path, '*.json'))])).read, 0);
});

test('a file is followed: appended lines, an unfinished one, new files, and after a restart', async (t) => {
  const lab = openLab(t);
  const path = folder(t);
  const log = join(path, 'a.jsonl');
  writeFileSync(log, line('a'));
  const worker = lab.start([feed(join(path, '*.jsonl'))]);
  await heard(lab, 'a');
  appendFileSync(log, `${line('b')}{"indicator":"c`);
  await heard(lab, 'a', 'b');
  appendFileSync(log, '.example"}');
  await heard(lab, 'a', 'b', 'c');
  appendFileSync(log, `\n${line('d')}`);
  writeFileSync(join(path, 'b.jsonl'), line('e'));
  await heard(lab, 'a', 'b', 'c', 'd', 'e');
  await worker.stop();
  appendFileSync(log, line('f'));
  lab.start([feed(join(path, '*.jsonl'))]);
  await heard(lab, 'a', 'b', 'c', 'd', 'e', 'f');
});

test('rotation by renaming: what was written before and after it is read, once', async (t) => {
  const lab = openLab(t);
  const path = folder(t);
  const log = join(path, 'x.jsonl');
  writeFileSync(log, line('a'));
  const worker = lab.start([feed(log)]);
  await heard(lab, 'a');
  // no look in between: only an open file can still show the line
  appendFileSync(log, line('b'));
  renameSync(log, `${log}.1`);
  writeFileSync(log, line('c'));
  await heard(lab, 'a', 'b', 'c');
  appendFileSync(`${log}.1`, line('late'));
  await heard(lab, 'a', 'b', 'c', 'late');
  rmSync(log);
  writeFileSync(log, line('new'));
  await heard(lab, 'a', 'b', 'c', 'late', 'new');
  await worker.stop();
});

test('rotation inside the glob, while nobody looks', async (t) => {
  const lab = openLab(t);
  const path = folder(t);
  const log = join(path, 'x.jsonl');
  writeFileSync(log, line('a'));
  await lab.once([feed(`${log}*`)]);
  appendFileSync(log, line('b'));
  renameSync(log, `${log}.1`);
  writeFileSync(log, line('c'));
  await lab.once([feed(`${log}*`)]);
  assert.deepEqual(names(lab).sort(), ['a.example', 'b.example', 'c.example']);
});

test('truncated and written anew, also when it is longer than before', async (t) => {
  const lab = openLab(t);
  const log = join(folder(t), 'x.jsonl');
  writeFileSync(log, line('a') + line('b'));
  lab.start([feed(log)]);
  await heard(lab, 'a', 'b');
  truncateSync(log);
  await until(() => JSON.stringify(lab.state('drop').cursor) === '{"files":{}}', { what: 'the truncation to be seen' });
  appendFileSync(log, line('c'));
  await heard(lab, 'a', 'b', 'c');
  // copytruncate by another process between two looks
  writeFileSync(log, line('d') + line('e') + line('f'));
  await heard(lab, 'a', 'b', 'c', 'd', 'e', 'f');
  // written again as it was: nothing new
  const copy = `${log}.copy`;
  copyFileSync(log, copy);
  copyFileSync(copy, log);
  appendFileSync(log, line('g'));
  await heard(lab, 'a', 'b', 'c', 'd', 'e', 'f', 'g');
});

test('a document is read again when it changes, and one half written waits', async (t) => {
  const lab = openLab(t);
  const path = join(folder(t), 'list.json');
  writeFileSync(path, '[{"indicator":"a.example"},');
  lab.start([feed(path)]);
  await until(() => lab.health.snapshot().get('feed:drop')?.state === 'up', { what: 'the first look' });
  assert.deepEqual(names(lab), []);
  appendFileSync(path, '{"indicator":"b.example"}]');
  await heard(lab, 'a', 'b');
  writeFileSync(path, '[{"indicator":"c.example"}]');
  await heard(lab, 'a', 'b', 'c');
  assert.equal(lab.health.snapshot().get('feed:drop')?.state, 'up');
});

test('a bad file is told of once and holds up nothing; its feed has failed, read once or followed', async (t) => {
  const lab = openLab(t);
  const path = folder(t);
  const bad = join(path, 'a.json');
  writeFileSync(bad, '[{"indicator":');
  const longAgo = new Date(Date.now() - 60_000);
  utimesSync(bad, longAgo, longAgo);
  writeFileSync(join(path, 'b.json'), Buffer.from(`\ufeff${line('wide')}`, 'utf16le'));
  writeFileSync(join(path, 'c.json'), line('c'));
  writeFileSync(join(path, 'd.json'), JSON.stringify([{ indicator: 'd'.repeat(3000) }]));
  const worker = lab.start([feed(join(path, '*.json'), { max_size: '2kb' })]);
  await heard(lab, 'c');
  appendFileSync(join(path, 'c.json'), line('later'));
  await heard(lab, 'c', 'later');
  const warned = lab.logged.filter((entry) => entry.level === 'warn').map((entry) => entry.message);
  assert.equal(warned.filter((message) => /^the feed failed/.test(message)).length, 1, warned.join('\n'));
  const told = warned.filter((message) => !/^the feed failed/.test(message));
  assert.equal(told.length, 3, told.join('\n'));
  assert.match(String(told[0]), /a\.json is neither JSON lines nor one JSON array or object/);
  assert.match(String(told[1]), /b\.json is UTF-16; write it as UTF-8/);
  assert.match(String(told[2]), /d\.json has 1 MB and must be read whole/);
  const part = () => lab.health.snapshot().get('feed:drop');
  assert.deepEqual([part()?.state, /a\.json is neither/.test(part()?.detail ?? '')], ['down', true]);
  await until(() => lab.state('drop').lastError?.code === 'FEED_FILE_BROKEN', { what: 'it to be kept' });
  assert.equal(lab.state('drop').records, 1);
  await worker.stop();
  const report = await lab.once([feed(join(path, '*.json'), { max_size: '2kb' })]);
  assert.deepEqual(
    report.failedFeeds.map((failure) => failure.code),
    ['FEED_FILE_BROKEN'],
  );
  for (const name of ['a.json', 'b.json', 'd.json']) rmSync(join(path, name));
  lab.start([feed(join(path, '*.json'), { max_size: '2kb' })]);
  await until(() => part()?.state === 'up', { what: 'the feed to be well again' });
  await until(() => lab.state('drop').lastError === null, { what: 'it to be kept' });
});

test('rotated and new file under one glob are read oldest first, whatever their names', async (t) => {
  const path = folder(t);
  const at = (name: string, seconds: number): void => {
    const time = new Date(Date.UTC(2026, 5, 1) + seconds * 1000);
    utimesSync(join(path, name), time, time);
  };
  // x.json.1 is older than x.json, b older than a; the same moment goes by name
  for (const [name, seconds] of [
    ['x.json', 30],
    ['x.json.1', 20],
    ['x.json.2', 10],
    ['b.json', 1],
    ['a.json', 2],
    ['same2.json', 5],
    ['same1.json', 5],
  ] as const) {
    writeFileSync(join(path, name), line(name));
    at(name, seconds);
  }
  const lab = openLab(t);
  await lab.once([feed([join(path, '*.json'), join(path, 'x.json*')])]);
  const order = ['b.json', 'a.json', 'same1.json', 'same2.json', 'x.json.2', 'x.json.1', 'x.json'];
  assert.deepEqual(
    names(lab),
    order.map((name) => `${name}.example`),
  );
});

test('what a writer still appends to a file after its rotation was said before the new file', async (t) => {
  const lab = openLab(t);
  const log = join(folder(t), 'x.json');
  writeFileSync(log, line('a'));
  await lab.once([feed(`${log}*`)]);
  renameSync(log, `${log}.1`);
  const soon = (ms: number): Date => new Date(Date.now() + ms);
  writeFileSync(log, line('new'));
  utimesSync(log, soon(1000), soon(1000));
  appendFileSync(`${log}.1`, line('late'));
  utimesSync(`${log}.1`, soon(2000), soon(2000));
  await lab.once([feed(`${log}*`)]);
  assert.deepEqual(names(lab), ['a.example', 'late.example', 'new.example']);
});

test('a folder that does not exist is an error, read once or followed; a file may come later', async (t) => {
  const lab = openLab(t);
  const path = folder(t);
  const missing = join(path, 'none');
  for (const pattern of [join(missing, '*.json'), join(missing, 'x.json'), join(missing, '**', '{a,b}', '*.json')]) {
    const { failedFeeds } = await lab.once([
      feed(pattern, { name: 'f' }),
      { ...feed(pattern), name: 's', type: 'stix-file' },
    ]);
    assert.deepEqual(
      failedFeeds.map(({ code }) => code),
      ['FEED_FOLDER', 'FEED_FOLDER'],
      pattern,
    );
    assert.match(failedFeeds[0]?.message ?? '', /none does not exist: make it/);
  }
  assert.deepEqual((await lab.once([feed(join(path, 'later.json'))])).failedFeeds, []);

  lab.start([feed(join(missing, '*.json'))]);
  const part = () => lab.health.snapshot().get('feed:drop');
  await until(() => part()?.state === 'down', { what: 'it to be told' });
  mkdirSync(missing);
  writeFileSync(join(missing, 'x.json'), line('a'));
  await heard(lab, 'a');
  assert.equal(part()?.state, 'up');
});

test('lines that are too long are passed over, also across a restart in their middle', async (t) => {
  const lab = openLab(t);
  const path = join(folder(t), 'x.jsonl');
  writeFileSync(path, `${line('a')}{"x":"${'x'.repeat(300_000)}`);
  await lab.once([feed(path)]);
  appendFileSync(path, `${'y'.repeat(100_000)}"}\n${line('b')}`);
  const report = await lab.once([feed(path)]);
  assert.deepEqual(names(lab), ['a.example', 'b.example']);
  assert.equal(report.read, 1);
  assert.ok(lab.logged.some((entry) => entry.level === 'warn' && entry.fields.too_long === 1));
});

test('once: an unfinished line is left for later and told of', async (t) => {
  const lab = openLab(t);
  const path = join(folder(t), 'x.jsonl');
  writeFileSync(path, `${line('a')}{"indicator":"b`);
  await lab.once([feed(path)]);
  assert.deepEqual(names(lab), ['a.example']);
  assert.ok(lab.logged.some((entry) => /ends in an unfinished line/.test(entry.message)));
  appendFileSync(path, '.example"}\n');
  await lab.once([feed(path)]);
  assert.deepEqual(names(lab), ['a.example', 'b.example']);
});

test('the cursor moves only when the page is on the bus', async (t) => {
  const lab = openLab(t);
  const path = join(folder(t), 'x.jsonl');
  writeFileSync(path, Array.from({ length: 5000 }, (_, index) => line(`n${index}`, { pad: 'x'.repeat(200) })).join(''));
  lab.bus.shut();
  const worker = lab.start([feed(path)]);
  await until(() => lab.bus.waiting() > 0, { what: 'the first send' });
  assert.equal(lab.state('drop').cursor, null);
  assert.ok(lab.bus.waiting() <= 1000);
  assert.ok(worker.progress().read < 2000, 'one chunk is read ahead and no more');
  lab.bus.open();
  await until(() => lab.bus.records.length === 5000, { what: 'all lines' });
  await worker.stop();
  assert.deepEqual(
    names(lab),
    Array.from({ length: 5000 }, (_, index) => `n${index}.example`),
  );
  assert.equal((await lab.once([feed(path)])).read, 0);
});

test('sources of a file are trusted unless the feed says otherwise; links are followed, also those to nowhere', async (t) => {
  const lab = openLab(t);
  const path = folder(t);
  writeFileSync(join(path, 'x.jsonl'), line('a', { source: 'other' }));
  symlinkSync(join(path, 'x.jsonl'), join(path, 'link.json'));
  symlinkSync(join(path, 'nowhere'), join(path, 'dead.json'));
  mkdirSync(join(path, 'none'));
  await lab.once([
    feed(join(path, 'x.jsonl'), { name: 'one' }),
    feed([join(path, '*.json'), join(path, 'none', '*')], { name: 'two', trust_source: false }),
  ]);
  assert.deepEqual(
    lab.bus
      .values()
      .map((value) => value.source)
      .sort(),
    ['other', 'two/other'],
  );
});

test('many small files share few sends, and a restart in between repeats nothing', async (t) => {
  const lab = openLab(t);
  const path = folder(t);
  for (let index = 0; index < 2500; index += 1) writeFileSync(join(path, `${index}.json`), line(`n${index}`));
  const report = await lab.once([feed(join(path, '*.json'))]);
  assert.equal(report.published, 2500);
  assert.deepEqual(lab.bus.sends, [1000, 1000, 500]);
  assert.equal((await lab.once([feed(join(path, '*.json'))])).read, 0);
});
