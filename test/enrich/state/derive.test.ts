import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LONGEST_LIFE } from '../../../core/contract/raw-indicator.ts';
import { derive } from '../../../enrich/state/derive.ts';
import { merge, stateOf } from '../../../enrich/state/merge.ts';
import { claim, DAY, HOUR, iso, policy, T0 } from '../sample-claim.ts';

const state = (...claims: ReturnType<typeof claim>[]) => claims.map(stateOf).reduce(merge);
const now = T0 + HOUR;

describe('derive', () => {
  it('takes the score of the one claim that scores highest, not a sum', () => {
    const derived = derive(
      'ip',
      state(claim({ source: 'a', confidence: 50, severity: 50 }), claim({ source: 'b', confidence: 60, severity: 40 })),
      undefined,
      policy,
      now,
    );
    assert.equal(derived.score, 54);
    assert.equal(derived.winner.claim.source, 'b');
    assert.deepEqual(derived.sources, ['a', 'b']);
  });

  it('derives a missing severity by the policy', () => {
    const derived = derive('ip', state(claim({ confidence: 100, severity: undefined })), undefined, policy, now);
    assert.equal(derived.winner.severity, 50);
    assert.equal(derived.score, 85);
  });

  it('goes allowed > active > revoked > expired', () => {
    const live = claim({ source: 'a' });
    const revoked = claim({ source: 'b', revoked: true, timestamp: iso(T0 + 1) });
    const old = claim({ source: 'c', lastSeen: iso(T0 - 15 * DAY), timestamp: iso(T0 - 15 * DAY) });
    assert.equal(derive('ip', state(live, revoked), 'a reason', policy, now).status, 'allowed');
    assert.equal(derive('ip', state(live, revoked), undefined, policy, now).status, 'active');
    assert.equal(derive('ip', state(revoked, old), undefined, policy, now).status, 'revoked');
    assert.equal(derive('ip', state(old), undefined, policy, now).status, 'expired');
  });

  it('says 0 when nothing is live', () => {
    const derived = derive('ip', state(claim({ revoked: true })), undefined, policy, now);
    assert.equal(derived.score, 0);
    assert.equal(derived.recheckAt, undefined);
  });

  it('ends a claim at valid_until, else one lifetime after the last sighting', () => {
    const until = claim({ source: 'a', validUntil: iso(T0 + 2 * HOUR) });
    const plain = claim({ source: 'b' });
    const derived = derive('ip', state(until, plain), undefined, policy, now);
    assert.equal(derived.recheckAt, T0 + 2 * HOUR);
    assert.equal(derived.expiresAt, T0 + 14 * DAY);
    assert.equal(derive('sha256', state(plain), undefined, policy, now).expiresAt, T0 + 365 * DAY);
  });

  it('does not believe the year 9999', () => {
    const derived = derive('ip', state(claim({ validUntil: '9999-12-31T00:00:00.000Z' })), undefined, policy, now);
    assert.equal(derived.expiresAt, T0 + LONGEST_LIFE);
  });

  it('never lets a part of a pattern speak while another claim stands alone', () => {
    const part = claim({ source: 'a', composite: true, confidence: 100, severity: 100 });
    const alone = claim({ source: 'b', confidence: 10, severity: 10 });
    const both = derive('ip', state(part, alone), undefined, policy, now);
    assert.equal(both.score, 10);
    assert.equal(both.composite, false);
    assert.equal(derive('ip', state(part), undefined, policy, now).composite, true);
  });

  it('takes the strictest TLP and the tags of live claims alone', () => {
    const derived = derive(
      'ip',
      state(
        claim({ source: 'a', tlp: 'GREEN', tags: ['x'] }),
        claim({ source: 'b', tlp: 'AMBER+STRICT', tags: ['y'] }),
        claim({ source: 'c', tlp: 'RED', tags: ['z'], revoked: true }),
      ),
      undefined,
      policy,
      now,
    );
    assert.equal(derived.tlp, 'AMBER+STRICT');
    assert.deepEqual(derived.tags, ['x', 'y']);
  });
});
