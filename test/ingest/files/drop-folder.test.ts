import assert from 'node:assert/strict';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type DropFolder, type DroppedFile, openDropFolder } from '../../../ingest/files/drop-folder.ts';

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'tipline-drop-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Writes a file that was last changed an hour ago. */
function old(path: string, text: string): void {
  writeFileSync(path, text);
  utimesSync(path, new Date(Date.now() - 3_600_000), new Date(Date.now() - 3_600_000));
}

const SETTLE = 5000;
const names = (files: readonly DroppedFile[]): string[] => files.map((file) => file.name);

async function only(drop: DropFolder, now = Date.now()): Promise<DroppedFile> {
  const { ripe } = await drop.look(now);
  assert.equal(ripe.length, 1);
  const [file] = ripe;
  assert.ok(file);
  return file;
}

test('a file that is being written is left until it has been quiet for long enough; one that was renamed in is not', async (t) => {
  const path = folder(t);
  const drop = openDropFolder(path, SETTLE);
  writeFileSync(join(path, 'slow'), 'a');
  old(join(path, 'moved'), 'b');
  const now = Date.now();
  const first = await drop.look(now);
  assert.deepEqual(names(first.ripe), ['moved']);
  assert.equal(first.unripe, 1);
  assert.deepEqual(names((await drop.look(now + SETTLE - 1000)).ripe), ['moved']);
  appendFileSync(join(path, 'slow'), 'more');
  // it has changed, so its time begins anew
  const later = now + SETTLE + 1;
  utimesSync(join(path, 'slow'), new Date(later), new Date(later));
  assert.deepEqual(names((await drop.look(later)).ripe), ['moved']);
  assert.deepEqual(names((await drop.look(later + SETTLE)).ripe), ['moved', 'slow']);
});

test('a writer whose clock is ahead is waited for by our own', async (t) => {
  const path = folder(t);
  const drop = openDropFolder(path, SETTLE);
  writeFileSync(join(path, 'x'), 'a');
  utimesSync(join(path, 'x'), new Date(Date.now() + 86_400_000), new Date(Date.now() + 86_400_000));
  const now = Date.now();
  assert.equal((await drop.look(now)).ripe.length, 0);
  assert.equal((await drop.look(now + SETTLE)).ripe.length, 1);
});

test('links, folders and unfinished downloads are left alone; a link is told once', async (t) => {
  const path = folder(t);
  const outside = folder(t);
  old(join(outside, 'secret'), 's');
  const drop = openDropFolder(path, SETTLE);
  symlinkSync(join(outside, 'secret'), join(path, 'link'));
  mkdirSync(join(path, 'sub'));
  old(join(path, 'sub', 'x'), 'x');
  for (const name of ['.hidden', 'x.part', 'x.tmp', 'x~', 'x.CRDOWNLOAD']) old(join(path, name), 'x');
  const { ripe, passed } = await drop.look(Date.now());
  assert.deepEqual(ripe, []);
  assert.deepEqual(passed, [{ name: 'link', reason: 'it is a link, which is not followed' }]);
  assert.deepEqual((await drop.look(Date.now())).passed, []);
});

test('done and failed must be folders of its own', async (t) => {
  const path = folder(t);
  symlinkSync(folder(t), join(path, 'done'));
  await assert.rejects(openDropFolder(path, SETTLE).look(Date.now()), { code: 'FEED_FOLDER', message: /no link/ });
  await assert.rejects(openDropFolder(join(path, 'nowhere'), SETTLE).look(Date.now()), { code: 'FEED_FOLDER' });
});

test('a file that a link has replaced is not opened, and not moved', async (t) => {
  const path = folder(t);
  const outside = folder(t);
  old(join(outside, 'secret'), 's');
  const drop = openDropFolder(path, SETTLE);
  old(join(path, 'x'), 'x');
  const file = await only(drop);
  rmSync(join(path, 'x'));
  symlinkSync(join(outside, 'secret'), join(path, 'x'));
  assert.equal(await drop.open(file), undefined);
  assert.equal(await drop.settle(file, { kind: 'done' }), false);
  assert.ok(existsSync(join(outside, 'secret')));
});

test('nothing is overwritten: the same name gets a number', async (t) => {
  const path = folder(t);
  const drop = openDropFolder(path, SETTLE);
  for (const text of ['one', 'two', 'three']) {
    old(join(path, 'list.csv'), text);
    assert.equal(await drop.settle(await only(drop), { kind: 'done' }), true);
  }
  assert.deepEqual(readdirSync(join(path, 'done')).sort(), ['list.1.csv', 'list.2.csv', 'list.csv']);
  assert.equal(readFileSync(join(path, 'done', 'list.2.csv'), 'utf8'), 'three');
  for (let n = 0; n < 2; n += 1) {
    old(join(path, 'x'), 'x');
    await drop.settle(await only(drop), { kind: 'failed', reason: `reason ${n}` });
  }
  assert.deepEqual(readdirSync(join(path, 'failed')).sort(), ['x', 'x.1', 'x.1.reason', 'x.reason']);
  assert.equal(readFileSync(join(path, 'failed', 'x.1.reason'), 'utf8'), 'reason 1\n');
});

test('a name that a killed process reserved and did not use is used', async (t) => {
  const path = folder(t);
  const drop = openDropFolder(path, SETTLE);
  await drop.look(Date.now());
  writeFileSync(join(path, 'done', 'a.txt'), '');
  writeFileSync(join(path, 'failed', 'b.txt'), '');
  writeFileSync(join(path, 'failed', 'b.txt.reason'), 'it is empty\n');
  for (const name of ['a.txt', 'b.txt']) old(join(path, name), 'x');
  const { ripe } = await drop.look(Date.now());
  for (const file of ripe)
    await drop.settle(file, file.name === 'a.txt' ? { kind: 'done' } : { kind: 'failed', reason: 'no' });
  assert.deepEqual(readdirSync(join(path, 'done')), ['a.txt']);
  assert.equal(readFileSync(join(path, 'done', 'a.txt'), 'utf8'), 'x');
  assert.deepEqual(readdirSync(join(path, 'failed')).sort(), ['b.1.txt', 'b.1.txt.reason', 'b.txt', 'b.txt.reason']);
});

test('what was written to or replaced since it was looked at stays, and is ripe again', async (t) => {
  const path = folder(t);
  const drop = openDropFolder(path, SETTLE);
  old(join(path, 'x'), 'one');
  const file = await only(drop);
  appendFileSync(join(path, 'x'), 'two');
  assert.equal(await drop.settle(file, { kind: 'done' }), false);
  assert.equal(await drop.open(file), undefined);
  old(join(path, 'y'), 'three');
  renameSync(join(path, 'y'), join(path, 'x'));
  assert.equal(await drop.settle(file, { kind: 'failed', reason: 'x' }), false);
  assert.deepEqual(readdirSync(join(path, 'done')), []);
  assert.deepEqual(readdirSync(join(path, 'failed')), []);
  const again = await only(drop);
  const handle = await drop.open(again);
  assert.equal(await handle?.readFile('utf8'), 'three');
  await handle?.close();
  assert.equal(await drop.settle(again, { kind: 'done' }), true);
});
