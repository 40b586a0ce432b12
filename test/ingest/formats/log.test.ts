import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createLog } from '../../../ingest/formats/log.ts';

describe('log', () => {
  it('gives all values in their order, in memory and in the file', () => {
    const value = fc.record({ key: fc.string({ unit: 'binary' }), filling: fc.nat({ max: 90_000 }) });
    fc.assert(
      fc.property(fc.array(value, { maxLength: 12 }), (values) => {
        const log = createLog<{ key: string; text: string }>();
        try {
          const told = values.map(({ key, filling }) => ({ key, text: 'é,'.repeat(filling / 2) }));
          for (const each of told) log.add(each);
          assert.deepEqual([...log.values()], told);
          assert.deepEqual([...log.values()], told, 'a second time');
          assert.equal(log.count, told.length);
        } finally {
          log.close();
        }
      }),
      { numRuns: 60 },
    );
  });

  it('makes a file of what is more than a chunk, and leaves nothing of it behind', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tipline-log-test-'));
    try {
      const log = createLog<string>(folder);
      for (let n = 0; n < 100; n += 1) log.add(`${n} ${'x'.repeat(10_000)}`);
      if (process.platform !== 'win32') assert.deepEqual(readdirSync(folder), []);
      assert.deepEqual(
        [...log.values()].map((text) => Number(text.split(' ', 1)[0])),
        Array.from({ length: 100 }, (_, n) => n),
      );
      log.close();
      log.close();
      assert.deepEqual(readdirSync(folder), []);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('names the folder that it cannot use', () => {
    const log = createLog<string>('/nowhere/at/all');
    assert.throws(() => {
      for (let n = 0; n < 3; n += 1) log.add('x'.repeat(60_000));
    }, /\/nowhere\/at\/all.*TMPDIR/);
  });
});
