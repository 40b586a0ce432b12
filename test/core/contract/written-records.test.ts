import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { journalEntry } from '../../../audit/journal-entry.ts';
import type { Batch, Incoming } from '../../../bus/port.ts';
import type { Action } from '../../../core/contract/action.ts';
import { type DeadLetter, deadLetterRecord } from '../../../core/contract/dead-letter.ts';
import { parsePrefix } from '../../../core/indicator/address.ts';
import { actionOf } from '../../../responder/action.ts';
import type { BlockRow } from '../../../responder/ledger/block-row.ts';
import { NOW } from './enriching.ts';
import { faults } from './schemas.ts';

const payloads: Readonly<Record<string, Buffer>> = {
  empty: Buffer.alloc(0),
  text: Buffer.from('{"indicator": "9.9.9.9"'),
  'control characters': Buffer.from('\u0000\u001b"\\\u2028'),
  'no text': Buffer.from([0xff, 0xfe, 0x00]),
  'too long for a letter': Buffer.from('x'.repeat(600_000)),
  'too long and no text': Buffer.alloc(600_000, 0xff),
  'cut through a character': Buffer.from(`x${'ä'.repeat(300_000)}`),
};

const record = (value: Buffer): Incoming => ({ key: null, value, offset: 7, timestamp: NOW, headers: {} });
const batchOf = (topic: string, value: Buffer): Batch => ({
  topic,
  partition: 3,
  records: [record(value)],
  heartbeat: async () => {},
  signal: new AbortController().signal,
});

describe('dead letters', () => {
  for (const [what, value] of Object.entries(payloads)) {
    it(`of a record that is ${what} are as the schema says, whoever writes them`, () => {
      const batch = batchOf('ioc.enriched', value);
      const refusal = { code: 'RAW_NOT_JSON', message: 'no JSON', stage: 'parse' };
      const letters: unknown[] = [JSON.parse(deadLetterRecord(record(value), batch, refusal, NOW).value)];
      for (const letter of letters) {
        assert.deepEqual(faults('dead-letter', letter), []);
        const { payload, payload_encoding, payload_cut, payload_bytes } = letter as DeadLetter;
        const kept = Buffer.from(payload, payload_encoding);
        assert.deepEqual(kept, value.subarray(0, kept.length));
        assert.equal(payload_cut === true, kept.length < payload_bytes);
        const copy = journalEntry('deadletters', record(Buffer.from(JSON.stringify(letter))));
        assert.deepEqual(faults('dead-letter', JSON.parse(String(copy?.document))), []);
      }
    });
  }

  it('keep when a replayed record was first read, and no other text from that header', () => {
    const first = '2026-02-01T00:00:00.000Z';
    for (const [header, kept] of [
      [first, first],
      ['2026-02-01T01:00:00+01:00', first],
      ['yesterday', new Date(NOW).toISOString()],
      ['+012345-01-01T00:00:00Z', new Date(NOW).toISOString()],
      ['', new Date(NOW).toISOString()],
    ] as const) {
      const replayed = { ...record(Buffer.from('x')), headers: { collected_at: header } };
      const refusal = { code: 'A', message: 'a', stage: 'parse' };
      const { value } = deadLetterRecord(replayed, { topic: 'ioc.raw', partition: 0 }, refusal, NOW);
      const letter = JSON.parse(value) as DeadLetter;
      assert.deepEqual(faults('dead-letter', letter), []);
      assert.equal(letter.collected_at, kept, header);
    }
  });

  it('have ids of their own when a topic that was made again begins its origins anew, and one id when a record is read twice', () => {
    const refusal = { code: 'A', message: 'a', stage: 'parse' };
    const idOf = (refused: Incoming): string =>
      (JSON.parse(deadLetterRecord(refused, { topic: 'ioc.raw', partition: 0 }, refusal, NOW).value) as DeadLetter).id;
    const first = record(Buffer.from('x'));
    assert.equal(idOf(first), idOf({ ...first, headers: { feed: 'a' } }));
    const others = [
      { ...first, timestamp: NOW + 1 },
      { ...first, value: Buffer.from('y') },
      { ...first, key: 'k' },
    ];
    assert.equal(new Set([first, ...others].map(idOf)).size, 4);
    assert.match(idOf(first), /^ioc\.raw-0-7-/);
  });

  it('keep what stood beside the record, within bounds', () => {
    const refusal = { code: 'A', message: 'a', stage: 'parse' };
    const letterOf = (headers: Record<string, string>): DeadLetter =>
      JSON.parse(
        deadLetterRecord({ ...record(Buffer.from('x')), headers }, { topic: 'ioc.raw', partition: 0 }, refusal, NOW)
          .value,
      ) as DeadLetter;
    const kept = letterOf({
      feed: 'vetted',
      outside: '1',
      signature: 'abc',
      collected_at: '2026-02-01T00:00:00Z',
      long: 'x'.repeat(2000),
    });
    assert.deepEqual(kept.headers, { feed: 'vetted', outside: '1', signature: 'abc' });
    assert.deepEqual(faults('dead-letter', kept), []);
    const many = letterOf(Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`h${n}`, '1'])));
    assert.deepEqual(faults('dead-letter', many), []);
    assert.equal('headers' in letterOf({}), false);
  });

  it('that are none are told apart', () => {
    const refusal = { code: 'A', message: 'a', stage: 'alerting' };
    const batch = batchOf('ioc.enriched', Buffer.from('x'));
    const letter = JSON.parse(deadLetterRecord(record(Buffer.from('x')), batch, refusal, NOW).value) as DeadLetter;
    for (const wrong of [
      { ...letter, schema: 2 },
      { ...letter, id: 'somewhere' },
      { ...letter, payload_cut: false },
      { ...letter, payload_encoding: 'hex' },
      { ...letter, '@timestamp': '2026-01-01' },
      { ...letter, extra: 1 },
      { ...letter, origin: { topic: 'a', partition: -1, offset: 0 } },
    ])
      assert.notDeepEqual(faults('dead-letter', wrong), []);
  });
});

describe('actions', () => {
  const row: BlockRow = {
    value: '203.0.113.7',
    indicator: 'a'.repeat(40),
    type: 'ip',
    prefix: parsePrefix('203.0.113.7') ?? assert.fail('no prefix'),
    life: 0,
    revision: 4,
    state: 'enforced',
    until: NOW + 86_400_000,
    kernelUntil: NOW + 86_400_000,
    coveredBy: null,
    score: 93,
    feed: 'feed-a',
    source: 'feed-a',
    ref: null,
    reason: 'feed-a says so with confidence 91',
    code: null,
    holdUntil: 0,
    queuedAt: NOW,
    blockedAt: NOW,
    changedAt: NOW,
    dirty: false,
    seq: 1,
  };

  it('of the responder are as the schema says', () => {
    for (const enforces of [true, false]) {
      const context = { actor: 'fw1', enforces, now: NOW };
      for (const action of [
        actionOf('block', row, context),
        actionOf('unblock', { ...row, code: 'REVOKED' }, context),
        actionOf('refuse', { ...row, code: 'GUARD_SPECIAL_PURPOSE', type: 'cidr', value: '10.0.0.0/8' }, context),
        actionOf('unblock', { ...row, source: '' }, context),
      ])
        assert.deepEqual(faults('action', JSON.parse(JSON.stringify(action))), []);
    }
  });

  it('of alerting are as the schema says', () => {
    const mail: Action = {
      schema: 1,
      id: 'mail-1',
      '@timestamp': new Date(NOW).toISOString(),
      verb: 'mail',
      outcome: 'done',
      actor: 'alerting',
      reason: '3 indicators above 80',
      mail: { message_id: '<mail-1@tipline>', indicators: 3, recipients: 1 },
    };
    assert.deepEqual(faults('action', mail), []);
    for (const wrong of [
      { ...mail, verb: 'email' },
      { ...mail, outcome: 'failed' },
      { ...mail, extra: 1 },
      { ...mail, mail: { message_id: '<a@b>' } },
      { ...mail, code: 'not a code' },
    ])
      assert.notDeepEqual(faults('action', wrong), []);
  });
});
