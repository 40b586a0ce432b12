import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { journalEntry } from '../../audit/journal-entry.ts';
import type { Incoming } from '../../bus/port.ts';

const NOW = Date.parse('2026-05-10T12:00:00Z');

function record(value: unknown): Incoming {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return { key: null, value: Buffer.from(text), offset: 7, timestamp: NOW, headers: {} };
}

const action = {
  schema: 1,
  id: 'fw1-abc-1-block',
  '@timestamp': '2026-05-09T23:59:59.999Z',
  verb: 'block',
  outcome: 'done',
  actor: 'fw1',
  reason: 'score 91',
};

const letter = {
  schema: 1,
  id: 'ioc.raw-0-12',
  '@timestamp': '2026-05-10T11:00:00.000Z',
  code: 'BAD_JSON',
  message: 'not JSON',
  stage: 'parse',
  origin: { topic: 'ioc.raw', partition: 0, offset: 12 },
  collected_at: '2026-05-10T10:59:00.000Z',
  payload: '{',
  payload_encoding: 'utf8',
  payload_bytes: 1,
};

test('an action is copied byte for byte into the day of its own time', () => {
  const incoming = record(action);
  const entry = journalEntry('actions', incoming);
  assert.equal(entry?.id, action.id);
  assert.equal(entry.day, '2026-05-09');
  assert.deepEqual(entry.document, incoming.value);
  incoming.value.fill(0);
  assert.deepEqual(JSON.parse(entry.document.toString()), action, 'the copy does not share the memory of the bus');
});

for (const { name, timestamp, day } of [
  { name: 'a week ago', timestamp: '2026-05-03T12:00:00.000Z', day: '2026-05-03' },
  { name: 'longer ago than the bus can explain', timestamp: '2026-05-03T11:59:59.999Z', day: '2026-05-10' },
  { name: 'the year 1970', timestamp: '1970-01-01T00:00:00.000Z', day: '2026-05-10' },
  { name: 'tomorrow', timestamp: '2026-05-11T12:00:00.000Z', day: '2026-05-11' },
  { name: 'the year 9999', timestamp: '9999-12-31T00:00:00.000Z', day: '2026-05-10' },
]) {
  test(`the day for a time of ${name} is ${day}`, () => {
    assert.equal(journalEntry('actions', record({ ...action, '@timestamp': timestamp }))?.day, day);
  });
}

for (const timestamp of [undefined, 'yesterday', 12, null]) {
  test(`a time of ${String(timestamp)} is replaced by the one the bus has`, () => {
    const entry = journalEntry('actions', record({ ...action, '@timestamp': timestamp }));
    assert.equal(entry?.day, '2026-05-10');
    assert.equal(JSON.parse(entry.document.toString())['@timestamp'], '2026-05-10T12:00:00.000Z');
  });
}

for (const { name, value } of [
  { name: 'no JSON', value: '{"schema":1' },
  { name: 'null', value: 'null' },
  { name: 'a list', value: [action] },
  { name: 'another schema', value: { ...action, schema: 2 } },
  { name: 'no id', value: { ...action, id: undefined } },
  { name: 'an id longer than the store takes', value: { ...action, id: 'é'.repeat(257) } },
  { name: 'no verb', value: { ...action, verb: undefined } },
  { name: 'a dead letter', value: letter },
]) {
  test(`${name} is no action`, () => assert.equal(journalEntry('actions', record(value)), undefined));
}

test('the payload of a dead letter is capped, and says so', () => {
  const payload = `${'a'.repeat(8191)}😀${'b'.repeat(100_000)}`;
  const entry = journalEntry('deadletters', record({ ...letter, payload, payload_bytes: Buffer.byteLength(payload) }));
  const document = JSON.parse(String(entry?.document));
  assert.equal(document.payload, 'a'.repeat(8191), 'not cut through the middle of a character');
  assert.equal(document.payload_cut, true);
  assert.equal(document.payload_bytes, Buffer.byteLength(payload), 'the size of the original stays known');
  assert.ok((entry?.document.length ?? 0) < 10_000);
});

test('a base64 payload is cut where it can still be decoded', () => {
  const bytes = Buffer.from(Array.from({ length: 20_000 }, (_, index) => index % 256));
  const entry = journalEntry(
    'deadletters',
    record({ ...letter, payload: bytes.toString('base64'), payload_encoding: 'base64' }),
  );
  const kept = Buffer.from(JSON.parse(String(entry?.document)).payload, 'base64');
  assert.deepEqual(kept, bytes.subarray(0, 6144));
});

test('a small dead letter is copied as it is', () => {
  assert.deepEqual(JSON.parse(String(journalEntry('deadletters', record(letter))?.document)), letter);
});

test('whatever stands on the topic, an entry has an id, a day near the record and a JSON document', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.record(
          {
            schema: fc.constant(1),
            id: fc.string(),
            '@timestamp': fc.anything(),
            verb: fc.string(),
            outcome: fc.string(),
            actor: fc.string(),
          },
          { requiredKeys: ['schema', 'id'] },
        ),
      ),
      fc.constantFrom('actions' as const, 'deadletters' as const),
      (value, kind) => {
        const entry = journalEntry(kind, record(value));
        if (entry === undefined) return;
        assert.notEqual(entry.id, '');
        const day = Date.parse(entry.day);
        assert.ok(day >= NOW - 8 * 86_400_000 && day <= NOW + 2 * 86_400_000, entry.day);
        assert.equal(typeof JSON.parse(entry.document.toString()), 'object');
      },
    ),
  );
});
