import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createRateBudget } from '../../../ingest/fetch/rate-budget.ts';

/** Time that passes only while somebody waits for it. */
function stillClock(): { now(): number; pause(ms: number): Promise<void>; at: number } {
  const clock = {
    at: 1_000_000,
    now: () => clock.at,
    pause: async (ms: number) => {
      clock.at += ms;
    },
  };
  return clock;
}

const { signal } = new AbortController();

test('no time as long as the rate sees more requests than it allows, and none waits longer than it must', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 200 }),
      fc.array(fc.integer({ min: 0, max: 100 }), { maxLength: 40 }),
      async (requests, per, gaps) => {
        const clock = stillClock();
        const admit = createRateBudget({ requests, per }, clock);
        const sent: number[] = [];
        for (const gap of gaps) {
          clock.at += gap;
          const asked = clock.at;
          await admit(signal);
          const before = sent.at(-requests);
          assert.equal(clock.at, Math.max(asked, before === undefined ? 0 : before + per));
          sent.push(clock.at);
        }
      },
    ),
  );
});

test('a wait that is too long for a reading is an error that says how long', async () => {
  const clock = stillClock();
  const admit = createRateBudget({ requests: 2, per: 3_600_000 }, clock);
  await admit(signal);
  clock.at += 1000;
  await admit(signal);
  await assert.rejects(admit(signal), { code: 'FEED_BUDGET', retryable: true, retryAfterMs: 3_599_000 });
  clock.at += 3_599_000 - 200_000;
  await admit(signal);
  assert.equal(clock.at, 1_000_000 + 3_600_000);
});

test('a clock that was set back lets requests through, and a stopped worker waits for nothing', async () => {
  const clock = stillClock();
  const admit = createRateBudget({ requests: 1, per: 1000 }, clock);
  await admit(signal);
  clock.at -= 500_000;
  const asked = clock.at;
  await admit(signal);
  assert.equal(clock.at, asked);
  await admit(AbortSignal.abort());
  assert.equal(clock.at, asked);
});
