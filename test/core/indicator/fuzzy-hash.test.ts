import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { canonicalSsdeep, canonicalTlsh } from '../../../core/indicator/fuzzy-hash.ts';

describe('fuzzy hashes', () => {
  const ssdeep = '96:s4Ud1Lj96tHHlZDrwciQmA+4uy1I0G4HYuL8N3TzS8QsO/wqWXLcMSx:sF1LjEtHHlZDrJzrhuyZvHYm8tKp/RWO';

  it('keeps the case of ssdeep and drops the file name', () => {
    assert.equal(canonicalSsdeep(ssdeep), ssdeep);
    assert.equal(canonicalSsdeep(`${ssdeep},"C:\\evil, really.exe"`), ssdeep);
    assert.equal(canonicalSsdeep('3::'), '3::');
    assert.equal(canonicalSsdeep('03:a:b'), undefined);
    assert.equal(canonicalSsdeep('3:a'), undefined);
    assert.equal(canonicalSsdeep(`3:${'a'.repeat(65)}:b`), undefined);
    assert.equal(canonicalSsdeep('3:a b:c'), undefined);
  });

  it('writes TLSH in upper case with its version', () => {
    const digits = '0123456789abcdef'.repeat(5).slice(0, 70);
    assert.equal(canonicalTlsh(digits), `T1${digits.toUpperCase()}`);
    assert.equal(canonicalTlsh(`t1${digits}`), `T1${digits.toUpperCase()}`);
    assert.equal(canonicalTlsh(`T2${digits}`), undefined);
    assert.equal(canonicalTlsh(digits.slice(1)), undefined);
  });
});
