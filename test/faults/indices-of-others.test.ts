import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { stringify } from 'yaml';
import { createClient } from '../../store/elasticsearch/client.ts';
import { createNames } from '../../store/elasticsearch/names.ts';
import { type Folder, openFolder } from '../e2e/folder.ts';
import { freshName, givenElasticsearch } from '../services/given.ts';
import { makeLogstashDay, pictureOf } from '../store/elasticsearch/logstash-days.ts';
import { removeAll, testConfig } from '../store/elasticsearch/opened.ts';

let folder: Folder;
const prefix = `${freshName('others')}-`;
const names = createNames(prefix);

before(async () => {
  folder = openFolder();
  mkdirSync(join(folder.path, 'in'));
  folder.write('in/list.txt', '203.0.113.9\n');
  folder.write(
    'tipline.yaml',
    stringify({
      store: { kind: 'elasticsearch', nodes: [await givenElasticsearch()], prefix, replicas: 0 },
      feeds: [{ name: 'list', type: 'directory', path: './in', confidence: 90 }],
      retention: { history: '90d' },
    }),
  );
});
after(async () => {
  const client = createClient(testConfig(await givenElasticsearch()));
  await removeAll(client, prefix);
  await client.close();
  folder.close();
});

it('the days of another pipeline stop a run by name; set up beside them it runs, and they are as they were', async () => {
  const client = createClient(testConfig(await givenElasticsearch()));
  const days = [200, 1, 0].map((ago) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10));
  for (const day of days) await makeLogstashDay(client, names.historyDay(day), day);
  const theirs = days.map((day) => names.historyDay(day));
  const pictures = () => Promise.all(theirs.map((index) => pictureOf(client, index)));
  const untouched = await pictures();

  const refused = /threat_intel-.* not made by tipline .* store\.prefix .* .tipline setup --beside/;
  const check = await folder.run(['check', '--no-feeds']);
  assert.equal(check.code, 1, check.stdout + check.stderr);
  assert.match(check.stdout, new RegExp(`FAILED +indices of others: .*${refused.source}`));
  for (const args of [['setup'], ['run', '--once', '--json']]) {
    const { code, stderr } = await folder.run(args);
    assert.equal(code, 1, stderr);
    assert.match(stderr, refused);
  }
  assert.deepEqual(await pictures(), untouched);

  const setup = await folder.run(['setup', '--beside']);
  assert.equal(setup.code, 0, setup.stderr);
  const run = await folder.run(['run', '--once', '--json']);
  assert.equal(run.code, 0, run.stderr);
  const checked = await folder.run(['check', '--no-feeds']);
  assert.match(checked.stdout, /ok +indices of others/);
  const found = await folder.run(['search', '203.0.113.9', '--json']);
  assert.match(found.stdout, /203\.0\.113\.9/);
  await client.indices.refresh({ index: names.allHistory });
  assert.equal((await client.count({ index: names.allHistory })).count, 1 + 3 * theirs.length);
  assert.deepEqual(await pictures(), untouched);
  await client.close();
});
