import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { FEED_HEADER } from '../../../core/contract/raw-indicator.ts';
import { TOPICS } from '../../../core/contract/topics.ts';
import type { IngestOptions } from '../../../ingest/worker.ts';
import { openLab as openEnrichment } from '../../enrich/embedded-lab.ts';
import { openLab } from '../lab.ts';
import { openWeb, text } from '../web.ts';

/** A list whose absences are told, read by processes that share the store and nothing else. */
async function openScene(t: TestContext, more: object = {}) {
  const enrichment = await openEnrichment();
  const ingest = openLab(t);
  const web = await openWeb(t, text(''));
  const folders = new Map<string, string>();
  t.after(async () => {
    await enrichment.close();
    for (const folder of folders.values()) rmSync(folder, { recursive: true, force: true });
  });
  const folderOf = (process: string): string => {
    const known = folders.get(process) ?? mkdtempSync(join(tmpdir(), 'tipline-takeover-'));
    folders.set(process, known);
    return known;
  };
  return {
    enrichment,
    ingest,
    async read(process: string, body: string, changes: Partial<IngestOptions> = {}) {
      web.answer = text(body);
      const section = {
        name: 'list',
        type: 'http-list',
        url: web.url,
        revoke_on_absence: true,
        confidence: 90,
        ...more,
      };
      const report = await ingest.once([section], {
        bus: enrichment.bus,
        cursors: enrichment.store.cursors,
        remembered: enrichment.store.indicators,
        lists: folderOf(process),
        owner: process,
        ...changes,
      });
      assert.deepEqual(report.failedFeeds, []);
    },
    async statusOf(value: string) {
      return (await enrichment.current(value))?.tipline.status;
    },
  };
}

describe('what vanishes from a list while another process takes the feed over', () => {
  it('is withdrawn by the one that never saw the list before', async (t) => {
    const { enrichment, read, statusOf } = await openScene(t);
    await enrichment.start();
    await read('one', '45.1.2.1\n45.1.2.2\n45.1.2.3\n');
    await enrichment.caughtUp();
    // another feed says it too, which is for that feed to take back
    await enrichment.sayAs({ [FEED_HEADER]: 'other' }, { indicator: '45.1.2.3', source: 'list', confidence: 80 });
    await read('two', '45.1.2.1\n');
    await enrichment.caughtUp();
    assert.equal(await statusOf('45.1.2.1'), 'active');
    assert.equal(await statusOf('45.1.2.2'), 'revoked');
    assert.equal(await statusOf('45.1.2.3'), 'active');
    const { tipline } = (await enrichment.current('45.1.2.3')) ?? assert.fail();
    assert.deepEqual(tipline.claims.map(({ feed, revoked }) => [feed, revoked]).sort(), [
      ['list', true],
      ['other', undefined],
    ]);
  });

  it('is withdrawn where it was listed but had not begun', async (t) => {
    const { enrichment, read } = await openScene(t, {
      format: 'csv',
      columns: { indicator: 'what', valid_from: 'from' },
    });
    await enrichment.start();
    const header = 'what,from\n';
    const soon = new Date(Date.now() + 3 * 86_400_000).toISOString();
    await read('one', `${header}45.1.2.1,\n45.1.2.2,${soon}\n45.1.2.3,${soon}\n`);
    await enrichment.caughtUp();
    // another source is live meanwhile, so that ours has no part in what the indicator is now
    await enrichment.sayAs({ [FEED_HEADER]: 'other' }, { indicator: '45.1.2.3', source: 'else', confidence: 80 });
    await read('two', `${header}45.1.2.1,\n`);
    await enrichment.caughtUp();
    for (const value of ['45.1.2.2', '45.1.2.3']) {
      const { tipline } = (await enrichment.current(value)) ?? assert.fail();
      assert.equal(tipline.claims.find(({ feed }) => feed === 'list')?.revoked, true, value);
    }
  });

  it('is withdrawn where the feed quoted somebody else', async (t) => {
    const { enrichment, read, statusOf } = await openScene(t);
    await enrichment.start();
    await enrichment.sayAs({ [FEED_HEADER]: 'list' }, { indicator: '45.1.2.2', source: 'lab', confidence: 90 });
    // of another feed that quotes a source of our name
    await enrichment.sayAs({ [FEED_HEADER]: 'other' }, { indicator: '45.1.2.3', source: 'list', confidence: 90 });
    await read('two', '45.1.2.1\n');
    await enrichment.caughtUp();
    assert.deepEqual([await statusOf('45.1.2.2'), await statusOf('45.1.2.3')], ['revoked', 'active']);
  });

  it('is withdrawn where it was remembered before feeds were noted', async (t) => {
    const { enrichment, read, statusOf } = await openScene(t);
    await enrichment.store.cursors.put('enrich:headers-since', Date.now() + 86_400_000, null);
    await enrichment.start();
    await enrichment.sayAs({}, { indicator: '45.1.2.2', source: 'list', confidence: 90 });
    assert.deepEqual(
      (await enrichment.current('45.1.2.2'))?.tipline.claims.map(({ feed }) => feed),
      [undefined],
    );
    await read('two', '45.1.2.1\n');
    await enrichment.caughtUp();
    assert.equal(await statusOf('45.1.2.2'), 'revoked');
  });

  it('is withdrawn by the first when it comes back with an older list of its own', async (t) => {
    const { enrichment, read, statusOf } = await openScene(t);
    await enrichment.start();
    await read('one', '45.1.2.1\n');
    await read('two', '45.1.2.1\n45.1.2.2\n');
    await enrichment.caughtUp();
    await read('one', '45.1.2.1\n');
    await enrichment.caughtUp();
    assert.equal(await statusOf('45.1.2.2'), 'revoked');
  });

  it('is withdrawn at the next reading where enrichment had not come to it yet, also of a list that did not change', async (t) => {
    const { enrichment, read, statusOf } = await openScene(t);
    await read('one', '45.1.2.1\n45.1.2.2\n');
    await read('two', '45.1.2.1\n');
    await enrichment.start();
    await enrichment.caughtUp();
    assert.equal(await statusOf('45.1.2.2'), 'active');
    await read('two', '45.1.2.1\n');
    await enrichment.caughtUp();
    assert.equal(await statusOf('45.1.2.2'), 'revoked');
  });

  it('is withdrawn at the next reading where the store was away, and the log says so', async (t) => {
    const { enrichment, ingest, read, statusOf } = await openScene(t);
    await enrichment.start();
    await read('one', '45.1.2.1\n45.1.2.2\n');
    await enrichment.caughtUp();
    const away = {
      // biome-ignore lint/correctness/useYield: a store that is away gives nothing
      async *ofFeed() {
        throw new Error('away');
      },
    };
    await read('two', '45.1.2.1\n', { remembered: away });
    assert.ok(ingest.logged.some(({ message }) => /cannot be looked for in the store/.test(message)));
    await read('two', '45.1.2.1\n');
    await enrichment.caughtUp();
    assert.equal(await statusOf('45.1.2.2'), 'revoked');
  });

  it('is not looked for again and again', async (t) => {
    const { enrichment, read } = await openScene(t);
    await enrichment.start();
    await read('one', '45.1.2.1\n45.1.2.2\n');
    let asked = 0;
    const counting = {
      ofFeed(feed: string) {
        asked += 1;
        return enrichment.store.indicators.ofFeed(feed);
      },
    };
    for (let reading = 0; reading < 5; reading += 1) await read('two', '45.1.2.1\n', { remembered: counting });
    assert.equal(asked, 2);
    let withdrawals = 0;
    for await (const { value } of enrichment.bus.scan(TOPICS.raw))
      if (value.includes('"revoked":true')) withdrawals += 1;
    assert.ok(withdrawals >= 1 && withdrawals <= 2, `${withdrawals}`);
  });
});
