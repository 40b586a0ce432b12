import assert from 'node:assert/strict';
import { test } from 'node:test';
import { iprepRecords } from '../../../ingest/formats/iprep.ts';
import { named, readDocument } from './reading.ts';

test('the score becomes the confidence; each category is a statement of its own', async () => {
  const categories = new Map([[1, 'CnC']]);
  const { records, skipped } = await readDocument(
    (bytes, tally) => iprepRecords(bytes, { categories }, tally),
    '# ip,category,score\n192.0.2.1,1,127\n192.0.2.1, 2 ,64\n2001:db8::/32,1,1\n192.0.2.2,1,0\n192.0.2.3,1,128\n192.0.2.4,x,1\nevil.example,1,100\n192.0.2.5,1\n',
  );
  assert.deepEqual(records, [
    {
      indicator: '192.0.2.1',
      type: 'ip',
      ref: 'category-1',
      confidence: 100,
      categories: ['CnC'],
      context: { category: 1, score: 127 },
    },
    { indicator: '192.0.2.1', type: 'ip', ref: 'category-2', confidence: 50, context: { category: 2, score: 64 } },
    {
      indicator: '2001:db8::/32',
      type: 'cidr',
      ref: 'category-1',
      confidence: 1,
      categories: ['CnC'],
      context: { category: 1, score: 1 },
    },
  ]);
  assert.deepEqual(skipped, [
    '5: a score of 0 says nothing against an address',
    '6: "128" is no score from 1 to 127',
    '7: "x" is no number of a category',
    '8: "evil.example,1,100" does not begin with an address',
    '9: "" is no score from 1 to 127',
  ]);
});

test('bare addresses, and what ipset save writes', async () => {
  const { records, skipped } = await readDocument(
    (bytes, tally) => iprepRecords(bytes, {}, tally),
    '192.0.2.1\n192.0.2.0/24 # net\ncreate bad hash:net family inet\nadd bad 198.51.100.7 timeout 60\nadd bad 198.51.100.8,tcp:80\nadd bad 198.51.100.0/28 comment "x y"\nadd bad evil.example\nCOMMIT\n',
  );
  assert.deepEqual(named(records), [
    'ip 192.0.2.1',
    'cidr 192.0.2.0/24',
    'ip 198.51.100.7',
    'ip 198.51.100.8',
    'cidr 198.51.100.0/28',
  ]);
  assert.deepEqual(skipped, ['7: "add bad evil.example" names no address']);
});
