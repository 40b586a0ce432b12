import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { EnrichedDocument } from '../../core/contract/enriched-document.ts';
import { inspectDocument } from '../../core/contract/read-document.ts';
import { createFuse, NO_AMOUNT } from '../../responder/fuse.ts';
import { type IntakeContext, intake } from '../../responder/intake.ts';
import type { BlockRow } from '../../responder/ledger/block-row.ts';
import { policyTerms } from '../../responder/policy.ts';
import { sightingIn } from '../../responder/sightings.ts';
import { claimAt, documentOf, NOW } from './documents.ts';
import { rowOf } from './rows.ts';

const HOUR = 3_600_000;
const context: IntakeContext = {
  now: NOW,
  terms: policyTerms({
    min_confidence: 80,
    min_score: 0,
    max_age: 24 * HOUR,
    tags: ['malicious'],
    block_for: 24 * HOUR,
  }),
  guard: { check: () => undefined },
  fuse: createFuse({
    maxActive: 10,
    maxNewPerMinute: 5,
    maxPrefix4: 16,
    maxPrefix6: 32,
    maxCidrs: 3,
    maxAddresses: 99_999,
  }),
  held: NO_AMOUNT,
};
const guarded: IntakeContext = {
  ...context,
  guard: { check: () => ({ code: 'GUARD_PEER', reason: 'tipline works with it' }) },
};

function take(document: EnrichedDocument, row?: BlockRow, within = context) {
  const sighting = sightingIn(inspectDocument(document));
  assert.ok(typeof sighting === 'object', String(sighting));
  return intake(sighting, row, within);
}

const again = (changes = {}) => documentOf('9.1.2.3', NOW, { revision: 2, ...changes });

it('queues what is new, with the claim and the deadline', () => {
  const result = take(documentOf('9.1.2.3'));
  assert.equal(result?.row.state, 'waiting');
  assert.equal(result?.row.source, 'feed');
  assert.ok((result?.row.until ?? 0) > NOW + 22 * HOUR);
  assert.equal(result?.refused, false);
});

it('ignores a revision that is not above the one acted on', () => {
  assert.equal(take(documentOf('9.1.2.3'), rowOf('9.1.2.3')), undefined);
  assert.equal(take(documentOf('9.1.2.3', NOW, { status: 'revoked' }), rowOf('9.1.2.3')), undefined);
});

it('takes a later life for news, whatever its revision', () => {
  const row = rowOf('9.1.2.3', { life: 5, revision: 9 });
  const told = (life: number | undefined, revision: number) =>
    take(documentOf('9.1.2.3', NOW, { revision, status: 'revoked', ...(life === undefined ? {} : { life }) }), row)
      ?.row;
  assert.equal(told(undefined, 10), undefined, 'of a life before lives were told');
  assert.equal(told(4, 10), undefined, 'of an earlier life');
  assert.equal(told(5, 9), undefined);
  assert.equal(told(5, 10)?.state, 'intent-unblock');
  const lifted = told(6, 1);
  assert.deepEqual([lifted?.state, lifted?.life, lifted?.revision], ['intent-unblock', 6, 1]);
  const queued = take(documentOf('9.1.2.3', NOW, { revision: 1, life: 6 }), { ...row, state: 'released' })?.row;
  assert.deepEqual([queued?.state, queued?.life, queued?.revision], ['waiting', 6, 1]);
});

it('knows for which feed it blocks', () => {
  const claims = [claimAt(NOW, { feed: 'vetted', source: 'abuseipdb' })];
  assert.equal(take(documentOf('9.1.2.3', NOW, { claims }))?.row.feed, 'vetted');
  assert.equal(take(documentOf('9.1.2.3'))?.row.feed, null);
});

it('neither queues nor lifts for what outsiders say', () => {
  const outside = claimAt(NOW, { feed: 'push', outside: true, source: 'feed' });
  assert.equal(take(documentOf('9.1.2.3', NOW, { claims: [outside] })), undefined);
  const claims = [{ ...outside, revoked: true as const }, claimAt(NOW, { feed: 'vetted', confidence: 20 })];
  const row = take(again({ claims }), rowOf('9.1.2.3', { feed: 'vetted' }))?.row;
  assert.deepEqual([row?.state, row?.revision], ['enforced', 2]);
});

it('lifts what is benign', () => {
  const row = take(again({ benign: 'public DNS resolvers' }), rowOf('9.1.2.3'))?.row;
  assert.deepEqual([row?.state, row?.code], ['intent-unblock', 'BENIGN']);
});

it('moves the deadline of what is seen again, never back', () => {
  const renewed = take(again(), rowOf('9.1.2.3', { until: NOW + HOUR, kernelUntil: NOW + HOUR }))?.row;
  assert.equal(renewed?.state, 'enforced');
  assert.equal(renewed?.dirty, true);
  assert.ok((renewed?.until ?? 0) > NOW + 22 * HOUR);
  const kept = take(again(), rowOf('9.1.2.3', { until: NOW + 100 * HOUR }))?.row;
  assert.equal(kept?.until, NOW + 100 * HOUR);
});

it('means to lift what is revoked, and forgets what only waited', () => {
  const revoked = again({ status: 'revoked' });
  const lifted = take(revoked, rowOf('9.1.2.3'))?.row;
  assert.deepEqual([lifted?.state, lifted?.code, lifted?.dirty], ['intent-unblock', 'REVOKED', true]);
  const waiting = take(revoked, rowOf('9.1.2.3', { state: 'waiting' }))?.row;
  assert.deepEqual([waiting?.state, waiting?.dirty], ['released', false]);
  assert.equal(take(revoked), undefined);
});

it('lifts a block whose own claim was revoked while others stand', () => {
  const claims = [claimAt(NOW, { revoked: true }), claimAt(NOW, { source: 'other', confidence: 20 })];
  assert.equal(take(again({ claims }), rowOf('9.1.2.3'))?.row.code, 'CLAIM_REVOKED');
});

it('lets a block run out that no longer meets the terms, and lets what waits go', () => {
  const claims = [claimAt(NOW, { confidence: 20 })];
  assert.equal(take(again({ claims }), rowOf('9.1.2.3'))?.row.state, 'enforced');
  assert.equal(take(again({ claims }), rowOf('9.1.2.3', { state: 'waiting' }))?.row.state, 'released');
});

it('tells a refusal once, until its reason changes', () => {
  const first = take(documentOf('9.1.2.3'), undefined, guarded);
  assert.deepEqual([first?.row.state, first?.row.code, first?.refused], ['refused', 'GUARD_PEER', true]);
  assert.equal(take(again(), first?.row, guarded)?.refused, false);
  const other = { ...guarded, guard: { check: () => ({ code: 'GUARD_GATEWAY', reason: 'a gateway' }) } };
  assert.equal(take(again(), first?.row, other)?.refused, true);
});

it('lifts what stands when the guard now objects', () => {
  const row = take(again(), rowOf('9.1.2.3'), guarded)?.row;
  assert.deepEqual([row?.state, row?.code], ['intent-unblock', 'GUARD_PEER']);
});

it('leaves alone what an operator holds free, but remembers the revision', () => {
  const row = take(again(), rowOf('9.1.2.3', { state: 'released', holdUntil: NOW + 1 }))?.row;
  assert.deepEqual([row?.state, row?.revision], ['released', 2]);
  assert.equal(take(again(), rowOf('9.1.2.3', { state: 'released', holdUntil: NOW }))?.row.state, 'waiting');
});

it('takes back an unblock that was not done yet', () => {
  const row = take(again(), rowOf('9.1.2.3', { state: 'intent-unblock', dirty: true, code: 'REVOKED' }))?.row;
  assert.deepEqual([row?.state, row?.dirty, row?.code], ['intent-block', true, null]);
});

it('refuses what the fuse has no room for, but renews what stands', () => {
  const full = { ...context, held: { ...NO_AMOUNT, rows: 10 } };
  assert.equal(take(documentOf('9.1.2.3'), undefined, full)?.row.code, 'FUSE_MAX_ACTIVE');
  assert.equal(take(again(), rowOf('9.1.2.3'), full)?.row.state, 'enforced');
  assert.equal(take(documentOf('9.0.0.0/8'))?.row.code, 'FUSE_PREFIX_WIDTH');
});
