import assert from 'node:assert/strict';
import { it } from 'node:test';
import { indicatorId } from '../../core/indicator/id.ts';
import { readRecords } from '../../responder/sightings.ts';
import { documentOf, NOW } from './documents.ts';

function record(value: unknown, offset = 0) {
  const bytes = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
  return { key: null, value: bytes, offset, timestamp: NOW, headers: {} };
}

it('keeps the highest revision of an address in a batch', () => {
  const of = (revision: number) => record(documentOf('9.1.2.3', NOW, { revision }));
  const { sightings } = readRecords([of(3), of(5), of(4), record(documentOf('9.1.2.4'))]);
  assert.deepEqual(
    sightings.map(({ value, document }) => [value, document.tipline.revision]),
    [
      ['9.1.2.3', 5],
      ['9.1.2.4', 1],
    ],
  );
});

it('keeps the latest life of an address in a batch, whatever its revision', () => {
  const of = (revision: number, life?: number) =>
    record(documentOf('9.1.2.3', NOW, { revision, ...(life === undefined ? {} : { life }) }));
  const kept = (...records: ReturnType<typeof of>[]) => {
    const { life, revision } = readRecords(records).sightings[0]?.document.tipline ?? {};
    return [life, revision];
  };
  assert.deepEqual(kept(of(9), of(2, 7), of(3, 6)), [7, 2]);
  assert.deepEqual(kept(of(2, 7), of(9)), [7, 2]);
});

it('passes over other types and later versions', () => {
  const later = documentOf('9.1.2.3', NOW, { schema: 2 });
  const domain = documentOf('example.org', NOW, {
    type: 'domain',
    id: indicatorId({ type: 'domain', value: 'example.org' }),
  });
  assert.deepEqual(readRecords([record(later), record(domain)]), { sightings: [], bad: [] });
});

it('sets aside what is no document', () => {
  const bad = [
    '{',
    '[]',
    'null',
    '{"tipline":{}}',
    JSON.stringify({ ...documentOf('9.1.2.3'), tipline: { schema: 1, type: 'ip' } }),
  ];
  const read = readRecords(bad.map((text, at) => record(text, at)));
  assert.equal(read.bad.length, bad.length);
  assert.deepEqual(read.sightings, []);
});

for (const value of [
  '9.1.2.3 } ; add table ip evil #',
  '9.1.2.3/32',
  '9.1.2.3/24',
  '009.1.2.3',
  '::ffff:9.1.2.3',
  '2A00::1',
  'localhost',
  '9.1.2.3\n',
  '',
]) {
  it(`sets aside an address that is not canonical: ${JSON.stringify(value)}`, () => {
    const type = value.includes('/') ? 'cidr' : 'ip';
    const { sightings, bad } = readRecords([record(documentOf(value, NOW, { type }))]);
    assert.deepEqual([sightings.length, bad.length], [0, 1]);
  });
}

it('sets aside a network that is called an address, and the other way round', () => {
  const wrong = [documentOf('9.1.2.0/24', NOW, { type: 'ip' }), documentOf('9.1.2.3', NOW, { type: 'cidr' })];
  assert.equal(readRecords(wrong.map((one) => record(one))).bad.length, 2);
});
