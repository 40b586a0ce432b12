import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rawLineRecords, rawRecords } from '../../../ingest/formats/raw-records.ts';
import { readDocument, recordingTally } from './reading.ts';

const some = [
  { indicator: '192.0.2.1', type: 'ip', tags: 'a,b' },
  { indicator: 'evil.example', context: { x: [1] } },
];

test('an array, one object, and lines of them, just as they came', async () => {
  assert.deepEqual((await readDocument(rawRecords, JSON.stringify(some), 3)).records, some);
  assert.deepEqual((await readDocument(rawRecords, JSON.stringify(some[0], null, 2))).records, [some[0]]);
  const lines = some.map((record) => `${JSON.stringify(record)}\r\n`).join('\n');
  assert.deepEqual((await readDocument(rawLineRecords, lines, 5)).records, some);
});

test('what has no indicator costs itself alone', async () => {
  const strange = [1, null, [], { indicator: 5 }, { indicator: ' ' }, { recheck: 'x' }, ...some];
  const array = await readDocument(rawRecords, JSON.stringify(strange));
  assert.deepEqual(array.records, some);
  assert.deepEqual(array.skipped.length, 6);
  assert.equal(array.skipped[0], '1: no object with an "indicator"');
  const lines = await readDocument(
    rawLineRecords,
    `{broken\n${strange.map((value) => JSON.stringify(value)).join('\n')}`,
  );
  assert.deepEqual(lines.records, some);
  assert.equal(lines.skipped.length, 7);
  assert.equal(lines.skipped[0], '1: not JSON');
});

test('a document that breaks off gives what stands before, and its place', async () => {
  const records: unknown[] = [];
  const text = `[${Array.from({ length: 40_000 }, (_, n) => `{"indicator":"n${n}.example"}`).join(',')}`;
  await assert.rejects(
    async () => {
      const tally = recordingTally({ skipped: [] });
      const bytes = (async function* () {
        yield Buffer.from(text);
      })();
      for await (const batch of rawRecords(bytes, tally)) {
        assert.ok(batch.length <= 1000);
        records.push(...batch);
      }
    },
    { code: 'FEED_NOT_JSON', message: new RegExp(`byte ${text.length}`) },
  );
  assert.equal(records.length, 40_000);
});

test('what is too large in one object is left out and counted', async () => {
  const text = JSON.stringify({ indicator: 'evil.example', description: 'x'.repeat(2_000_000), type: 'domain' });
  const { records, skipped } = await readDocument(rawRecords, text, 65_536);
  assert.deepEqual(records, [{ indicator: 'evil.example', type: 'domain' }]);
  assert.equal(skipped.length, 1);
});
