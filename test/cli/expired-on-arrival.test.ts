import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { attribute, event } from '../ingest/formats/misp/export.ts';
import { runCommand } from '../services/command.ts';

test('whoever imports an old event is told that it expired on arrival, by each command that looks at it', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tipline-old-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const config = join(folder, 'tipline.yaml');
  const old = String(Date.UTC(2019, 4, 1) / 1000);
  const file = join(folder, 'old.json');
  const told = event([attribute('domain', 'a.example.org', { timestamp: old })], { timestamp: old });
  writeFileSync(file, JSON.stringify({ Event: told }));
  const feeds = [{ name: 'events', type: 'misp-file', path: file }];
  writeFileSync(config, JSON.stringify({ data: 'data', http: { listen: 'off' }, feeds }));
  const tipline = (...args: string[]) => runCommand([process.execPath, 'cli/main.ts', ...args, '--config', config]);

  assert.match(
    (await tipline('parse', file)).stderr,
    /1 record: 1 domain, 1 expired on arrival: .*"lifetime_from: import"/,
  );
  assert.match((await tipline('feeds', 'test', 'events')).stderr, /1 records on the first page, 1 expired on arrival/);
  assert.match((await tipline('check')).stdout, /1 expired on arrival/);
  const run = await tipline('run', '--once', '--json');
  const summary = JSON.parse(run.stdout) as Record<string, unknown>;
  assert.deepEqual([summary.published, summary.expired_on_arrival], [1, 1], run.stderr);
  assert.match((await tipline('feeds')).stdout, /RECORDS +EXPIRED[^\n]*\n[^\n]* 1 +1/);
  const [line] = (await tipline('feeds', '--json')).stdout.split('\n');
  assert.equal((JSON.parse(line ?? '') as Record<string, unknown>).expired, 1);
});
