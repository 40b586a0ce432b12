import assert from 'node:assert/strict';
import { it } from 'node:test';
import { until } from './wait.ts';

it('returns the first truthy value', async () => {
  let looks = 0;
  assert.equal(await until(() => (++looks < 3 ? undefined : looks), { what: 'the third look', every: 1 }), 3);
});

it('takes a throw for not yet', async () => {
  let looks = 0;
  const value = await until(
    async () => {
      looks += 1;
      assert.ok(looks > 2);
      return 'there';
    },
    { what: 'the third look', every: 1 },
  );
  assert.equal(value, 'there');
});

it('says what it waited for, how long, and what it saw last', async () => {
  await assert.rejects(
    until(() => 0, { what: 'rain', timeout: 5, every: 1 }),
    /waiting for rain after 5 ms.*gave 0/,
  );
  const cause = new Error('still dry');
  const failing = until(() => Promise.reject(cause), { what: 'rain', timeout: 5, every: 1 });
  await assert.rejects(failing, (error: Error) => error.cause === cause && error.message.includes('still dry'));
});
