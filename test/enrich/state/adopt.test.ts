import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { adopt } from '../../../enrich/state/adopt.ts';
import type { Claim } from '../../../enrich/state/claim.ts';
import { claim } from '../sample-claim.ts';

const feedless = claim({ feed: '', source: 'vetted' });
const own = claim({ feed: 'vetted', source: 'vetted' });
const feeds = (claims: readonly Claim[]): string[] => claims.map(({ feed }) => feed);

describe('claims of before feeds were noted', () => {
  it('are left alone where nobody speaks in their place', () => {
    const other = claim({ feed: 'vetted', source: 'another' });
    assert.deepEqual(adopt([feedless], [other]), { known: [feedless], told: [other] });
  });

  it('belong to the feed that speaks in their place, whether it is told or known', () => {
    assert.deepEqual(feeds(adopt([feedless], [own]).known), ['vetted']);
    assert.deepEqual(feeds(adopt([own], [feedless]).told), ['vetted']);
    assert.deepEqual(feeds(adopt([], [feedless, own]).told), ['vetted', 'vetted']);
    assert.deepEqual(feeds(adopt([feedless], [feedless, own]).known), ['vetted']);
  });

  it('are taken over by a feed once: what it said itself since is newer', () => {
    assert.deepEqual(adopt([feedless, own], []).known, [own]);
  });

  it('go to outsiders only where they bear their name', () => {
    const external = claim({ feed: 'external', outside: true, source: 'vetted' });
    const push = claim({ feed: 'push', outside: true, source: 'push/partner' });
    assert.deepEqual(feeds(adopt([feedless], [external]).known), ['']);
    assert.deepEqual(feeds(adopt([{ ...feedless, source: 'push/partner' }], [push]).known), ['push']);
  });

  it('go to the feed that bears the name of the source, else to the first by name, in whatever order they speak', () => {
    const [a, b] = ['alpha', 'beta'].map((feed) => claim({ feed, source: 'vetted' }));
    assert.ok(a && b);
    for (const told of [
      [a, b, own],
      [own, b, a],
      [b, own, a],
    ])
      assert.deepEqual(feeds(adopt([feedless], told).known), ['vetted']);
    for (const told of [
      [a, b],
      [b, a],
    ]) {
      assert.deepEqual(feeds(adopt([feedless], told).known), ['alpha']);
      assert.deepEqual(feeds(adopt([feedless, b], [a]).known), ['alpha', 'beta']);
    }
    // one batch of outsiders and ours: what is ours goes to ours
    const push = claim({ feed: 'a-push', outside: true, source: 'a-push/partner' });
    const ours = claim({ feed: 'quoting', source: 'a-push/partner' });
    assert.deepEqual(feeds(adopt([{ ...feedless, source: 'a-push/partner' }], [push, ours]).known), ['quoting']);
  });

  it('are told apart by source and ref', () => {
    assert.deepEqual(feeds(adopt([{ ...feedless, ref: 'r' }], [own]).known), ['']);
  });
});
