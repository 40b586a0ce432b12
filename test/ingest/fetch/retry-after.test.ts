import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askedWait, parseRetryAfter } from '../../../ingest/fetch/retry-after.ts';

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

test('the reset of a quota as epoch in seconds or milliseconds, and as a count of seconds', () => {
  const now = Date.UTC(2026, 10, 24, 12);
  const epoch = now / 1000;
  assert.equal(askedWait({ 'x-ratelimit-reset': String(epoch + 90) }, now), 90_000);
  assert.equal(askedWait({ 'x-rate-limit-reset': `${epoch + 90}.5` }, now), 90_500);
  assert.equal(askedWait({ 'x-ratelimit-reset': String(now + 1500) }, now), 1500);
  assert.equal(askedWait({ 'ratelimit-reset': '45' }, now), 45_000);
  assert.equal(askedWait({ 'x-ratelimit-reset': String(epoch - 90) }, now), 0);
  assert.equal(askedWait({ 'x-ratelimit-reset': String(epoch + 864_000) }, now), 86_400_000);
  assert.equal(askedWait({ 'retry-after': '7', 'x-ratelimit-reset': '45' }, now), 7000);
  assert.equal(askedWait({ 'retry-after': 'soon', 'x-ratelimit-reset': '45' }, now), 45_000);
  for (const nonsense of ['', '-5', 'tomorrow', '1e9', '2026-11-24']) {
    assert.equal(askedWait({ 'x-ratelimit-reset': nonsense }, now), undefined, nonsense);
  }
});
