import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MAX_CLAIMS, MAX_REFS_PER_SOURCE, merge, type State, stateOf } from '../../../enrich/state/merge.ts';
import { claim, claims, DAY, HOUR, iso, T0 } from '../sample-claim.ts';

const states = fc.array(claims, { minLength: 1, maxLength: 60 }).map((list) => list.map(stateOf).reduce(merge));
const sorted = (state: State) => ({
  firstSeen: state.firstSeen,
  claims: [...state.claims].sort((a, b) => (`${a.source}|${a.ref}` < `${b.source}|${b.ref}` ? -1 : 1)),
});

describe('merge', () => {
  it('does not depend on the order of two', () => {
    fc.assert(
      fc.property(states, states, (a, b) => assert.deepEqual(sorted(merge(a, b)), sorted(merge(b, a)))),
      { numRuns: 500 },
    );
  });

  it('does not depend on how three are put together', () => {
    fc.assert(
      fc.property(states, states, states, (a, b, c) =>
        assert.deepEqual(sorted(merge(merge(a, b), c)), sorted(merge(a, merge(b, c)))),
      ),
      { numRuns: 500 },
    );
  });

  it('changes nothing when the same is told again', () => {
    fc.assert(
      fc.property(states, (a) => assert.deepEqual(sorted(merge(a, a)), sorted(a))),
      { numRuns: 300 },
    );
  });

  it('keeps within its bounds', () => {
    fc.assert(
      fc.property(fc.array(states, { minLength: 2, maxLength: 6 }), (list) => {
        const state = list.reduce(merge);
        assert.ok(state.claims.length <= MAX_CLAIMS);
        const perSource = Map.groupBy(state.claims, (each) => each.source);
        for (const kept of perSource.values()) assert.ok(kept.length <= MAX_REFS_PER_SOURCE);
      }),
    );
  });

  it('keeps the newest 64 of a hundred sources and the newest 16 refs of one, whatever the order', () => {
    const many = Array.from({ length: 100 }, (_, n) => claim({ source: `s${n}`, timestamp: iso(T0 + n * HOUR) }));
    const refs = Array.from({ length: 40 }, (_, n) =>
      claim({ source: 'one', ref: `r${n}`, timestamp: iso(T0 + 1000 * HOUR + n) }),
    );
    const state = [...many, ...refs].reverse().map(stateOf).reduce(merge);
    const again = [...refs, ...many].map(stateOf).reduce(merge);
    assert.deepEqual(sorted(state), sorted(again));
    assert.equal(state.claims.filter((each) => each.source === 'one').length, 16);
    assert.equal(state.claims.length, 64);
    assert.ok(!state.claims.some((each) => each.source === 's0'));
  });

  it('lets the later statement replace the earlier one of the same source and ref', () => {
    const early = claim({ confidence: 10, timestamp: iso(T0) });
    const late = claim({ confidence: 90, timestamp: iso(T0 + HOUR) });
    assert.deepEqual(merge(stateOf(late), stateOf(early)).claims, [late]);
  });

  it('lets a withdrawal of the same moment win', () => {
    const said = claim({});
    const withdrawn = claim({ revoked: true });
    assert.deepEqual(merge(stateOf(said), stateOf(withdrawn)).claims, [withdrawn]);
    assert.deepEqual(merge(stateOf(withdrawn), stateOf(said)).claims, [withdrawn]);
  });

  it('remembers the earliest sighting ever told, also of a claim that was replaced', () => {
    const old = claim({ firstSeen: iso(T0 - 30 * DAY) });
    const late = claim({ firstSeen: iso(T0 - DAY), timestamp: iso(T0 + HOUR) });
    assert.equal(merge(stateOf(old), stateOf(late)).firstSeen, iso(T0 - 30 * DAY));
  });
});
