import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decide, lapsed, policyTerms } from '../../responder/policy.ts';
import { claimAt, documentOf, iso, NOW } from './documents.ts';

const HOUR = 3_600_000;
const terms = policyTerms({
  min_confidence: 80,
  min_score: 0,
  max_age: 24 * HOUR,
  tags: ['malicious'],
  block_for: 24 * HOUR,
});

describe('what is blocked', () => {
  it('is an active indicator with one live claim that meets every term', () => {
    const decision = decide(documentOf('9.1.2.3'), NOW, terms);
    assert.equal(decision.kind, 'block');
    assert.ok(decision.kind === 'block');
    assert.match(decision.reason, /^feed says so with confidence 90 \(at least 80\), seen 1h ago, tagged malicious$/);
  });

  it('may have been told long before it begins, and not before it has', () => {
    const claims = [claimAt(NOW, { last_seen: iso(NOW - 9 * 24 * HOUR), valid_from: iso(NOW) })];
    assert.equal(decide(documentOf('9.1.2.3', NOW, { claims }), NOW, terms).kind, 'block');
    assert.notEqual(decide(documentOf('9.1.2.3', NOW, { claims }), NOW - 1, terms).kind, 'block');
    assert.notEqual(decide(documentOf('9.1.2.3', NOW, { claims }), NOW + 25 * HOUR, terms).kind, 'block');
  });

  it('never rests on two claims that meet the terms only between them', () => {
    const claims = [
      claimAt(NOW, { source: 'sure', tags: ['spam'] }),
      claimAt(NOW, { source: 'unsure', confidence: 40 }),
    ];
    assert.equal(decide(documentOf('9.1.2.3', NOW, { claims }), NOW, terms).kind, 'none');
  });

  for (const [why, changes] of [
    ['is less sure', { confidence: 79 }],
    ['was seen too long ago', { last_seen: iso(NOW - 24 * HOUR - 1) }],
    ['is revoked', { revoked: true as const }],
    ['has run out', { expires_at: iso(NOW) }],
    ['is part of a pattern', { composite: true as const }],
    ['has another tag', { tags: ['benign'] }],
    ['was taken from outsiders', { feed: 'push', outside: true as const }],
    ['has no tag', { tags: undefined }],
  ] as const) {
    it(`is nothing whose only claim ${why}`, () => {
      const { tags, ...rest } = { tags: ['malicious'] as string[] | undefined, ...changes };
      const { tags: _, ...bare } = claimAt(NOW, rest);
      const claims = [tags === undefined ? bare : { ...bare, tags: [...tags] }];
      assert.equal(decide(documentOf('9.1.2.3', NOW, { claims }), NOW, terms).kind, 'none');
    });
  }

  it('may need a score too, or no tag at all', () => {
    const high = policyTerms({ min_confidence: 0, min_score: 91, max_age: 24 * HOUR, tags: [], block_for: HOUR });
    assert.equal(decide(documentOf('9.1.2.3'), NOW, high).kind, 'none');
    const any = policyTerms({ min_confidence: 0, min_score: 90, max_age: 24 * HOUR, tags: [], block_for: HOUR });
    const { tags: _, ...claim } = claimAt(NOW);
    assert.equal(decide(documentOf('9.1.2.3', NOW, { claims: [claim] }), NOW, any).kind, 'block');
  });
});

it('blocks for the time set, up to 5 % less, never longer than 7 days or than the claim stands', () => {
  fc.assert(
    fc.property(
      fc.ipV4(),
      fc.integer({ min: 60_000, max: 30 * 24 * HOUR }),
      fc.integer({ min: 1000, max: 20 * 24 * HOUR }),
      (ip, blockFor, stands) => {
        const claims = [claimAt(NOW, { expires_at: iso(NOW + stands) })];
        const decision = decide(documentOf(ip, NOW, { claims }), NOW, {
          ...terms,
          blockFor: Math.min(blockFor, 7 * 24 * HOUR),
        });
        assert.ok(decision.kind === 'block');
        const length = decision.until - NOW;
        const wanted = Math.min(blockFor, 7 * 24 * HOUR);
        assert.ok(length <= wanted && length <= stands);
        assert.ok(length >= Math.min(Math.floor(wanted * 0.95), stands));
      },
    ),
  );
  assert.equal(
    policyTerms({ ...{ min_confidence: 0, min_score: 0, max_age: 1, tags: [] }, block_for: 30 * 24 * HOUR }).blockFor,
    7 * 24 * HOUR,
  );
});

it('spreads deadlines, the same for one indicator every time', () => {
  const untils = Array.from({ length: 100 }, (_, at) => decide(documentOf(`9.1.2.${at}`), NOW, terms)).map(
    (decision) => (decision.kind === 'block' ? decision.until : 0),
  );
  assert.ok(new Set(untils).size > 90);
  assert.deepEqual(decide(documentOf('9.1.2.7'), NOW, terms), decide(documentOf('9.1.2.7'), NOW, terms));
});

it('lifts what is revoked, expired or allowed', () => {
  const codes = (['revoked', 'expired', 'allowed', 'active'] as const).map((status) => {
    const decision = decide(documentOf('9.1.2.3', NOW, { status }), NOW, terms);
    return decision.kind === 'unblock' ? decision.code : decision.kind;
  });
  assert.deepEqual(codes, ['REVOKED', 'EXPIRED', 'ALLOWED', 'block']);
});

it('lifts what a warning list knows as harmless, whoever lists it', () => {
  const decision = decide(documentOf('9.1.2.3', NOW, { benign: 'public DNS resolvers' }), NOW, terms);
  assert.ok(decision.kind === 'unblock');
  assert.deepEqual(
    [decision.code, decision.reason],
    ['BENIGN', 'a warning list knows it as harmless (public DNS resolvers)'],
  );
});

it('lifts nothing because outsiders alone revoke it, or have said it last', () => {
  const outside = claimAt(NOW, { feed: 'push', outside: true, source: 'feed', revoked: true });
  for (const status of ['revoked', 'expired'] as const) {
    assert.equal(decide(documentOf('9.1.2.3', NOW, { status, claims: [outside] }), NOW, terms).kind, 'none', status);
    const claims = [outside, claimAt(NOW, { feed: 'vetted', revoked: true })];
    assert.equal(decide(documentOf('9.1.2.3', NOW, { status, claims }), NOW, terms).kind, 'unblock', status);
  }
});

it('names the feed beside the source that it speaks for', () => {
  const reason = (changes: Parameters<typeof claimAt>[1]) => {
    const decision = decide(documentOf('9.1.2.3', NOW, { claims: [claimAt(NOW, changes)] }), NOW, terms);
    return decision.kind === 'block' ? decision.reason : decision.kind;
  };
  assert.match(
    reason({ feed: 'vetted', source: 'abuseipdb' }),
    /^abuseipdb \(feed vetted\) says so with confidence 90 /,
  );
  assert.match(reason({ feed: 'vetted', source: 'vetted' }), /^feed vetted says so with confidence 90 /);
});

it('takes the claim of another feed for another claim, whatever source it names', () => {
  const claims = [
    claimAt(NOW, { feed: 'vetted' }),
    claimAt(NOW, { feed: 'push', outside: true, revoked: true }),
    claimAt(NOW, { feed: 'second', revoked: true }),
  ];
  const document = documentOf('9.1.2.3', NOW, { claims });
  const code = (feed: string | null) => lapsed(document, { feed, source: 'feed', ref: null }, NOW)?.code;
  assert.deepEqual([code('vetted'), code('second')], [undefined, 'CLAIM_REVOKED']);
  // a block of before knows no feed: any of ours may be the one
  assert.equal(code(null), undefined);
  const gone = documentOf('9.1.2.3', NOW, { claims: claims.slice(1) });
  assert.equal(lapsed(gone, { feed: null, source: 'feed', ref: null }, NOW)?.code, 'CLAIM_REVOKED');
  const theirs = documentOf('9.1.2.3', NOW, { claims: claims.slice(1, 2) });
  assert.equal(lapsed(theirs, { feed: null, source: 'feed', ref: null }, NOW), undefined);
});

it('tells a block whose own claim is gone from one that merely is not renewed', () => {
  const madeFor = { feed: null, source: 'feed', ref: null };
  const other = claimAt(NOW, { source: 'other', confidence: 10 });
  const told = (claim: Parameters<typeof claimAt>[1]) =>
    lapsed(documentOf('9.1.2.3', NOW, { claims: [other, claimAt(NOW, claim)] }), madeFor, NOW)?.code;
  assert.equal(told({ revoked: true }), 'CLAIM_REVOKED');
  assert.equal(told({ expires_at: iso(NOW - 1) }), 'CLAIM_EXPIRED');
  assert.equal(told({ confidence: 10 }), undefined);
});

it('puts no control or formatting character of a feed into a reason', () => {
  const claims = [claimAt(NOW, { source: 'a\n\u202e\u001b[31mb\u2028c', tags: ['MALICIOUS'] })];
  const decision = decide(documentOf('9.1.2.3', NOW, { claims }), NOW, terms);
  assert.ok(decision.kind === 'block');
  assert.doesNotMatch(decision.reason, /[\p{Cc}\p{Cf}\p{Zl}]/u);
});
