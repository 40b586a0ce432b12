import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createSweep } from '../../enrich/sweep.ts';
import type { Expiring } from '../../store/port.ts';
import { openLab } from './embedded-lab.ts';

it('asks again at once when another claim of the same indicator lapses, and once only for each lapse', async () => {
  const lab = await openLab();
  let lapsed: Expiring[] = [{ id: 'a'.repeat(40), recheckAt: 1_000 }];
  const store = { ...lab.store.indicators, findExpiring: async () => lapsed };
  const sweep = createSweep({ store, bus: lab.bus, cursors: lab.store.cursors, owner: 'test', leaseMs: 60_000 });
  assert.equal(await sweep(2_000), 1);
  assert.equal(await sweep(3_000), 0, 'on its way');
  lapsed = [{ id: 'a'.repeat(40), recheckAt: 3_500 }];
  assert.equal(await sweep(4_000), 1, 'the second lapse');
  assert.equal(await sweep(5_000), 0);
  assert.equal(await sweep(4_000 + 300_001), 1, 'lost on its way, perhaps');
  await lab.close();
});
