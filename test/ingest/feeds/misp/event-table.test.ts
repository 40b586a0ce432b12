import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createEventTable } from '../../../../ingest/feeds/misp/event-table.ts';

test('knows which version of an event was read, before and after it was stored', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.uuid(), fc.integer({ min: 0, max: 4_000_000_000 }))),
      fc.uuid(),
      (events, other) => {
        let table = createEventTable();
        const model = new Map<string, number>();
        for (const [uuid, stamp] of events) {
          table.set(uuid, stamp);
          model.set(uuid, stamp);
          if (stamp % 3 === 0) table = createEventTable(table.encode());
        }
        for (const [uuid, stamp] of model) {
          assert.equal(table.known(uuid), stamp);
          assert.ok(table.isRead(uuid.toUpperCase(), stamp));
          assert.ok(!table.isRead(uuid, stamp + 1));
        }
        assert.equal(table.size, model.size);
        if (!model.has(other)) assert.ok(!table.isRead(other, 5));
        const kept = [...model.keys()].slice(0, 3);
        assert.equal(table.retain(kept), model.size - kept.length);
        assert.equal(table.size, kept.length);
      },
    ),
  );
});

test('keeps the newest events when there are too many, and tells from where on it is blind', () => {
  const table = createEventTable(undefined, 100);
  const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
  for (let n = 0; n < 250; n += 1) table.set(uuid(n), 1000 + n);
  const stored = table.encode();
  assert.equal(table.size, 100);
  assert.equal(stored.floor, 1149);
  const again = createEventTable(stored, 100);
  for (let n = 0; n < 250; n += 1) assert.ok(again.isRead(uuid(n), 1000 + n));
  assert.ok(!again.isRead(uuid(3), 2000));
  assert.ok(!again.isRead(uuid(999), 1150));
});

test('15,000 events take 200 kB', () => {
  const table = createEventTable();
  for (let n = 0; n < 15_000; n += 1) table.set(`event ${n}`, n);
  assert.equal(table.size, 15_000);
  assert.equal(table.encode().events.length, 200_000);
});

test('takes anything for a stored table', () => {
  for (const events of ['', 'x', '!!!', 'AAAA', Buffer.alloc(25).toString('base64')]) {
    createEventTable({ events, floor: 0 }).encode();
  }
});
