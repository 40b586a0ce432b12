import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { indicatorId } from '../../../core/indicator/id.ts';

describe('indicator ids', () => {
  it('are the first 40 hex characters of sha256(type NUL value)', () => {
    // printf 'ip\000192.0.2.1' | sha256sum
    assert.equal(indicatorId({ type: 'ip', value: '192.0.2.1' }), 'f4a1adc05f3016e968456f916e6e4142e4001f8b');
    assert.match(indicatorId({ type: 'mutex', value: 'é' }), /^[0-9a-f]{40}$/);
  });

  it('tell types apart', () => {
    const value = 'd41d8cd98f00b204e9800998ecf8427e';
    assert.notEqual(indicatorId({ type: 'md5', value }), indicatorId({ type: 'imphash', value }));
  });
});
