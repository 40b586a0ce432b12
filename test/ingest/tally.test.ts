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
