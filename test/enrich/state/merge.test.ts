import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Claim } from '../../../enrich/state/claim.ts';
import { MAX_CLAIMS, MAX_REFS_PER_SOURCE, merge, type State, stateOf } from '../../../enrich/state/merge.ts';
import { claim, claims, DAY, HOUR, iso, T0 } from '../sample-claim.ts';

const states = fc.array(claims, { minLength: 1, maxLength: 60 }).map((list) => list.map(stateOf).reduce(merge));
const sorted = (state: State) => ({
  firstSeen: state.firstSeen,
  outside: state.outside,
  claims: [...state.claims].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)),
});

const keyOf = ({ feed, source, ref }: Claim) => [feed, source, ref].join('|');

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
        const perSource = Map.groupBy(state.claims, ({ feed, source }) => `${feed}|${source}`);
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

  it('leaves every feed its share, however much another sends', () => {
    const vetted = claim({ feed: 'vetted', source: 'vetted' });
    const flood = Array.from({ length: 200 }, (_, n) =>
      claim({ feed: 'push', outside: true, source: `push/s${n}`, revoked: true, timestamp: iso(T0 + 23 * HOUR + n) }),
    );
    const state = [vetted, ...flood].map(stateOf).reduce(merge);
    assert.ok(state.claims.includes(vetted));
    assert.equal(state.claims.length, MAX_CLAIMS);
    const newest = flood.slice(-63);
    for (const each of newest) assert.ok(state.claims.includes(each));
  });

  it('deals the places out to feeds in rounds', () => {
    const feeds = ['a', 'b', 'c'].flatMap((feed, of) =>
      Array.from({ length: 30 }, (_, n) => claim({ feed, source: `s${n}`, timestamp: iso(T0 + of * DAY + n) })),
    );
    const few = claim({ feed: 'd', source: 'd', timestamp: iso(T0 - DAY) });
    const state = [...feeds, few].map(stateOf).reduce(merge);
    const perFeed = Object.groupBy(state.claims, ({ feed }) => feed);
    assert.deepEqual(
      ['a', 'b', 'c', 'd'].map((feed) => perFeed[feed]?.length),
      [21, 21, 21, 1],
    );
  });

  it('keeps apart what two feeds say in the name of one source', () => {
    const ours = claim({ feed: 'vetted', source: 'abuseipdb' });
    const theirs = claim({
      feed: 'external',
      outside: true,
      source: 'abuseipdb',
      revoked: true,
      timestamp: iso(T0 + 1),
    });
    assert.equal(merge(stateOf(ours), stateOf(theirs)).claims.length, 2);
  });

  it('lets the order of one reading decide where the source tells no time', () => {
    const first = claim({ confidence: 90, sequence: 8 });
    const second = claim({ confidence: 10, sequence: 9 });
    const withdrawn = claim({ revoked: true, sequence: 10 });
    const listed = claim({ confidence: 90, sequence: 11 });
    for (const [a, b] of [
      [first, second],
      [withdrawn, listed],
    ] as const) {
      assert.deepEqual(merge(stateOf(a), stateOf(b)).claims, [b]);
      assert.deepEqual(merge(stateOf(b), stateOf(a)).claims, [b]);
    }
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
