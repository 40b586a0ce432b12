import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Summary } from '../../cli/run/summary.ts';
import { type Ended, type Folder, openFolder } from './folder.ts';

/** What feeds have told of, and what the shipped lists know. */
const HARMLESS = ['1.1.1.1', '8.8.4.4', 'google.com', 'https://www.google.com/', hash('sha256', ''), '104.16.0.0/13'];
/** What is bad although a list is near. */
const BAD = ['https://drive.google.com/uc?id=7', 'evil.github.io', '104.0.0.0/12', '45.154.244.193'];

describe('harmless values, with nothing configured', () => {
  let folder: Folder;
  before(() => {
    folder = openFolder();
    const told = [...HARMLESS, ...BAD].map((indicator) =>
      JSON.stringify({ indicator, confidence: 99, severity: 99, tags: ['malicious'] }),
    );
    folder.write('told.jsonl', told.join('\n'));
    configure('');
  });
  after(() => folder.close());

  function configure(enrich: string): void {
    folder.write(
      'tipline.yaml',
      `data: ./data\nfeeds: [{ name: told, type: file, path: ./told.jsonl }]\n${enrich}alerting: { email: { from: a@localhost, to: [b@localhost] } }\nhttp: { listen: "off" }\n`,
    );
  }

  const summaryOf = ({ code, stdout, stderr }: Ended): Summary => {
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as Summary;
  };

  it('are indexed, and neither mailed nor blocked', async () => {
    const { current, alerts, blocks, dlq } = summaryOf(await folder.run(['run', '--once', '--json']));
    assert.deepEqual({ current, alerts, dlq }, { current: HARMLESS.length + BAD.length, alerts: BAD.length, dlq: 0 });
    assert.equal(blocks.planned + blocks.refused, 2, 'the address and the network that are bad');
    const found = await folder.run(['search', 'google.com', '--json']);
    assert.match(found.stdout, /"threat_score":99,"status":"active".*"benign":"Popular domains"/);
    const why = await folder.run(['explain', '8.8.4.4']);
    assert.match(why.stdout, /^benign +the warning list Public DNS resolvers knows it as harmless$/m);
    assert.match(why.stdout, /^alert +not alerted: the warning list Public DNS resolvers /m);
    assert.match(why.stdout, /^block +not blocked: .*Public DNS resolvers/m);
  });

  it('are alerted when the operator takes a list away, and spared again with a list of his own', async () => {
    configure('enrich: { warning_lists: { except_lists: [popular-domains], except: [8.8.4.4] } }\n');
    const { alerts } = summaryOf(await folder.run(['run', '--once', '--json']));
    assert.equal(alerts, 3, 'google.com, its front page and 8.8.4.4');
    mkdirSync(join(folder.path, 'lists'));
    folder.write('lists/broken.json', '{ "type": "cidr", "list": [');
    folder.write(
      'lists/ours.json',
      JSON.stringify({ name: 'Ours', type: 'cidr', list: ['45.154.0.0/16', 'nonsense'] }),
    );
    configure('enrich: { warning_lists: ./lists }\n');
    const check = await folder.run(['check', '--no-feeds']);
    assert.match(
      check.stdout,
      /^FAILED +warning lists: .*broken\.json: not JSON.*ours\.json: entry "nonsense": is neither/m,
    );
    summaryOf(await folder.run(['run', '--once', '--json']));
    const ours = await folder.run(['explain', '45.154.244.193']);
    assert.match(ours.stdout, /^benign +the warning list Ours knows/m);
    assert.match(ours.stdout, /^alert .*no longer alertable/m);
    assert.match((await folder.run(['explain', 'google.com'])).stdout, /^benign +the warning list Popular domains/m);
  });
});
