import assert from 'node:assert/strict';
import { test } from 'node:test';
import { numberOf, stampOf, textOf, timeOf, truthOf } from '../../../../ingest/formats/misp/fields.ts';

test('times with and without zone, in micro-, milli- and whole seconds', () => {
  const at = '2020-02-18T00:00:00.000Z';
  for (const told of [
    '2020-02-18T01:00:00.000000+01:00',
    '2020-02-18T00:00:00+0000',
    '2020-02-18T00:00:00.123456Z'.replace('.123456', '.000000'),
    '2020-02-18T00:00:00',
    '2020-02-18 00:00:00',
    '2020-02-18',
    '1581984000000000',
    1_581_984_000_000_000,
    '1581984000000',
    '1581984000',
  ]) {
    assert.equal(timeOf(told), at, String(told));
  }
  for (const told of [
    null,
    '',
    '0',
    7,
    -5,
    'yesterday',
    '2020-13-45',
    '2020-02-30',
    '2021-02-29T00:00:00Z',
    '1970-01-01',
    '2020-02-18T25:00:00Z',
    '9'.repeat(20),
    {},
    true,
  ]) {
    assert.equal(timeOf(told), undefined, String(told));
  }
});

test('numbers and truth as text and as they are', () => {
  assert.deepEqual(['12', 12, ' 12 ', '1.5', '-3'].map(numberOf), [12, 12, 12, 1.5, -3]);
  assert.deepEqual(
    ['', '0x10', '1e3', null, Number.NaN, [], '1'.repeat(30)].map(numberOf),
    new Array(7).fill(undefined),
  );
  assert.deepEqual(
    ['1700000000', 1_700_000_000.9, -1, '99999999999999', null].map(stampOf),
    [1_700_000_000, 1_700_000_000, 0, 0, 0],
  );
  assert.deepEqual(
    [true, 1, '1', 'true'].map((each) => truthOf(each, false)),
    [true, true, true, true],
  );
  assert.deepEqual(
    [false, 0, '0', 'false'].map((each) => truthOf(each, true)),
    [false, false, false, false],
  );
  assert.deepEqual(
    [null, undefined, 'maybe', {}].map((each) => truthOf(each, true)),
    [true, true, true, true],
  );
  assert.equal(textOf(' abc ', 10), 'abc');
  assert.equal(textOf('abcdef', 3), 'abc');
  assert.equal(textOf(64_496, 10), '64496');
  assert.equal(textOf({}, 10), '');
});
