import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { alertableClaim, decide } from '../../alerting/policy.ts';
import type { SlimClaim, Status } from '../../core/contract/enriched-document.ts';
import { isLive } from '../../core/contract/enriched-document.ts';
import type { OutboxRow } from '../../store/port.ts';
import { type Sample, sampleClaim, sampleDocument } from '../store/sample-document.ts';

const NOW = Date.parse('2026-05-10T12:00:00Z');
const HOUR = 3_600_000;
const FAR = '2027-01-01T00:00:00.000Z';
const policy = { threshold: 80, repeatAfter: 24 * HOUR };
const PAST = '2026-05-10T11:59:59.999Z';

function rowOf(sample: Sample = {}, change: Partial<OutboxRow> = {}): OutboxRow {
  const decision = decide(sampleDocument(sample), undefined, policy, NOW);
  assert.equal(decision.kind, 'open');
  return { ...('row' in decision ? decision.row : assert.fail()), ...change };
}

const claims: { name: string; claims: Partial<SlimClaim>[]; alerts: boolean }[] = [
  { name: 'one above the threshold', claims: [{ score: 81 }], alerts: true },
  { name: 'one at the threshold', claims: [{ score: 80 }], alerts: false },
  { name: 'one that is revoked', claims: [{ score: 95, revoked: true }], alerts: false },
  { name: 'one that lapsed since', claims: [{ score: 95, expires_at: PAST }], alerts: false },
  { name: 'one that is part of a compound pattern', claims: [{ score: 95, composite: true }], alerts: false },
  { name: 'two half-sure ones', claims: [{ score: 79 }, { score: 78, source: 'b' }], alerts: false },
  {
    name: 'three that each miss another term',
    claims: [{ score: 95, revoked: true }, { score: 95, composite: true }, { score: 80 }],
    alerts: false,
  },
  { name: 'a good one among bad ones', claims: [{ score: 99, revoked: true }, { score: 85 }], alerts: true },
  { name: 'none', claims: [], alerts: false },
];

for (const { name, claims: given, alerts } of claims) {
  test(`claims: ${name} ${alerts ? 'alerts' : 'does not alert'}`, () => {
    const document = sampleDocument({ claims: given.map((claim) => sampleClaim(claim)) });
    assert.equal(decide(document, undefined, policy, NOW).kind, alerts ? 'open' : 'none');
  });
}

for (const status of ['allowed', 'revoked', 'expired'] satisfies Status[]) {
  test(`status ${status} does not alert, whatever its claims`, () => {
    assert.equal(decide(sampleDocument({ status, score: 99 }), undefined, policy, NOW).kind, 'none');
  });
}

test('an old change is alerted on catch-up as long as its claim lives', () => {
  const document = sampleDocument({ changedAt: '2026-03-01T00:00:00Z', expiresAt: '2026-05-10T12:00:00.001Z' });
  assert.equal(decide(document, undefined, policy, NOW).kind, 'open');
  assert.equal(decide(document, undefined, policy, NOW + 1).kind, 'none');
});

test('the row names the claim that counts, its terms and its source first', () => {
  const document = sampleDocument({
    sources: ['alpha', 'beta'],
    claims: [
      sampleClaim({ source: 'alpha', score: 99, confidence: 99, severity: 99, expires_at: PAST }),
      sampleClaim({ source: 'beta', score: 86, confidence: 90, severity: 77, severity_derived: true }),
    ],
  });
  const decision = decide(document, undefined, policy, NOW);
  assert.equal(decision.kind, 'open');
  const { alert } = 'row' in decision ? decision.row : assert.fail();
  assert.equal(alert.threat_score, 86, 'not the score of the claim that lapsed');
  assert.deepEqual(alert.sources, ['beta', 'alpha']);
  assert.equal(alert.why, '0.7 × confidence 90 + 0.3 × severity 77 (by rule) = 86, rounded down');
  assert.equal(alert.country, 'Netherlands (NL)');
  assert.equal(alert.as, 'AS64500 Example Net');
});

const rows: { name: string; row: Partial<OutboxRow>; document: Sample; kind: string; expect?: Partial<OutboxRow> }[] = [
  { name: 'the same revision', row: {}, document: {}, kind: 'stale' },
  { name: 'an older revision', row: { revision: 5 }, document: { revision: 4 }, kind: 'stale' },
  {
    name: 'a newer one while it waits',
    row: {},
    document: { revision: 2 },
    kind: 'refresh',
    expect: { state: 'pending', mail: null },
  },
  {
    name: 'no longer alertable while it waits',
    row: {},
    document: { revision: 2, status: 'revoked' },
    kind: 'close',
    expect: { state: 'quiet', open: false, revision: 2 },
  },
  {
    name: 'no longer alertable after the mail',
    row: { state: 'mailed', mail: 'm', alertedAt: NOW - 1 },
    document: { revision: 2, score: 80 },
    kind: 'close',
    expect: { state: 'mailed', mail: 'm', open: false },
  },
  {
    name: 'reported again within the repeat time',
    row: { state: 'mailed', mail: 'm', alertedAt: NOW - 24 * HOUR + 1 },
    document: { revision: 2 },
    kind: 'keep',
  },
  {
    name: 'reported again after the repeat time',
    row: { state: 'mailed', mail: 'm', alertedAt: NOW - 24 * HOUR },
    document: { revision: 2 },
    kind: 'open',
    expect: { state: 'pending', mail: null, alertedAt: NOW - 24 * HOUR },
  },
  {
    name: 'alertable anew a minute after it closed',
    row: { state: 'mailed', mail: 'm', alertedAt: NOW - 60_000, open: false, revision: 2 },
    document: { revision: 3 },
    kind: 'open',
    expect: { state: 'pending', mail: null, open: true },
  },
  {
    name: 'still not alertable',
    row: { open: false, state: 'quiet' },
    document: { revision: 2, score: 10 },
    kind: 'none',
  },
];

for (const { name, row, document, kind, expect } of rows) {
  test(`row: ${name} is ${kind}`, () => {
    const decision = decide(sampleDocument(document), rowOf({}, row), policy, NOW);
    assert.equal(decision.kind, kind);
    if (expect !== undefined) assert.partialDeepStrictEqual('row' in decision ? decision.row : assert.fail(), expect);
  });
}

test('a store that was rebuilt tells no old alert again, and what is new at once, whatever its revision', () => {
  const seen = Date.parse(sampleClaim().last_seen);
  const acted = rowOf({}, { state: 'mailed', mail: 'm', life: 1, revision: 40, alertedAt: seen + HOUR });
  const rebuilt = (claim: Partial<SlimClaim>, of: Partial<Sample> = {}) => {
    const { tipline, ...rest } = sampleDocument({ ...of, claims: [sampleClaim(claim)], revision: 1 });
    return { ...rest, tipline: { ...tipline, life: 2 } };
  };
  const kind = (document: ReturnType<typeof rebuilt>, row = acted, now = seen + 30 * HOUR) =>
    decide(document, row, policy, now).kind;
  const later = new Date(seen + 29 * HOUR).toISOString();
  assert.equal(kind(rebuilt({ expires_at: FAR })), 'keep');
  assert.equal(kind(rebuilt({ last_seen: later, expires_at: FAR })), 'open');
  assert.equal(kind(rebuilt({ revoked: true }, { status: 'revoked' })), 'close');
  assert.equal(kind(rebuilt({ expires_at: FAR }), { ...acted, open: false }), 'open');
  assert.equal(kind(rebuilt({ expires_at: FAR }), { ...acted, life: 3 }), 'stale');
});

test('a claim of our feeds goes before a higher one of outsiders', () => {
  const document = sampleDocument({
    claims: [
      sampleClaim({ source: 'push/x', feed: 'push', outside: true, score: 100 }),
      sampleClaim({ source: 'vetted', feed: 'vetted', score: 90 }),
    ],
  });
  assert.equal(alertableClaim(document, 80, NOW)?.feed, 'vetted');
  assert.equal(alertableClaim(document, 95, NOW)?.feed, 'push');
});

test('what was mailed for outsiders alone is mailed again when a feed of ours says it', () => {
  const outside = sampleClaim({ source: 'push/x', feed: 'push', outside: true, score: 100 });
  const ours = sampleClaim({ source: 'vetted', feed: 'vetted', score: 90 });
  const first = decide(sampleDocument({ claims: [outside] }), undefined, policy, NOW);
  assert.ok('row' in first);
  const mailed: OutboxRow = { ...first.row, state: 'mailed', mail: 'm', alertedAt: NOW };
  const again = (claims: SlimClaim[]) =>
    decide(sampleDocument({ claims, revision: 2 }), mailed, policy, NOW + HOUR).kind;
  assert.equal(again([outside]), 'keep');
  assert.equal(again([outside, ours]), 'open');
});

test('what a warning list knows as harmless is not alerted', () => {
  const { tipline, ...rest } = sampleDocument({ score: 99 });
  assert.equal(
    decide({ ...rest, tipline: { ...tipline, benign: 'public resolvers' } }, undefined, policy, NOW).kind,
    'none',
  );
});

test('a repeat says that it is one, an alert that never left does not', () => {
  const again = (row: Partial<OutboxRow>): unknown => {
    const decision = decide(sampleDocument({ revision: 9 }), rowOf({}, { open: false, ...row }), policy, NOW);
    return 'row' in decision && decision.row.alert.again;
  };
  assert.equal(again({ state: 'mailed', mail: 'm', alertedAt: 1 }), true);
  assert.equal(again({ state: 'quiet', alertedAt: 0 }), false);
});

test('an indicator that was pruned and came back is not taken for a repetition', () => {
  const document = sampleDocument({ revision: 1 });
  const row = rowOf({}, { revision: 40, born: 'ioc.raw-0-0', open: false, state: 'mailed', alertedAt: 1 });
  assert.equal(decide(document, row, policy, NOW).kind, 'open');
});

const claim = fc
  .record({
    score: fc.integer({ min: 70, max: 90 }),
    revoked: fc.boolean(),
    composite: fc.boolean(),
    expires_at: fc.constantFrom(PAST, '2026-05-11T00:00:00Z', 'never'),
  })
  .map(({ revoked, composite, ...rest }) =>
    sampleClaim({ ...rest, ...(revoked && { revoked }), ...(composite && { composite }) }),
  );

test('the claim that counts meets every term at once, and exists whenever one does', () => {
  fc.assert(
    fc.property(fc.array(claim, { maxLength: 8 }), (given) => {
      const meets = (one: SlimClaim): boolean => one.score > 80 && one.composite !== true && isLive(one, NOW);
      const best = alertableClaim(sampleDocument({ claims: given }), 80, NOW);
      assert.equal(best !== undefined, given.some(meets));
      if (best === undefined) return;
      assert.ok(meets(best));
      assert.equal(best.score, Math.max(...given.filter(meets).map(({ score }) => score)));
    }),
  );
});

test('deciding a document again on its own result is stale, so a re-delivery does nothing', () => {
  const documents = fc.record({
    revision: fc.integer({ min: 1, max: 6 }),
    score: fc.constantFrom(80, 81, 95),
    status: fc.constantFrom<Status>('active', 'revoked', 'allowed', 'expired'),
  });
  fc.assert(
    fc.property(fc.array(documents, { maxLength: 12 }), (samples) => {
      let row: OutboxRow | undefined;
      for (const sample of samples) {
        const decision = decide(sampleDocument(sample), row, policy, NOW);
        if (!('row' in decision)) continue;
        row = decision.row;
        assert.equal(decide(sampleDocument(sample), row, policy, NOW).kind, 'stale');
        assert.equal(row.open, decision.kind !== 'close');
        assert.equal(row.state === 'pending', row.open);
      }
    }),
  );
});
