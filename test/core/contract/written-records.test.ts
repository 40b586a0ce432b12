import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deadLetterOf } from '../../../alerting/refused-record.ts';
import { journalEntry } from '../../../audit/journal-entry.ts';
import type { Batch, Incoming } from '../../../bus/port.ts';
import type { Action } from '../../../core/contract/action.ts';
import type { DeadLetter } from '../../../core/contract/dead-letter.ts';
import { parsePrefix } from '../../../core/indicator/address.ts';
import { deadLetterRecord } from '../../../enrich/dead-letters.ts';
import { deadLetter } from '../../../enrich/steps/outcome.ts';
import { actionOf } from '../../../responder/action.ts';
import { deadLetter as responderLetter } from '../../../responder/dead-letter.ts';
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
      const letters: unknown[] = [
        JSON.parse(
          String(
            deadLetterRecord(
              record(value),
              { topic: 'ioc.raw', partition: 3 },
              deadLetter('parse', 'RAW_NOT_JSON', 'no JSON'),
              NOW,
            ).value,
          ),
        ),
        deadLetterOf(batch, record(value), { code: 'DOCUMENT_NOT_JSON', message: 'no JSON' }, NOW),
        JSON.parse(String(responderLetter({ record: record(value), message: 'no JSON' }, batch, NOW).value)),
      ];
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

  it('that are none are told apart', () => {
    const letter = deadLetterOf(
      batchOf('ioc.enriched', Buffer.from('x')),
      record(Buffer.from('x')),
      { code: 'A', message: 'a' },
      NOW,
    );
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
    revision: 4,
    state: 'enforced',
    until: NOW + 86_400_000,
    kernelUntil: NOW + 86_400_000,
    coveredBy: null,
    score: 93,
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
