import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openWeb, text } from '../ingest/web.ts';
import { runCommand } from '../services/command.ts';

async function install(t: TestContext, answer: string) {
  const folder = mkdtempSync(join(tmpdir(), 'tipline-usability-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const web = await openWeb(t, text(answer));
  const config = join(folder, 'tipline.yaml');
  const configure = (more: object): void => {
    const feeds = [{ name: 'list', type: 'http-list', url: `${web.url}/list`, format: 'lines', ...more }];
    writeFileSync(config, JSON.stringify({ data: 'data', http: { listen: 'off' }, feeds }));
  };
  configure({ format: 'lines' });
  return {
    configure,
    tipline: (...args: string[]) => runCommand([process.execPath, 'cli/main.ts', ...args, '--config', config]),
  };
}

/** A table of two columns that nobody told tipline to be one. */
const table = (rows: number): string => Array.from({ length: rows }, (_, n) => `evil-${n}.example,${n % 9}\n`).join('');
const list = (rows: number): string => Array.from({ length: rows }, (_, n) => `45.${n >> 8}.${n & 255}.7\n`).join('');

test('a list of which nothing can be used: check, the trial and the first reading say so', async (t) => {
  const { tipline, configure } = await install(t, table(3000));
  const check = await tipline('check');
  assert.equal(check.code, 1, check.stdout);
  assert.match(check.stdout, /^FAILED {2}feed list: \d+ of \d+ records that were looked at cannot be used/m);
  assert.match(check.stdout, /evil-0\.example,0/);

  const trial = await tipline('feeds', 'test', 'list');
  assert.equal(trial.code, 1);
  assert.match(trial.stderr, /cannot be used and become dead letters/);

  // dead letters change no exit code, but the feed is not well
  const run = await tipline('run', '--once', '--json');
  assert.equal(run.code, 0, run.stderr);
  assert.match(run.stderr, /become dead letters/);
  const [feed] = JSON.parse(`[${(await tipline('feeds', '--json')).stdout.trim()}]`);
  assert.deepEqual([feed.state, feed.failures, feed.last_error.code], ['useless', 0, 'FEED_UNUSABLE']);
  assert.match((await tipline('feeds')).stdout, /^list +http-list +useless .*FEED_UNUSABLE/m);
  assert.match((await tipline('status')).stdout, /FEED_UNUSABLE/);

  configure({ format: 'csv', columns: { indicator: 1 } });
  assert.equal((await tipline('check')).code, 0);
  assert.equal((await tipline('run', '--once', '--json')).code, 0);
  const [mended] = JSON.parse(`[${(await tipline('feeds', '--json')).stdout.trim()}]`);
  assert.deepEqual([mended.state, mended.last_error], ['ok', null]);
});

test('a fifth may be broken: it is told, and the feed is well', async (t) => {
  const { tipline } = await install(t, list(40) + table(10));
  const check = await tipline('check');
  assert.equal(check.code, 0, check.stdout);
  assert.match(
    check.stdout,
    /^ok {6}feed list: 50 records on its first page, 10 of 50 looked at would become dead letters/m,
  );
  assert.equal((await tipline('feeds', 'test', 'list')).code, 0);
  assert.equal((await tipline('run', '--once')).code, 0);
  assert.match((await tipline('feeds')).stdout, /^list +http-list +ok /m);
});
