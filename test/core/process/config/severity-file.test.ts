import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { INDICATOR_TYPES } from '../../../../core/indicator/type.ts';
import { readSeverityFile } from '../../../../core/process/config/severity-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'tipline-severity-'));
after(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'severity.yaml');

describe('readSeverityFile', () => {
  it('reads the shipped rules, which know every type', () => {
    const rules = readSeverityFile('rules/severity.yaml');
    assert.deepEqual(Object.keys(rules.types).toSorted(), INDICATOR_TYPES.toSorted());
    assert.ok(Object.keys(rules.words).length > 20);
    assert.equal(rules.words.benign, 0);
    assert.ok(Object.keys(rules.words).every((word) => word === word.toLowerCase()));
  });

  it('needs no more than it uses', () => {
    writeFileSync(path, 'types: {}\nwords: {}\n');
    assert.deepEqual(readSeverityFile(path), { types: {}, any_malware: 0, words: {} });
  });

  it('says in which line what is wrong', () => {
    writeFileSync(path, 'types:\n  ip: 50\n  ipv4: 50\n  url: 101\nwords:\n  apt: high\nmalware: 5\n');
    assert.throws(
      () => readSeverityFile(path),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, 'CONFIG_INVALID');
        const lines = error.message.replaceAll(`${path}:`, '').split('\n');
        assert.deepEqual(lines.map((line) => line.replace(/; the keys here are .*/, '')).toSorted(), [
          '3: types.ipv4: there is no such key',
          '4: types.url: must be at most 100',
          '6: words.apt: must be a number',
          '7: malware: there is no such key',
        ]);
        return true;
      },
    );
    assert.throws(() => readSeverityFile(join(folder, 'none.yaml')), { code: 'CONFIG_UNREADABLE' });
  });
});
