import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Incoming } from '../../../bus/port.ts';
import { UNSIGNED_HEADER } from '../../../core/contract/topics.ts';
import { MOST_CLAIM_BYTES } from '../../../enrich/steps/claim-size.ts';
import { contextOf } from '../../../enrich/steps/context.ts';
import type { Outcome } from '../../../enrich/steps/outcome.ts';
import { readRecord } from '../../../enrich/steps/read-record.ts';
import { DAY, iso, T0 } from '../sample-claim.ts';

const ORIGIN = 'ioc.raw-0-7';
const WINDOW = { earliest: T0 - 90 * DAY, latest: T0, headersSince: 0 };

function record(value: unknown, headers: Record<string, string> = {}): Incoming {
  const bytes = Buffer.isBuffer(value) ? value : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
  return { key: null, value: bytes, offset: 7, timestamp: T0, headers };
}

const read = (value: unknown, headers?: Record<string, string>): Outcome =>
  readRecord(record(value, headers), ORIGIN, WINDOW);

function report(value: unknown, headers?: Record<string, string>) {
  const outcome = read(value, headers);
  assert.equal(outcome.kind, 'report', JSON.stringify(outcome));
  return (outcome as Extract<Outcome, { kind: 'report' }>).report;
}

const good = { indicator: '8.8.4.4', source: 'feed-a' };

describe('readRecord', () => {
  it('reads the least that a record can say', () => {
    const { indicator, claim, collectedAt } = report(good);
    assert.deepEqual(indicator, { type: 'ip', value: '8.8.4.4' });
    assert.equal(collectedAt, T0);
    assert.equal(claim.confidence, 0);
    assert.equal(claim.severity, undefined);
    assert.equal(claim.timestamp, iso(T0));
    assert.equal(claim.lastSeen, iso(T0));
    assert.equal(claim.origin, ORIGIN);
  });

  it('understands what sloppy producers write', () => {
    const { indicator, claim, told } = report({
      indicator: 'hxxp://Example[.]NET/a',
      type: 'URL',
      source: 'feed-a',
      confidence: '85',
      severity: '60.4',
      revoked: 'false',
      tags: 'b, a ,,a',
      tlp: 'tlp:white',
      timestamp: 1764000000,
      id: 17,
      extra: { deep: [1, 2] },
      context: { note: 'x' },
    });
    assert.equal(indicator.value, 'http://example.net/a');
    assert.equal(claim.confidence, 85);
    assert.equal(claim.severity, 60);
    assert.deepEqual(claim.tags, ['a', 'b']);
    assert.equal(claim.tlp, 'CLEAR');
    assert.deepEqual(contextOf(told), { id: '17', extra: '{"deep":[1,2]}', note: 'x' });
  });

  it('gives equal content the same hash, whatever the times and the order of tags', () => {
    const a = report({ ...good, tags: ['x', 'y'], timestamp: '2026-01-01' }).claim.hash;
    const b = report({ ...good, tags: 'y,x', timestamp: '2026-01-02', last_seen: '2026-01-02' }).claim.hash;
    assert.equal(a, b);
    assert.notEqual(a, report({ ...good, tags: ['x', 'y'], confidence: 1 }).claim.hash);
  });

  it('takes no time from the future, and keeps valid_until', () => {
    const { claim } = report({
      ...good,
      timestamp: iso(T0 + 30 * DAY),
      last_seen: iso(T0 + 40 * DAY),
      valid_until: iso(T0 + 50 * DAY),
    });
    assert.equal(claim.timestamp, iso(T0));
    assert.equal(claim.lastSeen, iso(T0));
    assert.equal(claim.validUntil, iso(T0 + 50 * DAY));
  });

  it('takes the reading time of a replayed record from its header', () => {
    assert.equal(report(good, { collected_at: iso(T0 - 3 * DAY) }).collectedAt, T0 - 3 * DAY);
  });

  it('does not let a producer choose the day of an index', () => {
    assert.equal(report({ ...good, collected_at: '2001-02-03' }).collectedAt, T0 - 90 * DAY);
    assert.equal(report({ ...good, collected_at: '2090-02-03' }).collectedAt, T0);
  });

  it('believes a publisher of ours whose clock is ahead, and nobody else', () => {
    const ahead = { indicator: '8.8.4.4', source: 'feed-a', collected_at: iso(T0 + DAY) };
    const from = (headers: Record<string, string>) => {
      const outcome = readRecord({ ...record(ahead, headers), timestamp: T0 + DAY }, ORIGIN, WINDOW);
      assert.equal(outcome.kind, 'report');
      return (outcome as Extract<Outcome, { kind: 'report' }>).report.claim.timestamp;
    };
    assert.equal(from({ feed: 'list' }), iso(T0 + DAY));
    assert.equal(from({ feed: 'push', outside: '1' }), iso(T0));
    assert.equal(from({}), iso(T0));
  });

  it('takes the feed from the publisher, and whoever gives none for an outsider', () => {
    const told = { ...good, feed: 'vetted', outside: false };
    const taker = (headers: Record<string, string>) => {
      const { feed, outside } = report(told, headers).claim;
      return { feed, outside };
    };
    assert.deepEqual(taker({ feed: 'vetted' }), { feed: 'vetted', outside: false });
    assert.deepEqual(taker({ feed: 'push', outside: '1' }), { feed: 'push', outside: true });
    assert.deepEqual(taker({}), { feed: 'external', outside: true });
    assert.deepEqual(taker({ feed: ' \u0000' }), { feed: 'external', outside: true });
  });

  it('believes what a tipline left on its way that named no feed, and nobody later', () => {
    const taker = (timestamp: number, headers: Record<string, string> = {}) => {
      const outcome = readRecord({ ...record(good, headers), timestamp }, ORIGIN, { ...WINDOW, headersSince: T0 });
      assert.equal(outcome.kind, 'report');
      const { feed, outside } = (outcome as Extract<Outcome, { kind: 'report' }>).report.claim;
      return [feed, outside];
    };
    assert.deepEqual(taker(T0 - 1), ['', false]);
    assert.deepEqual(taker(T0), ['external', true]);
    assert.deepEqual(taker(T0 - 1, { [UNSIGNED_HEADER]: '1' }), ['external', true]);
    assert.deepEqual(taker(T0 - 1, { feed: 'push', outside: '1' }), ['push', true]);
  });

  it('gives an outsider who uses the name of another source a place of its own in history', () => {
    const ours = report(good, { feed: 'feed-a' }).claim.hash;
    assert.notEqual(report(good).claim.hash, ours);
    assert.notEqual(report(good, { feed: 'push', outside: '1' }).claim.hash, ours);
    assert.equal(report(good, { feed: 'feed-b' }).claim.hash, ours);
  });

  it('keeps a claim within its size, always in the same way', () => {
    const long = {
      ...good,
      description: '文'.repeat(600),
      tags: Array.from({ length: 40 }, (_, n) => `${'文'.repeat(60)}${n}`),
      malware: Array.from({ length: 40 }, (_, n) => `${'x'.repeat(60)}${n}`),
    };
    const { claim } = report(long);
    const texts = [claim.source, claim.ref, claim.description, claim.reference, ...claim.tags, ...claim.malware];
    assert.ok(Buffer.byteLength(texts.join('')) <= MOST_CLAIM_BYTES);
    assert.ok(claim.malware.length > 0);
    assert.equal(report(long).claim.hash, claim.hash);
    assert.ok(claim.description.isWellFormed());
  });

  it('reads a request to derive again', () => {
    assert.deepEqual(read({ recheck: 'a'.repeat(40) }), { kind: 'recheck', id: 'a'.repeat(40) });
  });

  it('refuses what stands in for a batch that cannot be read', () => {
    const outcome = read('', { 'tipline-refused': 'unknown codec 7' });
    assert.ok(
      outcome.kind === 'dead-letter' && outcome.code === 'RAW_BATCH_UNREADABLE' && outcome.message.includes('codec 7'),
    );
  });

  it('drops a record without a value', () => assert.equal(read('').kind, 'drop'));

  const broken: [string, unknown, string][] = [
    ['text that is no JSON', '{"indicator": "8.8.8.8"', 'RAW_NOT_JSON'],
    ['a log line', 'Nov 24 06:00:00 host sshd[1]: Failed password', 'RAW_NOT_JSON'],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), 'RAW_NOT_UTF8'],
    ['an array', '[]', 'RAW_NOT_OBJECT'],
    ['null', 'null', 'RAW_NOT_OBJECT'],
    ['no indicator', { source: 'a' }, 'RAW_INDICATOR_MISSING'],
    ['an indicator that is no text', { indicator: 17, source: 'a' }, 'RAW_INDICATOR_MISSING'],
    ['no source', { indicator: '8.8.8.8' }, 'RAW_SOURCE_MISSING'],
    ['an unknown type', { ...good, type: 'unicorn' }, 'RAW_TYPE_UNKNOWN'],
    ['a type that is no text', { ...good, type: {} }, 'RAW_TYPE_UNKNOWN'],
    ['a confidence in words', { ...good, confidence: 'high' }, 'RAW_CONFIDENCE_INVALID'],
    ['a confidence over 100', { ...good, confidence: 101 }, 'RAW_CONFIDENCE_INVALID'],
    ['a negative severity', { ...good, severity: -1 }, 'RAW_SEVERITY_INVALID'],
    ['a time that is none', { ...good, last_seen: 'last week' }, 'RAW_LAST_SEEN_INVALID'],
    ['tags that are objects', { ...good, tags: [{ name: 'x' }] }, 'RAW_TAGS_INVALID'],
    ['a TLP that does not exist', { ...good, tlp: 'PURPLE' }, 'RAW_TLP_INVALID'],
    ['revoked in words', { ...good, revoked: 'maybe' }, 'RAW_REVOKED_INVALID'],
    ['a record of 300 KB', { ...good, description: 'x'.repeat(300_000) }, 'RAW_TOO_LARGE'],
    ['a recheck of nonsense', { recheck: '../etc/passwd' }, 'RAW_RECHECK_INVALID'],
  ];
  for (const [what, value, code] of broken) {
    it(`refuses ${what}`, () => {
      const outcome = read(value);
      assert.equal(outcome.kind, 'dead-letter');
      assert.equal((outcome as Extract<Outcome, { kind: 'dead-letter' }>).code, code);
    });
  }

  it('never throws, whatever JSON comes', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => void read(text)),
      { numRuns: 1000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void read(Buffer.from(bytes))),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom('indicator', 'type', 'source', 'tags', 'context', 'timestamp', '__proto__', 'x'),
          fc.jsonValue(),
        ),
        (value) => void read({ ...good, ...value }),
      ),
      { numRuns: 1000 },
    );
    assert.equal(
      read(`{"indicator":"8.8.4.4","source":"a","context":${'['.repeat(50_000)}${']'.repeat(50_000)}}`).kind,
      'report',
    );
  });

  it('strips what would mislead a reader', () => {
    const { claim } = report({ ...good, description: 'a\u202egpj.exe\r\nBcc: x\u0000', tags: ['\u0007bell'] });
    assert.equal(claim.description, 'a gpj.exe  Bcc: x');
    assert.deepEqual(claim.tags, ['bell']);
  });
});
