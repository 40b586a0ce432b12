import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createGate } from '../../../store/elasticsearch/gate.ts';

describe('gate', () => {
  it('never lets more through than its limit, and everybody in the end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { minLength: 1, maxLength: 60 }), async (refusals) => {
        const gate = createGate(4);
        let inside = 0;
        let served = 0;
        await Promise.all(
          refusals.map(async (refused) => {
            await gate.enter();
            inside += 1;
            assert.ok(inside <= 4);
            await Promise.resolve();
            inside -= 1;
            served += 1;
            gate.leave(refused ? 'busy' : 'calm');
          }),
        );
        assert.equal(served, refusals.length);
        assert.ok(gate.limit >= 1 && gate.limit <= 4);
      }),
    );
  });

  it('halves at each refusal and climbs back by one', async () => {
    const gate = createGate(4);
    const pass = async (outcome: 'calm' | 'busy', times = 1): Promise<void> => {
      for (let turn = 0; turn < times; turn += 1) {
        await gate.enter();
        gate.leave(outcome);
      }
    };
    await pass('busy');
    assert.equal(gate.limit, 2);
    await pass('busy', 3);
    assert.equal(gate.limit, 1);
    await pass('calm', 8);
    assert.equal(gate.limit, 2);
    await pass('calm', 16 + 24);
    assert.equal(gate.limit, 4);
  });
});
