import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { REAL_CLOCK } from '../../ingest/clock.ts';
import { firstPollAt, grantOf, nextPollAt, republishAfter, waitUntil } from '../../ingest/schedule.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const ended = fc.record({
  every: fc.integer({ min: 1000, max: 30 * DAY }),
  local: fc.boolean(),
  startedAt: fc.integer({ min: 0, max: 1e12 }),
  took: fc.integer({ min: 0, max: 2 * DAY }),
  failures: fc.nat(20),
  retryAfterMs: fc.option(fc.integer({ min: 0, max: DAY }), { nil: undefined }),
  notBefore: fc.constant(0),
});
const random = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });

test('the next poll: never sooner than asked for, never later than every after a failure', () => {
  fc.assert(
    fc.property(ended, random, ({ took, ...rest }, chance) => {
      const now = rest.startedAt + took;
      const at = nextPollAt({ ...rest, now }, () => chance);
      const { every, failures, retryAfterMs, startedAt, local } = rest;
      assert.ok(at >= now);
      if (retryAfterMs !== undefined) {
        assert.ok(at >= now + retryAfterMs);
        return;
      }
      if (failures > 0) assert.ok(at >= now + every / 10 && at <= now + every);
      else if (local) assert.equal(at, Math.max(startedAt + every, now));
      else
        assert.ok(
          at >= Math.max(startedAt + 0.9 * every, now + every / 10) &&
            at <= Math.max(startedAt + 1.1 * every, now + every / 10),
        );
    }),
  );
});

test('failures back off, and a quota is waited for', () => {
  const base = { every: HOUR, local: false, startedAt: 0, now: 0, retryAfterMs: undefined, notBefore: 0 };
  const waits = [1, 2, 3, 4, 5].map((failures) => nextPollAt({ ...base, failures }, () => 0) / HOUR);
  assert.deepEqual(waits, [0.1, 0.2, 0.4, 0.8, 1]);
  assert.equal(nextPollAt({ ...base, failures: 0, notBefore: 5 * HOUR }), 5 * HOUR);
});

test('the first poll: at once, unless it was read well lately with the same settings', () => {
  const base = { every: HOUR, local: false, now: DAY, lastOk: 0, notBefore: 0, changed: false };
  assert.ok(firstPollAt(base) - DAY <= 2000);
  assert.equal(firstPollAt({ ...base, lastOk: DAY - 1000 }), DAY - 1000 + HOUR);
  assert.ok(firstPollAt({ ...base, lastOk: DAY - 1000, changed: true }) - DAY <= 2000);
  assert.ok(firstPollAt({ ...base, lastOk: DAY - 2 * HOUR }) - DAY <= 2000);
  assert.equal(
    firstPollAt({ ...base, notBefore: DAY + 7 }, () => 0),
    DAY + 7,
  );
  assert.equal(firstPollAt({ ...base, local: true, lastOk: DAY - 1 }), DAY);
  // a clock that was wrong must not silence a feed
  assert.ok(firstPollAt({ ...base, lastOk: 9e12 }) - DAY <= 2000);
});

test('what a list grants, and when it is published again although nothing changed', () => {
  assert.equal(grantOf(HOUR), DAY);
  assert.equal(grantOf(12 * HOUR), 36 * HOUR);
  assert.equal(republishAfter(14 * DAY, DAY, HOUR), 6 * HOUR);
  // blocks of a week: the day that the list granted is the shorter one
  assert.equal(republishAfter(14 * DAY, 7 * DAY, HOUR), 6 * HOUR);
  assert.equal(republishAfter(2 * HOUR, 7 * DAY, HOUR), HOUR / 2);
});

test('waiting for more than 24 days does not end at once', async () => {
  const controller = new AbortController();
  let ended = false;
  const waited = waitUntil(Date.now() + 40 * DAY, controller.signal, REAL_CLOCK).then(() => {
    ended = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(ended, false);
  controller.abort();
  await waited;
});
