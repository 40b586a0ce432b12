import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { canonicalHash, hashTypeOf, isPlainHash } from '../../../core/indicator/hash.ts';

const types = ['md5', 'sha1', 'sha256', 'sha512'] as const;

describe('hashes', () => {
  for (const type of types) {
    const digest = createHash(type).update('a').digest('hex');
    it(`${type} has its length and lower case`, () => {
      assert.equal(canonicalHash(digest.toUpperCase(), type), digest);
      assert.equal(canonicalHash(`evil.exe|${digest}`, type), digest);
      assert.equal(canonicalHash(`a|b.exe| ${digest}`, type), digest);
      assert.equal(canonicalHash(digest.slice(1), type), undefined);
      assert.equal(canonicalHash(`${digest}0`, type), undefined);
      assert.equal(canonicalHash(`g${digest.slice(1)}`, type), undefined);
      assert.equal(canonicalHash(`${digest.slice(1)}é`, type), undefined);
      assert.equal(hashTypeOf(digest.toUpperCase()), type);
      assert.ok(isPlainHash(digest, type));
      assert.ok(!isPlainHash(digest.toUpperCase(), type));
    });
  }

  it('takes an imphash for what it is called', () => {
    const digest = createHash('md5').update('a').digest('hex');
    assert.equal(canonicalHash(digest, 'imphash'), digest);
    assert.equal(hashTypeOf(digest), 'md5');
  });

  it('knows no other lengths', () => {
    for (const type of ['sha224', 'sha384']) {
      assert.equal(hashTypeOf(createHash(type).update('a').digest('hex')), undefined);
    }
  });
});
