import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createBackoff, pause } from '../../../core/process/backoff.ts';

describe('createBackoff', () => {
  it('doubles from the first wait to the longest, and begins anew after a reset', () => {
    const backoff = createBackoff({ first: 100, most: 1000 }, () => 1);
    assert.deepEqual(
      Array.from({ length: 6 }, () => backoff.next()),
      [100, 200, 400, 800, 1000, 1000],
    );
    backoff.reset();
    assert.equal(backoff.next(), 100);
  });

  it('spreads each wait over its upper half', () => {
    const draws = fc.array(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), {
      minLength: 1,
      maxLength: 60,
    });
    fc.assert(
      fc.property(draws, (values) => {
        let at = 0;
        const backoff = createBackoff({ first: 200, most: 5000 }, () => values[at] ?? 0);
        for (at = 0; at < values.length; at += 1) {
          const ceiling = Math.min(5000, 200 * 2 ** at);
          const wait = backoff.next();
          assert.ok(wait >= ceiling / 2 && wait < ceiling + 1e-9, `${wait} of ${ceiling}`);
        }
      }),
    );
  });

  it('still waits after an outage of days', () => {
    const backoff = createBackoff({ first: 200, most: 5000 }, () => 0);
    for (let attempt = 0; attempt < 5000; attempt += 1) backoff.next();
    assert.equal(backoff.next(), 2500);
  });
});

describe('pause', () => {
  it('ends at once when it is told to, and then needs no try', async () => {
    const end = new AbortController();
    const started = performance.now();
    setImmediate(() => end.abort());
    await pause(60_000, end.signal);
    await pause(60_000, end.signal);
    assert.ok(performance.now() - started < 5000);
  });

  it('lets others run even if it is to take no time', async () => {
    let ran = false;
    setImmediate(() => {
      ran = true;
    });
    const { signal } = new AbortController();
    for (let turn = 0; turn < 5; turn += 1) await pause(0, signal);
    assert.ok(ran);
  });

  it('waits 60 days longer than 20 ms, although a timer of Node holds 24 days', async () => {
    const end = new AbortController();
    const first = await Promise.race([60 * 86_400_000, 20].map((ms) => pause(ms, end.signal).then(() => ms)));
    end.abort();
    assert.equal(first, 20);
  });
});
