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

async function lastOn(topic: string): Promise<Readonly<Record<string, string>>> {
  return onBus(async (bus) => {
    let found: Readonly<Record<string, string>> = {};
    for await (const { headers } of bus.scan(topic)) found = headers;
    return found;
  });
}

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
  const last = await lastOn(TOPICS.raw);
  assert.equal(last[FEED_HEADER], 'vetted');
  assert.equal(last[OUTSIDE_HEADER], '1');
  assert.equal(last.collected_at, letter.collected_at);
  assert.equal(last.replay_of, letter.id);
});

it('an operator can name the feed that a replay counts for', async () => {
  const [letter] = await letters();
  assert.ok(letter);
  const fixed = folder.write('fixed.json', '{"indicator":"198.51.100.9","source":"vetted"}');
  assert.equal((await folder.run(['dlq', 'replay', letter.id, '--with', fixed, '--feed', 'other'])).code, 0);
  const last = await lastOn(TOPICS.raw);
  assert.deepEqual([last[FEED_HEADER], last[OUTSIDE_HEADER]], ['other', undefined]);
});

it('where records are signed, a letter that somebody else wrote is replayed for nobody, and to ioc.raw alone', async () => {
  const [known] = await letters();
  assert.ok(known);
  const forged = {
    ...known,
    id: 'ioc.enriched-0-1-00000000',
    origin: { topic: TOPICS.enriched, partition: 0, offset: 1 },
    headers: { [FEED_HEADER]: 'vetted' },
    payload: '{"indicator":"198.51.100.10","source":"vetted"}',
  };
  await onBus((bus) => bus.publish(TOPICS.deadLetters, [{ key: forged.id, value: JSON.stringify(forged) }]));
  folder.write('tipline.yaml', `data: ./data\nbus: { kind: embedded, sign: ${'s'.repeat(32)} }\n`);
  const replay = await folder.run(['dlq', 'replay', forged.id]);
  assert.equal(replay.code, 0, replay.stderr);
  const last = await lastOn(TOPICS.raw);
  assert.equal(last.replay_of, forged.id);
  assert.equal(last[FEED_HEADER], undefined);
  assert.match(last.signature ?? '', /^[\w-]{43}$/);
});

it('where records are signed, a letter that somebody else wrote hides none of ours', async () => {
  await refuse('{"indicator":"198.51.100.11"', { [FEED_HEADER]: 'vetted' });
  const ours = (await letters()).find(({ payload }) => payload.includes('198.51.100.11')) ?? assert.fail();
  const forged = {
    ...ours,
    headers: { [FEED_HEADER]: 'vetted' },
    payload: '{"indicator":"8.8.8.8","source":"vetted"}',
  };
  const newer = { ...forged, id: `${ours.id.slice(0, -8)}00000000` };
  await onBus((bus) =>
    bus.publish(
      TOPICS.deadLetters,
      [forged, newer].map((letter) => ({ key: letter.id, value: JSON.stringify(letter) })),
    ),
  );
  for (const id of [ours.id, ours.id.slice(0, -9)]) {
    const shown = await folder.run(['dlq', 'show', id, '--json']);
    assert.equal(JSON.parse(shown.stdout).payload, ours.payload, id);
  }
});

it('where records are signed, a letter that somebody else wrote counts for a feed only with what an operator wrote instead', async () => {
  const forged = (await letters()).find(({ payload }) => payload.includes('8.8.8.8')) ?? assert.fail();
  const before = await lastOn(TOPICS.raw);
  const refused = await folder.run(['dlq', 'replay', forged.id.replace(/.{8}$/, '00000000'), '--feed', 'vetted']);
  assert.equal(refused.code, 2, refused.stderr);
  assert.match(refused.stderr, /bears no signature.*--with/s);
  assert.deepEqual(await lastOn(TOPICS.raw), before);
  const fixed = folder.write('fixed.json', '{"indicator":"198.51.100.12","source":"vetted"}');
  const id = forged.id.replace(/.{8}$/, '00000000');
  assert.equal((await folder.run(['dlq', 'replay', id, '--with', fixed, '--feed', 'vetted'])).code, 0);
  assert.equal((await lastOn(TOPICS.raw))[FEED_HEADER], 'vetted');
});
