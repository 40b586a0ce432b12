import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTally } from '../../ingest/tally.ts';

test('the row that is told of is the one that stands first, in whatever order they come', () => {
  const tally = createTally();
  tally.skip(3, 'late');
  tally.skip(1, 'early');
  tally.skip(1, 'early, again');
  tally.skip(2, 'between');
  const { skipped, firstSkipped } = tally.take();
  assert.deepEqual([skipped, firstSkipped], [4, 'line 1: early']);
  tally.skip(9, 'of the next reading');
  assert.equal(tally.take().firstSkipped, 'line 9: of the next reading');
  assert.equal(tally.take().firstSkipped, undefined);
});

test('losses are counted by what was wrong, and those of the size cap are not rows that were skipped', () => {
  const tally = createTally();
  tally.skip(1, 'a reason');
  tally.skip(2, 'a reason', 'malformed');
  tally.skip(3, 'a reason', 'too_large');
  tally.tooLong(4);
  const { skipped, tooLong, refused } = tally.take();
  assert.deepEqual([skipped, tooLong], [3, 4]);
  assert.deepEqual(refused, { malformed: 1, no_indicator: 0, unusable: 1, too_large: 5 });
  assert.deepEqual(tally.take().refused, { malformed: 0, no_indicator: 0, unusable: 0, too_large: 0 });
});
