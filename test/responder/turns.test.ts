import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createTurns, patiently } from '../../responder/turns.ts';

it('does one thing at a time, in order, also after a failure', async () => {
  const turns = createTurns();
  const seen: string[] = [];
  const work =
    (name: string, fails = false) =>
    async () => {
      seen.push(`${name} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      seen.push(`${name} ends`);
      if (fails) throw new Error(name);
      return name;
    };
  const results = await Promise.allSettled([turns(work('a')), turns(work('b', true)), turns(work('c'))]);
  assert.deepEqual(seen, ['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
});

it('keeps its place in the group while it waits, and hands failures on', async () => {
  let beats = 0;
  const { promise, resolve } = Promise.withResolvers<string>();
  const patience = {
    signal: new AbortController().signal,
    heartbeat: async () => {
      beats += 1;
      if (beats === 2) resolve('done');
    },
  };
  assert.equal(await patiently(patience, promise), 'done');
  assert.equal(beats, 2);
  await assert.rejects(patiently(patience, Promise.reject(new Error('no'))), /no/);
});
