import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { openEmbeddedBus } from '../../bus/embedded/bus.ts';
import type { Bus } from '../../bus/port.ts';
import type { DeadLetter } from '../../core/contract/dead-letter.ts';
import { FEED_HEADER, OUTSIDE_HEADER } from '../../core/contract/raw-indicator.ts';
import { TOPIC_RETENTION, TOPICS } from '../../core/contract/topics.ts';
import { createHealth } from '../../core/process/health.ts';
import { silentLog } from '../../core/process/log.ts';
import { type Folder, openFolder } from './folder.ts';

let folder: Folder;
before(() => {
  folder = openFolder();
  folder.write('tipline.yaml', 'data: ./data\n');
});
after(() => folder.close());

async function onBus<T>(work: (bus: Bus) => Promise<T>): Promise<T> {
  const data = join(folder.path, 'data');
  const bus = openEmbeddedBus({ data, log: silentLog, health: createHealth(), retention: { ...TOPIC_RETENTION } });
  try {
    return await work(bus);
  } finally {
    await bus.close();
  }
}

async function refuse(text: string, headers: Record<string, string>): Promise<void> {
  await onBus((bus) => bus.publish(TOPICS.raw, [{ key: 'k', value: text, headers }]));
  const run = await folder.run(['run', 'enrich', 'audit', '--once', '--json']);
  assert.equal(run.code, 0, run.stderr);
}

async function letters(): Promise<DeadLetter[]> {
  const { stdout } = await folder.run(['dlq', 'list', '--json']);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as DeadLetter);
}

it('a replayed dead letter speaks for the feed that took it', async () => {
  await folder.run(['setup']);
  await refuse('{"indicator":"198.51.100.9"', { [FEED_HEADER]: 'vetted', [OUTSIDE_HEADER]: '1' });
  const [letter] = await letters();
  assert.ok(letter);
  const fixed = folder.write('fixed.json', '{"indicator":"198.51.100.9","source":"vetted"}');
  const origin = letter.id.replace(/-[0-9a-f]{8}$/, '');
  const replay = await folder.run(['dlq', 'replay', origin, '--with', fixed]);
  assert.equal(replay.code, 0, replay.stderr);
  const last = await onBus(async (bus) => {
    let found: Readonly<Record<string, string>> = {};
    for await (const { headers } of bus.scan(TOPICS.raw)) found = headers;
    return found;
  });
  assert.equal(last[FEED_HEADER], 'vetted');
  assert.equal(last[OUTSIDE_HEADER], '1');
  assert.equal(last.collected_at, letter.collected_at);
  assert.equal(last.replay_of, letter.id);
});
