import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { dayOf, isoOf, parseIso, readTime } from '../../../core/contract/told-time.ts';

const at = (text: string): number => Date.parse(text);

describe('readTime', () => {
  const cases: [unknown, ReturnType<typeof readTime>][] = [
    ['2026-11-24T06:00:00.000Z', at('2026-11-24T06:00:00Z')],
    ['2026-11-24T06:00:00Z', at('2026-11-24T06:00:00Z')],
    ['2026-11-24T06:00:00', at('2026-11-24T06:00:00Z')],
    ['2026-11-24 06:00:00', at('2026-11-24T06:00:00Z')],
    ['2020-12-08 13:36:27 UTC', at('2020-12-08T13:36:27Z')],
    ['2026-11-24T06:00:00.123456789+02:00', at('2026-11-24T04:00:00.123Z')],
    ['2026-11-24T06:00:00+0200', at('2026-11-24T04:00:00Z')],
    ['2026-11-24', at('2026-11-24T00:00:00Z')],
    [1764000000, 1764000000000],
    [1764000000123, 1764000000123],
    ['1764000000', 1764000000000],
    [undefined, 'absent'],
    ['', 'absent'],
    [0, 'absent'],
    ['1970-01-01T00:00:00Z', 'absent'],
    ['2026-02-30', 'invalid'],
    ['2026-13-01T00:00:00Z', 'invalid'],
    ['yesterday', 'invalid'],
    ['24/11/2026', 'invalid'],
    [{}, 'invalid'],
    [Number.NaN, 'invalid'],
    [1e15, at('9999-12-31T23:59:59.999Z')],
    ['9'.repeat(400), 'invalid'],
  ];
  for (const [told, expected] of cases) {
    it(`reads ${JSON.stringify(told)?.slice(0, 50)}`, () => assert.equal(readTime(told), expected));
  }
});

describe('times that tipline writes itself', () => {
  const moments = fc.date({
    min: new Date('1990-01-01T00:00:00Z'),
    max: new Date('9999-12-31T23:59:59Z'),
    noInvalidDate: true,
  });

  it('are written as toISOString writes them and read back', () => {
    fc.assert(
      fc.property(moments, (moment) => {
        assert.equal(isoOf(moment.getTime()), moment.toISOString());
        assert.equal(parseIso(moment.toISOString()), moment.getTime());
        assert.equal(dayOf(moment.getTime()), moment.toISOString().slice(0, 10));
      }),
      { numRuns: 2000 },
    );
  });

  it('are read in that one form alone', () => {
    for (const text of [
      '2026-02-30T00:00:00.000Z',
      '2026-11-24T24:00:00.000Z',
      '2026-11-24T06:60:00.000Z',
      '2026-11-24T06:00:00.0x0Z',
      '2026-11-24 06:00:00.000Z',
      '2026-11-24T06:00:00Z',
      '',
    ]) {
      assert.ok(Number.isNaN(parseIso(text)), text);
    }
  });
});
