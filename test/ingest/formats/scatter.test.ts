import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createScatter } from '../../../ingest/formats/scatter.ts';

const line = fc.tuple(fc.constantFrom('a', 'b', 'c', '', '__proto__'), fc.string({ maxLength: 30_000 }));

describe('scatter', () => {
  it('gives all lines of a key in one share and in their order, in memory and in the file', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), fc.constantFrom(0, 1000, 10_000_000), (lines, maxMemory) => {
        const scatter = createScatter({ maxMemory });
        try {
          const model = new Map<string, string[]>();
          for (const [key, text] of lines) {
            const written = JSON.stringify([key, text]);
            scatter.add(key, written);
            model.set(key, [...(model.get(key) ?? []), written]);
          }
          const found = new Map<string, string[]>();
          for (const share of scatter.shares()) {
            const inShare = new Map<string, string[]>();
            const all = [...share];
            assert.deepEqual([...share], all, 'a share can be read twice');
            for (const each of all) {
              const key = String(JSON.parse(each)[0]);
              inShare.set(key, [...(inShare.get(key) ?? []), each]);
            }
            for (const [key, texts] of inShare) {
              assert.equal(found.has(key), false, 'no key in two shares');
              found.set(key, texts);
            }
          }
          const sorted = (map: Map<string, string[]>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
          assert.deepEqual(sorted(found), sorted(model));
        } finally {
          scatter.close();
        }
      }),
      { numRuns: 60 },
    );
  });

  it('spreads keys evenly, so that no share is large', () => {
    const scatter = createScatter({ maxMemory: 0 });
    for (let i = 0; i < 25_600; i += 1) scatter.add(`indicator--${i}`, 'x');
    let largest = 0;
    for (const share of scatter.shares()) largest = Math.max(largest, [...share].length);
    scatter.close();
    assert.ok(largest < 200, `${largest} of 25600 are in one of 256 shares`);
  });

  it('leaves nothing behind', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tipline-scatter-test-'));
    try {
      const scatter = createScatter({ maxMemory: 0, folder });
      scatter.add('a', 'x'.repeat(100_000));
      if (process.platform !== 'win32') assert.deepEqual(readdirSync(folder), []);
      scatter.close();
      scatter.close();
      assert.deepEqual(readdirSync(folder), []);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
