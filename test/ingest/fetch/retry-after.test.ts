import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRetryAfter } from '../../../ingest/fetch/retry-after.ts';

test('seconds, the three forms of an HTTP date, and nonsense', () => {
  const now = Date.UTC(1994, 10, 6, 8, 49, 0);
  assert.equal(parseRetryAfter('120', now), 120_000);
  assert.equal(parseRetryAfter(' 0 ', now), 0);
  assert.equal(parseRetryAfter('99999999', now), 86_400_000);
  assert.equal(parseRetryAfter('Sun, 06 Nov 1994 08:49:37 GMT', now), 37_000);
  assert.equal(parseRetryAfter('Sunday, 06-Nov-94 08:49:37 GMT', now), 37_000);
  assert.equal(parseRetryAfter('Sun Nov  6 08:49:37 1994', now), 37_000);
  assert.equal(parseRetryAfter('Sun, 06 Nov 1993 08:49:37 GMT', now), 0);
  for (const nonsense of [undefined, '', '-5', '1.5', 'soon', '2026-11-24', 'GMT']) {
    assert.equal(parseRetryAfter(nonsense, now), undefined, nonsense);
  }
});
