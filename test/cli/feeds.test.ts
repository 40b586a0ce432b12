import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openWeb, text, type Web } from '../ingest/web.ts';
import { type Finished, runCommand } from '../services/command.ts';

interface Installation {
  data: string;
  web: Web;
  tipline(...args: string[]): Promise<Finished>;
  killedAt(point: string, ...args: string[]): Promise<Finished>;
}

async function install(t: TestContext): Promise<Installation> {
  const folder = mkdtempSync(join(tmpdir(), 'tipline-feeds-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const web = await openWeb(t, text(''));
  const config = join(folder, 'tipline.yaml');
  const feeds = [
    { name: 'list', type: 'http-list', url: `${web.url}/list`, tags: ['t'] },
    { name: 'other', type: 'http-list', url: `${web.url}/other` },
  ];
  writeFileSync(config, JSON.stringify({ data: 'data', http: { listen: 'off' }, feeds }));
  const node = [process.execPath, 'cli/main.ts'];
  return {
    data: join(folder, 'data'),
    web,
    tipline: (...args) => runCommand([...node, ...args, '--config', config]),
    killedAt: (point, ...args) => runCommand(['env', `TIPLINE_KILL_AT=${point}`, ...node, ...args, '--config', config]),
  };
}

const addresses = (count: number): string =>
  Array.from({ length: count }, (_, n) => `20.1.${n >> 8}.${n & 255}\n`).join('');
const once = ['run', '--once', '--json', '--feed', 'list'];
const summary = ({ stdout }: Finished): Record<string, unknown> => JSON.parse(stdout) as Record<string, unknown>;
const parsed = (stdout: string): Record<string, unknown>[] =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

test('a list is held back, looked at and released; one feed is read alone', async (t) => {
  const { tipline, web } = await install(t);
  web.answer = text(addresses(100));
  const first = await tipline(...once);
  assert.equal(first.code, 0, first.stderr);
  assert.equal(summary(first).published, 100);
  assert.ok(web.requests.every(({ url }) => url === '/list'));

  const nothing = await tipline('feeds', 'release', 'list');
  assert.deepEqual([nothing.code, /nothing to release/.test(nothing.stderr)], [1, true]);

  web.answer = text(addresses(30));
  const held = await tipline(...once);
  assert.equal(held.code, 3);
  assert.match(
    held.stderr,
    /feed list failed: the list is held back: it has 30 records where the last good one had 100/,
  );
  assert.equal(summary(held).published, 0);

  const [list, other] = parsed((await tipline('feeds', '--json')).stdout);
  assert.deepEqual([list?.name, list?.state, list?.records, list?.read_by], ['list', 'held', 100, 'embedded']);
  assert.match(JSON.stringify(list?.quarantine), /"records":30/);
  assert.deepEqual([other?.state, other?.quarantine, other?.read_by], ['new', null, null]);
  assert.match((await tipline('feeds')).stdout, /^list +http-list +held .*the list is held back/m);

  const shown = await tipline('feeds', 'test', 'list', '--show', '2', '--json');
  assert.deepEqual(
    parsed(shown.stdout).map(({ indicator, source, tags }) => [indicator, source, tags]),
    [
      ['20.1.0.0', 'list', ['t']],
      ['20.1.0.1', 'list', ['t']],
    ],
  );

  assert.equal((await tipline('feeds', 'release', 'list')).code, 0);
  const released = await tipline(...once);
  assert.equal(released.code, 0, released.stderr);
  assert.equal(summary(released).published, 30);
  assert.equal(parsed((await tipline('feeds', '--json')).stdout)[0]?.state, 'ok');
  assert.deepEqual(
    [(await tipline('feeds', 'release', 'no')).code, (await tipline('run', '--once', '--feed', 'no')).code],
    [2, 2],
  );
});

test('kill -9 in the middle of a list: the next run reads all of it', async (t) => {
  const { tipline, killedAt, web, data } = await install(t);
  web.answer = text(addresses(3000));
  const killed = await killedAt('ingest-published:2', ...once);
  assert.notEqual(killed.code, 0);
  assert.deepEqual(
    readdirSync(join(data, 'feeds')).map((file) => file.replace(/\d+/, 'N')),
    ['list.N.next'],
  );
  const again = await tipline(...once);
  assert.equal(again.code, 0, again.stderr);
  assert.equal(summary(again).published, 3000);
  const { stdout } = await tipline('status', '--json');
  assert.equal((JSON.parse(stdout) as { documents: { current: number } }).documents.current, 3000);
  assert.ok(readdirSync(join(data, 'feeds')).includes('list.list'));
});
