import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FeedLine, feedTable } from '../../cli/feed-table.ts';

const line = (more: Partial<FeedLine>): FeedLine => ({
  name: 'spamhaus-drop-v6',
  type: 'spamhaus-drop',
  state: 'ok',
  last_ok: '2026-11-24T06:00:00.123Z',
  next: '2026-11-24T18:00:00.456Z',
  records: 1_234_567,
  expired: 0,
  failures: 0,
  last_error: null,
  quarantine: null,
  read_by: null,
  ...more,
});

test('which process reads a feed is told where there can be several, within 120 columns', () => {
  const [head, first, second] = feedTable([
    line({ state: 'waiting', read_by: 'collector-1:1234567:0a1b2c3d' }),
    line({ name: 'new', state: 'new', last_ok: null, next: null, records: 0 }),
  ]).split('\n');
  assert.match(head ?? '', /^FEED +TYPE +STATE +LAST OK \(UTC\) +NEXT \(UTC\) +RECORDS {2}READ BY +LAST ERROR$/);
  assert.match(first ?? '', / 2026-11-24 06:00 {2}2026-11-24 18:00 {2}1,234,567 {2}collector-1:1234567$/);
  assert.match(second ?? '', /^new +spamhaus-drop {2}new {6}never +0$/);
  for (const row of [head, first, second]) assert.ok((row ?? '').length <= 120, row);
});

test('where one process alone can read, nothing is told of it', () => {
  const text = feedTable([
    line({ read_by: 'embedded' }),
    line({ failures: 1, last_error: { at: 0, code: 'X', message: 'y' } }),
  ]);
  assert.doesNotMatch(text, /READ BY|embedded/);
  assert.match(text, /1,234,567 {2}X: y$/);
});

test('records that expired on arrival have a column where there are any', () => {
  const text = feedTable([line({}), line({ name: 'old', expired: 1200 })]);
  assert.match(text, /RECORDS {2}EXPIRED {2}LAST ERROR/);
  assert.match(text, /1,234,567 +1,200$/m);
  assert.doesNotMatch(feedTable([line({})]), /EXPIRED/);
});
