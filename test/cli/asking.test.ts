import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { openFolder } from '../e2e/folder.ts';

describe('commands that only ask', () => {
  const folder = openFolder();
  after(() => folder.close());

  it('make nothing where nothing has run, and say so', async () => {
    folder.write('tipline.yaml', 'data: ./data\nresponder: { name: fw1 }\n');
    const before = readdirSync(folder.path);
    const status = await folder.run(['status']);
    assert.equal(status.code, 0, status.stderr);
    assert.match(status.stdout, /Nothing has run with these yet/);
    for (const [args, code] of [
      [['search', '45.1.2.3'], 1],
      [['dlq', 'show', 'ioc.raw-0-1'], 1],
      [['blocks'], 1],
      [['check'], 0],
    ] as const) {
      const asked = await folder.run(args);
      assert.equal(asked.code, code, `${args.join(' ')}: ${asked.stderr}`);
    }
    assert.deepEqual(readdirSync(folder.path), before);
  });

  it('name the configuration and the store that they asked', async () => {
    const file = folder.write('other.yaml', 'data: ./elsewhere\nhttp: { listen: off }\n');
    assert.equal((await folder.run(['run', '--once', '--config', 'other.yaml'])).code, 0);
    const { stdout } = await folder.run(['status', '--config', 'other.yaml']);
    const database = join(folder.path, 'elsewhere', 'tipline.db');
    assert.ok(
      stdout.startsWith(`configuration: ${file}\nbus: embedded ${database}\nstore: embedded ${database}\n`),
      stdout,
    );
    assert.doesNotMatch(stdout, /Nothing has run/);
    const { asked } = JSON.parse((await folder.run(['status', '--json', '--config', 'other.yaml'])).stdout);
    assert.deepEqual([asked.configuration, asked.data, asked.example], [file, join(folder.path, 'elsewhere'), false]);
  });

  it('say that the shipped example stands in for a configuration that is not there', async () => {
    const empty = openFolder();
    const { stdout } = await empty.run(['status']);
    empty.close();
    assert.match(stdout, /^configuration: none, so the shipped example$/m);
  });
});
