import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordAlerts } from '../../alerting/record-alerts.ts';
import type { BatchPatience } from '../../bus/port.ts';
import type { EnrichedDocument } from '../../core/contract/enriched-document.ts';
import { type Sample, sampleDocument } from '../store/sample-document.ts';
import { type FakeOutbox, fakeOutbox } from './fakes.ts';

const NOW = Date.parse('2026-05-10T12:00:00Z');
const policy = { threshold: 80, repeatAfter: 86_400_000 };
const patience: BatchPatience = { heartbeat: async () => {}, signal: new AbortController().signal };

function documents(...samples: Sample[]): EnrichedDocument[] {
  return samples.map((sample) => sampleDocument(sample));
}

async function record(outbox: FakeOutbox, ...samples: Sample[]): Promise<unknown> {
  return recordAlerts(documents(...samples), outbox, policy, NOW, patience);
}

test('a batch makes one row an alertable indicator and none for the others', async () => {
  const outbox = fakeOutbox();
  let calls = 0;
  outbox.before = () => {
    calls += 1;
  };
  const result = await record(
    outbox,
    { value: '192.0.2.1', score: 81 },
    { value: '192.0.2.2', score: 80 },
    { value: '192.0.2.3', status: 'allowed' },
    { value: '192.0.2.4', composite: true },
    { value: '192.0.2.5', expiresAt: '2026-05-10T11:00:00Z' },
    { value: '192.0.2.6', score: 100 },
  );
  assert.deepEqual(result, { opened: 2, closed: 0 });
  assert.deepEqual(
    outbox
      .rows()
      .map(({ alert }) => alert.value)
      .sort(),
    ['192.0.2.1', '192.0.2.6'],
  );
  assert.equal(calls, 2, 'one read and one write, however many');
});

test('several changes of one indicator are one row, the last one counts', async () => {
  const outbox = fakeOutbox();
  assert.deepEqual(await record(outbox, { revision: 1, score: 90 }, { revision: 2, score: 95 }), {
    opened: 1,
    closed: 0,
  });
  assert.partialDeepStrictEqual(outbox.rows()[0], {
    revision: 2,
    state: 'pending',
    alert: { threat_score: 95, again: false },
  });
});

test('what was alertable only within one batch leaves no row', async () => {
  const outbox = fakeOutbox();
  assert.deepEqual(await record(outbox, { revision: 1 }, { revision: 2, status: 'allowed' }), { opened: 0, closed: 0 });
  assert.deepEqual(outbox.rows(), []);
});

test('a batch that comes again changes nothing', async () => {
  const outbox = fakeOutbox();
  const batch: Sample[] = [{ revision: 1 }, { revision: 2, status: 'revoked' }, { revision: 3 }];
  await record(outbox, ...batch);
  const before = outbox.rows();
  assert.deepEqual(await record(outbox, ...batch), { opened: 0, closed: 0 });
  assert.deepEqual(outbox.rows(), before);
});

test('a row that the sender took in between is decided again', async () => {
  const outbox = fakeOutbox();
  await record(outbox, { revision: 1 });
  const [row] = outbox.rows();
  assert.ok(row !== undefined);
  let raced = false;
  outbox.before = (call) => {
    if (call !== 'save' || raced) return;
    raced = true;
    void outbox.save([{ value: { ...row, state: 'mailed', mail: 'm', alertedAt: NOW }, version: '1' }]);
  };
  assert.deepEqual(await record(outbox, { revision: 2, status: 'revoked' }), { opened: 0, closed: 1 });
  assert.equal(raced, true);
  assert.partialDeepStrictEqual(outbox.rows()[0], { state: 'mailed', mail: 'm', open: false, revision: 2 });
});

test('an outbox that never takes a row ends in an error, not in a loop', async () => {
  const outbox = fakeOutbox();
  outbox.save = async (rows) => rows.map(() => false);
  await assert.rejects(record(outbox, { revision: 1 }), { code: 'OUTBOX_CONTENDED' });
});

test('a batch that was taken away is left alone', async () => {
  const outbox = fakeOutbox();
  const gone = { heartbeat: async () => {}, signal: AbortSignal.abort() };
  await assert.rejects(recordAlerts(documents({}), outbox, policy, NOW, gone), { code: 'ABORTED' });
  assert.deepEqual(outbox.rows(), []);
});
