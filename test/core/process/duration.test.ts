import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatDuration, parseDuration } from '../../../core/process/duration.ts';

describe('parseDuration', () => {
  for (const [text, ms] of [
    ['250ms', 250],
    ['90s', 90_000],
    ['15m', 900_000],
    ['1.5h', 5_400_000],
    [' 6 h ', 21_600_000],
    ['30d', 2_592_000_000],
    ['2w', 1_209_600_000],
    ['0s', 0],
  ] as const) {
    it(`reads ${text}`, () => assert.equal(parseDuration(text), ms));
  }

  for (const text of [
    '',
    '5',
    'h',
    '-5m',
    '+5m',
    '1e3s',
    '1h30m',
    '5 minutes',
    '5M',
    '1.2345s',
    '1,5h',
    '9999999d',
    '0x5s',
    '٥m',
    'Infinitys',
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.equal(parseDuration(text), undefined));
  }
});

describe('formatDuration', () => {
  for (const [ms, text] of [
    [86_400_000, '24h'],
    [172_800_000, '2d'],
    [90_000, '90s'],
    [60_000, '1m'],
    [1500, '1500ms'],
    [0, '0ms'],
  ] as const) {
    it(`writes ${ms} ms as ${text}`, () => assert.equal(formatDuration(ms), text));
  }

  it('writes what parseDuration reads', () => {
    const units = fc.constantFrom(1, 1000, 60_000, 3_600_000, 86_400_000);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999 }), units, (count, unit) => {
        assert.equal(parseDuration(formatDuration(count * unit)), count * unit);
      }),
    );
  });
});
