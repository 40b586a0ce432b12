import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { buildDigest } from '../../alerting/digest.ts';
import { sampleAlert } from './samples.ts';

test('the digest keeps the worst, whatever the order they come in', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 100 }), { maxLength: 500 }),
      fc.integer({ min: 1, max: 20 }),
      (scores, most) => {
        const digest = buildDigest(most);
        for (const [index, threat_score] of scores.entries()) {
          digest.add(sampleAlert({ threat_score, value: `v${index}`, again: index % 3 === 0 }));
        }
        const { total, again, top } = digest.finish();
        assert.equal(total, scores.length);
        assert.equal(again, Math.ceil(scores.length / 3));
        assert.deepEqual(
          top.map(({ threat_score }) => threat_score),
          [...scores].sort((a, b) => b - a).slice(0, most),
        );
      },
    ),
  );
});

test('sources are counted once an indicator, and invented ones end up together', () => {
  const digest = buildDigest(5);
  for (let index = 0; index < 1000; index += 1)
    digest.add(sampleAlert({ sources: ['known', 'known', `foreign/${index}`] }));
  const { sources } = digest.finish();
  assert.deepEqual(sources[0], { name: 'known', count: 1000 });
  assert.ok(sources.length <= 8, `${sources.length} names`);
  assert.equal(
    sources.reduce((sum, { count }) => sum + count, 0),
    2000,
  );
});

test('the strictest marking of what is listed is the marking of the mail', () => {
  const digest = buildDigest(2);
  digest.add(sampleAlert({ threat_score: 99, tlp: 'GREEN' }));
  digest.add(sampleAlert({ threat_score: 98, tlp: 'AMBER' }));
  digest.add(sampleAlert({ threat_score: 81, tlp: 'RED' }));
  assert.equal(digest.finish().tlp, 'AMBER');
});

test('a feed that sends thousands at the highest score hides nothing of the others', () => {
  const digest = buildDigest(50);
  for (let n = 0; n < 10_000; n += 1)
    digest.add(sampleAlert({ feed: 'push', outside: true, value: `198.51.${n >> 8}.${n & 255}`, threat_score: 100 }));
  for (let n = 0; n < 5; n += 1)
    digest.add(sampleAlert({ feed: 'vetted', value: `203.0.113.${n}`, threat_score: 85 + n }));
  const { top, total, feeds } = digest.finish();
  assert.deepEqual([top.length, total, feeds], [50, 10_005, 2]);
  const vetted = top.filter(({ feed }) => feed === 'vetted').map((row) => row.threat_score);
  assert.deepEqual(vetted, [89, 88, 87, 86, 85]);
});
