import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { adopt } from '../../../enrich/state/adopt.ts';
import type { Claim } from '../../../enrich/state/claim.ts';
import { claim } from '../sample-claim.ts';

const orphan = claim({ feed: '', source: 'vetted' });
const own = claim({ feed: 'vetted', source: 'vetted' });
const feeds = (claims: readonly Claim[]): string[] => claims.map(({ feed }) => feed);

describe('claims of before feeds were noted', () => {
  it('are left alone where nobody speaks in their place', () => {
    const other = claim({ feed: 'vetted', source: 'another' });
    assert.deepEqual(adopt([orphan], [other]), { known: [orphan], told: [other] });
  });

  it('belong to the feed that speaks in their place, whether it is told or known', () => {
    assert.deepEqual(feeds(adopt([orphan], [own]).known), ['vetted']);
    assert.deepEqual(feeds(adopt([own], [orphan]).told), ['vetted']);
    assert.deepEqual(feeds(adopt([], [orphan, own]).told), ['vetted', 'vetted']);
    assert.deepEqual(feeds(adopt([orphan], [orphan, own]).known), ['vetted']);
  });

  it('are taken over by a feed once: what it said itself since is newer', () => {
    assert.deepEqual(adopt([orphan, own], []).known, [own]);
  });

  it('go to outsiders only where they bear their name', () => {
    const external = claim({ feed: 'external', outside: true, source: 'vetted' });
    const push = claim({ feed: 'push', outside: true, source: 'push/partner' });
    assert.deepEqual(feeds(adopt([orphan], [external]).known), ['']);
    assert.deepEqual(feeds(adopt([{ ...orphan, source: 'push/partner' }], [push]).known), ['push']);
  });

  it('are told apart by source and ref', () => {
    assert.deepEqual(feeds(adopt([{ ...orphan, ref: 'r' }], [own]).known), ['']);
  });
});
