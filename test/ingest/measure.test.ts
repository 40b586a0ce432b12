import assert from 'node:assert/strict';
import { test } from 'node:test';
import { REFUSALS } from '../../ingest/refusal.ts';
import { type Lab, openLab } from './lab.ts';
import { openWeb, text } from './web.ts';

/** `reason count` of what the metrics tell of a feed, in the order of their names; throws when there is any other label. */
async function refused({ context }: Lab, feed: string): Promise<string[]> {
  const lines = (await context.metrics.render()).split('\n');
  const ours = lines.filter((line) => line.startsWith('tipline_ingest_refused_total{'));
  return ours
    .flatMap((line) => {
      const match = /^tipline_ingest_refused_total\{feed="([^"]*)",reason="([^"]*)"\} (\d+)$/.exec(line);
      assert.ok(match !== null, line);
      assert.ok((REFUSALS as readonly string[]).includes(match[2] ?? ''), line);
      return match[1] === feed ? [`${match[2]} ${match[3]}`] : [];
    })
    .sort();
}

const list = (name: string, url: string, more: object): object => ({ name, type: 'http-list', url, ...more });

test('what a reading left out is counted by feed and reason, and a reason is never what the feed said', async (t) => {
  const lab = openLab(t);
  const table = await openWeb(
    t,
    text(
      [
        'value,tlp',
        '192.0.2.1,CLEAR',
        ',CLEAR',
        ',GREEN',
        'a.example,RED',
        'b.example,CLEAR',
        'login.c.example,CLEAR',
        `${'x'.repeat(1_100_000)}.example,CLEAR`,
        'd.example,"CLEAR',
      ].join('\n'),
    ),
  );
  const hosts = await openWeb(
    t,
    text('0.0.0.0 a.example\n0.0.0.0\n0.0.0.0 reason="unusable"\n192.0.2.9 b.example\n0.0.0.0 nodots\n'),
  );
  const report = await lab.once([
    list('table', table.url, {
      format: 'csv',
      columns: { indicator: 'value', tlp: 'tlp' },
      include: { types: ['domain'] },
      exclude: { match: '^login\\.' },
      tlp_max: 'GREEN',
    }),
    list('hosts', hosts.url, { format: 'hosts' }),
  ]);
  assert.deepEqual(report.failedFeeds, []);
  assert.deepEqual(await refused(lab, 'table'), [
    'exclude 1',
    'include 1',
    'malformed 1',
    'no_indicator 2',
    'tlp_max 1',
    'too_large 1',
  ]);
  assert.deepEqual(report.perFeed.table, { read: 4, published: 1, skipped: 4, notAdmitted: 3, expired: 0 });
  // the name in quotes, the address that blocks nothing, the name without a dot
  assert.deepEqual(await refused(lab, 'hosts'), ['no_indicator 1', 'unusable 3']);
});

test('a list that is held back counts with each reading of it, and one that passes does not', async (t) => {
  const lab = openLab(t);
  const web = await openWeb(t, text('192.0.2.1\n10.0.0.1\nnot an indicator\n'));
  await lab.once([list('l', web.url, {})]);
  assert.deepEqual(await refused(lab, 'l'), ['held_back 3']);
  await lab.once([list('l', web.url, {})]);
  assert.deepEqual(await refused(lab, 'l'), ['held_back 6']);
  await lab.once([list('l', web.url, { checks: { private: false } })]);
  assert.deepEqual(await refused(lab, 'l'), ['held_back 6']);
  assert.equal(lab.bus.values().length, 3);
});
