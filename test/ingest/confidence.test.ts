import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { confidence, confidenceOf } from '../../ingest/confidence.ts';

const rule = (section: object): unknown => confidence.parse(section);

describe('the confidence of a record', () => {
  it('a number is for those that bring none', () => {
    assert.deepEqual(
      [confidenceOf(undefined, 40), confidenceOf(0, 40), confidenceOf(undefined, undefined)],
      [40, 0, undefined],
    );
  });

  it('a cap lowers, a map translates, a default fills', () => {
    assert.equal(confidenceOf(90, rule({ cap: 60 })), 60);
    assert.equal(confidenceOf('90', rule({ cap: 60 })), 60);
    assert.equal(confidenceOf(undefined, rule({ cap: 60 })), undefined);
    assert.equal(confidenceOf(undefined, rule({ cap: 60, default: 80 })), 60);
    const levels = rule({
      map: [
        [3, 90],
        [1, 20],
      ],
      default: 5,
    });
    assert.deepEqual(
      [0, 1, 2.9, 3, 100].map((told) => confidenceOf(told, levels)),
      [5, 20, 20, 90, 90],
    );
    assert.equal(confidenceOf('high', levels), 'high');
    assert.equal(confidenceOf(77, { column: 2, map: [[1, 20]], cap: 70 }), 70, 'the format has mapped it');
  });

  it('is never above the cap', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 100 }),
        fc.oneof(fc.double({ noNaN: true }), fc.constant(undefined)),
        (cap, told) => {
          const made = confidenceOf(told, rule({ cap, default: 100 }));
          assert.ok(typeof made === 'number' && made <= cap);
        },
      ),
    );
  });
});
