import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeGrowth, glance, growthOf, isLinear, type Reads } from './growth.ts';
import { search } from './search.ts';
import { type Shape, seeded } from './shape.ts';
import { TARGETS } from './targets.ts';

/** The gate's share; `explore.ts` goes on for as long as wanted. Another seed looks elsewhere. */
const SECONDS = Number(process.env.TIPLINE_FUZZ_SECONDS ?? 12);
const SEED = Number(process.env.TIPLINE_FUZZ_SEED ?? 20_260_601);

async function costs(name: string, reads: Reads, shape: Shape, most: number, measured: boolean): Promise<void> {
  if (!measured && !(await glance(reads, shape, most)).suspicious) return;
  const growth = await growthOf(reads, shape, most);
  assert.ok(isLinear(growth), `${name} ${JSON.stringify(shape)}: ${describeGrowth(growth)}`);
}

describe('what feeds say costs CPU time by its length, and little of it', () => {
  for (const { name, reads, shapes, most } of TARGETS) {
    it(name, async () => {
      for (const [at, shape] of shapes.entries()) await costs(name, reads, shape, most, at === 0);
    });
  }

  it(`so do texts that nobody thought of (TIPLINE_FUZZ_SEED=${SEED})`, async () => {
    for await (const { target, shape, growth } of search(TARGETS, SEED, SECONDS))
      assert.fail(
        `${target.name} ${JSON.stringify(shape)}: ${describeGrowth(growth)}; keep the shape in test/faults/fuzz`,
      );
  });
});

describe('the measurement', () => {
  it('sees what grows by the square, what is steep, and what fails', async () => {
    const square = (input: Buffer): void => {
      for (let at = 0; at < input.length; at += 64) input.indexOf(0xff, at);
    };
    assert.ok(!isLinear(await growthOf(square, { open: 'a' }, 2 * 1024 ** 2)));
    const steep = (input: Buffer): void => {
      for (let at = 0; at < input.length; at += 1) input.indexOf(0xff, Math.max(0, input.length - 60_000));
    };
    assert.ok(!isLinear(await growthOf(steep, { open: 'a' }, 256 * 1024)));
    const line = (input: Buffer): void => {
      for (let at = 0; at < 4; at += 1) input.toString('utf8').split('a');
    };
    assert.ok(isLinear(await growthOf(line, { open: 'ba' }, 2 * 1024 ** 2)));
  });

  it('is the same for the same seed', () => {
    const numbers = (): number[] => {
      const random = seeded(7);
      return Array.from({ length: 20 }, () => random(1000));
    };
    assert.deepEqual(numbers(), numbers());
    assert.ok(new Set(numbers()).size > 10);
  });
});
