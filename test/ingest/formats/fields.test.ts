import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { contextOf, numberIn, percentIn, textIn, timeIn, truthIn, wordsIn } from '../../../ingest/formats/fields.ts';

describe('fields of a foreign object', () => {
  it('takes the first name that says something, and no word for nothing', () => {
    const fields = { a: null, b: ' None ', c: '', d: 'n/a', e: 0, f: 'value' };
    assert.equal(textIn(fields, 'a', 'b', 'c', 'd', 'f'), 'value');
    assert.equal(textIn(fields, 'e'), '0');
    assert.equal(textIn(fields, 'a', 'b', 'c', 'd', 'missing'), undefined);
    assert.equal(textIn({ a: { b: 1 } }, 'a'), undefined);
  });

  it('reads nothing that the object has not itself', () => {
    assert.equal(textIn({}, 'constructor'), undefined);
    assert.equal(textIn(JSON.parse('{"__proto__":{"a":"b"}}'), 'a'), undefined);
  });

  it('reads lists as lists and as text, and numbers and truth as they come', () => {
    assert.deepEqual(wordsIn({ tags: ['a', null, 'none', 5, ['x']] }, 'tags'), ['a', '5']);
    assert.deepEqual(wordsIn({ tags: 'a, b,,None' }, 'tags'), ['a', 'b']);
    assert.deepEqual(wordsIn({ tags: null, more: 'c' }, 'tags', 'more'), ['c']);
    assert.equal(numberIn({ n: ' 12.5 ' }, 'n'), 12.5);
    assert.equal(numberIn({ n: 'twelve' }, 'n'), undefined);
    assert.deepEqual(
      [100, '75', 101, -1, 'x'].map((n) => percentIn({ n }, 'n')),
      [100, 75, undefined, undefined, undefined],
    );
    assert.deepEqual(
      [true, 'true', 1, 'yes', false, 'False', 0, 'maybe', null].map((v) => truthIn({ v }, 'v')),
      [true, true, true, true, false, false, false, undefined, undefined],
    );
  });

  it('reads times in every spelling that was seen, always as UTC', () => {
    const at = '2026-11-24T06:07:08.000Z';
    for (const told of [
      '2026-11-24T06:07:08Z',
      '2026-11-24 06:07:08 UTC',
      '2026-11-24 06:07:08',
      '2026-11-24T06:07:08.000123',
      '2026-11-24T08:07:08+02:00',
      '2026-11-24T08:07:08+0200',
      ' 2026-11-24 06:07:08utc ',
    ]) {
      assert.equal(timeIn({ told }, 'told'), at, told);
    }
    assert.equal(timeIn({ told: '2026-11-24' }, 'told'), '2026-11-24T00:00:00.000Z');
    assert.equal(timeIn({ told: '2026-11-24 06:07' }, 'told'), '2026-11-24T06:07:00.000Z');
    for (const told of [
      '2026-02-30',
      '2026-13-01',
      '2026-11-24 25:00:00',
      'yesterday',
      '',
      null,
      5,
      '2026-11-24T06:07:08 CET',
    ]) {
      assert.equal(timeIn({ told }, 'told'), undefined, String(told));
    }
  });

  it('gives back every moment that it is told', () => {
    // whatever is before means that nobody knows
    assert.equal(timeIn({ t: '1970-01-01T00:00:00Z' }, 't'), undefined);
    const years = { min: new Date('1990-01-01'), max: new Date('9999-12-31'), noInvalidDate: true };
    fc.assert(fc.property(fc.date(years), (date) => timeIn({ t: date.toISOString() }, 't') === date.toISOString()));
  });

  it('never throws, whatever the value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (v) => {
        for (const read of [textIn, wordsIn, numberIn, percentIn, truthIn, timeIn]) read({ v }, 'v', 'w');
      }),
    );
  });

  it('makes no context of nothing', () => {
    assert.equal(contextOf({ a: undefined, b: [] }), undefined);
    assert.deepEqual(contextOf({ a: undefined, b: 0, c: ['x'] }), { b: 0, c: ['x'] });
  });
});
