import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { createJudge } from '../../cli/judge.ts';
import { createUsabilityWatch, unusable } from '../../ingest/usability.ts';
import { until } from '../services/wait.ts';
import { openLab } from './lab.ts';

const record = (indicator: string) => ({ key: 'k', value: JSON.stringify({ indicator, source: 's' }) });
const judge = createJudge(90 * 86_400_000);
const NOW = Date.UTC(2026, 5, 1);

test('the judge is the reader of the enricher: it takes and refuses what that one does', () => {
  assert.equal(judge(record('45.1.2.3'), NOW), undefined);
  assert.equal(judge(record('evil.example,5'), NOW)?.code, 'INDICATOR_UNKNOWN_TYPE');
  assert.equal(judge({ key: 'k', value: Buffer.from('no JSON') }, NOW)?.code, 'RAW_NOT_JSON');
});

test('a reading counts for itself, one that brings nothing leaves the verdict, and what never ends fades', () => {
  const watch = createUsabilityWatch(judge);
  assert.equal(watch.now(), undefined);
  const verdict = (): boolean => {
    const seen = watch.now();
    return seen !== undefined && unusable(seen, 'f') !== undefined;
  };
  const see = (text: string, count: number): void => {
    for (let n = 0; n < count; n += 1) watch.see(record(text), NOW);
  };
  watch.begin(false);
  see('no, thing', 50);
  assert.equal(verdict(), true);
  watch.begin(false);
  assert.equal(verdict(), true, 'until another record comes');
  see('45.1.2.3', 4);
  assert.equal(verdict(), false);
  see('no, thing', 1);
  assert.deepEqual(watch.now(), {
    looked: 5,
    refused: 1,
    first:
      '"no, thing": no type was given and none can be told from the looks of the indicator; send its type (INDICATOR_UNKNOWN_TYPE)',
  });
  assert.equal(verdict(), false, 'a fifth is not more than a fifth');
  see('no, thing', 1);
  assert.equal(verdict(), true);

  watch.begin(true);
  see('45.1.2.3', 64 * 256);
  assert.equal(verdict(), false);
  see('no, thing', 64 * 256);
  assert.equal(verdict(), true);
});

test('a feed that listens is not well while what it is sent is of no use', async (t) => {
  const lab = openLab(t);
  const section = { name: 'push', type: 'tcp', listen: '127.0.0.1:0' };
  const worker = lab.start([section], { judge });
  const part = () => lab.health.snapshot().get('feed:push');
  const port = await until(() => /127\.0\.0\.1:(\d+)/.exec(part()?.detail ?? '')?.[1], { what: 'the address' });
  const client = connect({ host: '127.0.0.1', port: Number(port) });
  client.end('{"indicator":"no such thing"}\n'.repeat(20));
  await until(() => lab.bus.records.length === 20, { what: 'the records' });
  await worker.stop();
  assert.equal(part()?.state, 'down');
  assert.match(part()?.detail ?? '', /20 of 20 records that were looked at cannot be used/);
  assert.equal(lab.state('push').lastError?.code, 'FEED_UNUSABLE');
});
