import assert from 'node:assert/strict';
import { it } from 'node:test';
import { runChaos } from './chaos/run.ts';
import { chaosTable } from './chaos/table.ts';

/** Longer, or another: TIPLINE_CHAOS_SECONDS=900 TIPLINE_CHAOS_SEED=7 npm run test:chaos */
const SECONDS = Number(process.env.TIPLINE_CHAOS_SECONDS ?? 120);
const SEED = Number(process.env.TIPLINE_CHAOS_SEED ?? 1);

it('random kills, stops and write blocks of every role and server leave all as if nothing had happened', {
  timeout: (SECONDS + 600) * 1000,
}, async () => {
  const result = await runChaos(SEED, SECONDS * 1000, (line) => console.log(line));
  console.log(chaosTable(result));
  assert.deepEqual(result.differences, []);
  assert.deepEqual(result.crashes, [], 'nothing ends by itself');
});
