import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Indicator } from '../../../core/indicator/type.ts';
import { changeOf } from '../../../enrich/state/change.ts';
import { merge, stateOf } from '../../../enrich/state/merge.ts';
import { createSettled } from '../../../enrich/state/settled.ts';
import { claim, claims, DAY, HOUR, iso, T0 } from '../sample-claim.ts';

const QUANTUM = 6 * HOUR;

describe('changeOf', () => {
  const known = stateOf(claim());
  const told = (changes: Parameters<typeof claim>[0]) =>
    changeOf(known, claim({ timestamp: iso(T0 + HOUR), ...changes }), QUANTUM);

  it('is new without a state', () => assert.equal(changeOf(undefined, claim(), QUANTUM), 'new'));
  it('is nothing for the same record again', () => assert.equal(changeOf(known, claim(), QUANTUM), 'nothing'));
  it('is nothing for a sighting within the quantum', () =>
    assert.equal(told({ lastSeen: iso(T0 + 5 * HOUR) }), 'nothing'));
  it('is seen for a sighting beyond it', () => assert.equal(told({ lastSeen: iso(T0 + 6 * HOUR) }), 'seen'));
  it('is seen when the end moves, comes or goes', () => assert.equal(told({ validUntil: iso(T0 + DAY) }), 'seen'));
  it('is seen in time when little was granted', () => {
    const hourly = stateOf(claim({ validUntil: iso(T0 + 4 * HOUR) }));
    const again = claim({ timestamp: iso(T0 + HOUR), lastSeen: iso(T0 + HOUR), validUntil: iso(T0 + 5 * HOUR) });
    assert.equal(changeOf(hourly, again, QUANTUM), 'seen');
  });
  it('is nothing for a row that lapsed before it was told, and for an end that stays', () => {
    const lapsed = stateOf(claim({ validUntil: iso(T0 - DAY) }));
    const again = claim({ timestamp: iso(T0 + HOUR), lastSeen: iso(T0), validUntil: iso(T0 - DAY) });
    assert.equal(changeOf(lapsed, again, QUANTUM), 'nothing');
    const ending = stateOf(claim({ validUntil: iso(T0 + HOUR) }));
    const same = claim({ timestamp: iso(T0 + HOUR / 2), lastSeen: iso(T0 + HOUR / 2), validUntil: iso(T0 + HOUR) });
    assert.equal(changeOf(ending, same, QUANTUM), 'nothing');
  });
  it('is updated for other content', () => assert.equal(told({ confidence: 91 }), 'updated'));
  it('is revoked for a withdrawal', () => assert.equal(told({ revoked: true }), 'revoked'));
  it('is updated for another source', () => assert.equal(told({ source: 'feed-b' }), 'updated'));
  it('is nothing for an older statement', () => {
    const state = stateOf(claim({ firstSeen: iso(T0 - DAY) }));
    assert.equal(
      changeOf(state, claim({ timestamp: iso(T0 - HOUR), lastSeen: iso(T0 - HOUR), confidence: 1 }), QUANTUM),
      'nothing',
    );
  });
  it('is updated when an old statement tells an earlier sighting', () =>
    assert.equal(told({ firstSeen: iso(T0 - DAY) }), 'updated'));
});

const domain = (name: string): Indicator => ({ type: 'domain', value: `${name}.example.org` });
const indicator = domain('x');

describe('settled', () => {
  it('never calls a record settled that would change the state', () => {
    fc.assert(
      fc.property(fc.array(claims, { minLength: 1, maxLength: 12 }), claims, (before, next) => {
        const settled = createSettled(1024 * 1024);
        const state = before.map(stateOf).reduce(merge);
        for (const kept of state.claims) settled.remember(indicator, kept, state.firstSeen);
        const unchanged = changeOf(state, next, QUANTUM) === 'nothing';
        if (settled.knows(indicator, next, QUANTUM)) assert.ok(unchanged);
      }),
      { numRuns: 2000 },
    );
  });

  it('knows nothing without an equal content hash, so that texts made to collide suppress no record', () => {
    const settled = createSettled(64 * 1024);
    settled.remember(indicator, claim(), iso(T0 - DAY));
    assert.ok(settled.knows(indicator, claim({ timestamp: iso(T0 - HOUR) }), QUANTUM));
    assert.ok(!settled.knows(indicator, claim({ timestamp: iso(T0 - HOUR), confidence: 1 }), QUANTUM));
  });

  it('knows again what it was told, also when its table is full', () => {
    const settled = createSettled(64 * 1024);
    const ids = Array.from({ length: 100 }, (_, n) => domain(`a${n}`));
    for (const id of ids) settled.remember(id, claim(), iso(T0));
    assert.ok(ids.every((id) => settled.knows(id, claim({ timestamp: iso(T0 + HOUR) }), QUANTUM)));
    for (let n = 0; n < 5000; n += 1) settled.remember(domain(`b${n}`), claim(), iso(T0));
    assert.ok(!settled.knows(domain('c'), claim(), QUANTUM));
  });
});
