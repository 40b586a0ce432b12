import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createSpill } from '../../../ingest/formats/spill.ts';

type Step = readonly ['set' | 'add', string, string] | readonly ['delete', string];

const key = fc.oneof(fc.constantFrom('a', 'b', 'c', '__proto__', ''), fc.string({ unit: 'binary', maxLength: 4 }));
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.tuple(
      fc.constantFrom('set' as const, 'add' as const),
      key,
      fc.string({ unit: 'binary', maxLength: 300 }),
    ),
  },
  { weight: 1, arbitrary: fc.tuple(fc.constant('delete' as const), key) },
);

describe('spill', () => {
  it('is a Map of texts, in memory, in the file, and when it moves from one to the other', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.constantFrom(0, 500, 1_000_000), (steps, maxMemory) => {
        const model = new Map<string, string>();
        const spill = createSpill({ maxMemory });
        try {
          for (const [what, name, value] of steps) {
            if (what === 'add') {
              assert.equal(spill.add(name, value), !model.has(name));
              if (!model.has(name)) model.set(name, value);
            } else if (what === 'set') {
              model.set(name, value);
              spill.set(name, value);
            } else {
              model.delete(name);
              spill.delete(name);
            }
            assert.equal(spill.get(name), model.get(name));
            assert.equal(spill.has(name), model.has(name));
            assert.equal(spill.size, model.size);
          }
          assert.deepEqual([...spill.entries()], [...model]);
        } finally {
          spill.close();
        }
      }),
      { numRuns: 100 },
    );
  });

  it('keeps its file without a name and leaves nothing behind', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tipline-spill-test-'));
    try {
      const spill = createSpill({ maxMemory: 1000, folder });
      for (let i = 0; i < 100; i += 1) spill.set(`key ${i}`, 'x'.repeat(1000));
      if (process.platform !== 'win32') assert.deepEqual(readdirSync(folder), []);
      assert.equal(spill.get('key 99')?.length, 1000);
      spill.close();
      spill.close();
      assert.deepEqual(readdirSync(folder), []);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('lets keys be deleted while it is read, on both sides', () => {
    for (const maxMemory of [0, 1_000_000]) {
      const spill = createSpill({ maxMemory });
      for (const name of ['a', 'b', 'c', 'd']) spill.set(name, name);
      const seen: string[] = [];
      for (const [name] of spill.entries()) {
        seen.push(name);
        spill.delete(name);
        if (name === 'b') spill.delete('c');
      }
      assert.deepEqual(seen, ['a', 'b', 'd']);
      assert.equal(spill.size, 0);
      spill.close();
    }
  });

  it('keeps a lone surrogate as U+FFFD on both sides', () => {
    for (const maxMemory of [0, 1_000_000]) {
      const spill = createSpill({ maxMemory });
      spill.set('\ud800', 'x\udc00');
      assert.deepEqual([...spill.entries()], [['\ufffd', 'x\ufffd']]);
      assert.equal(spill.get('\ud800'), 'x\ufffd');
      spill.close();
    }
  });

  it('names the folder that it cannot use', () => {
    const spill = createSpill({ maxMemory: 0, folder: '/nowhere/at/all' });
    assert.throws(() => spill.set('a', 'b'), /\/nowhere\/at\/all.*TMPDIR/);
  });
});
