import assert from 'node:assert/strict';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { pause } from '../../../core/process/backoff.ts';
import { TiplineError } from '../../../core/process/errors.ts';
import type { Clock } from '../../../ingest/clock.ts';
import { releaseFeed } from '../../../ingest/snapshot/release.ts';
import type { IngestOptions } from '../../../ingest/worker.ts';
import { until } from '../../services/wait.ts';
import { type Lab, openLab } from '../lab.ts';
import { openWeb, text, type Web } from '../web.ts';

const HOUR = 3_600_000;
const addresses = (count: number, from = 0): string =>
  Array.from({ length: count }, (_, n) => `192.0.2.${from + n}\n`).join('');
/** The machine's clock, ahead. */
const ahead = (ms: number): Clock => ({ now: () => Date.now() + ms, pause });

interface Bench {
  lab: Lab;
  web: Web;
  /** Reads the list once; the failure's code, if any. `hours`: so much later. */
  read(
    body?: string,
    options?: { more?: object; hours?: number; changes?: Partial<IngestOptions> },
  ): Promise<string | undefined>;
  /** What was published since the last call: indicators, with a minus when withdrawn. */
  news(): string[];
}

async function openBench(t: TestContext, settings: object = {}): Promise<Bench> {
  const lab = openLab(t);
  const web = await openWeb(t, text(''));
  let seen = 0;
  return {
    lab,
    web,
    async read(body, { more = {}, hours = 0, changes = {} } = {}) {
      if (body !== undefined) web.answer = text(body);
      const section = { name: 'list', type: 'http-list', url: web.url, ...settings, ...more };
      const report = await lab.once([section], { clock: ahead(hours * HOUR), ...changes });
      return report.failedFeeds[0]?.code;
    },
    news() {
      const values = lab.bus.values().slice(seen);
      seen += values.length;
      return values.map(({ indicator, revoked }) => `${revoked === true ? '-' : ''}${String(indicator)}`);
    },
  };
}

describe('a list is judged before any of it is published', () => {
  it('held back: nothing of it is on the bus, the place stays, and it is told once', async (t) => {
    const { lab, read, news } = await openBench(t);
    assert.equal(await read(addresses(100)), undefined);
    assert.equal(news().length, 100);
    const { cursor, good } = lab.state('list');
    assert.deepEqual(good?.types, { ip: 100 });

    assert.equal(await read(addresses(30)), 'FEED_QUARANTINE');
    assert.equal(await read(addresses(31)), 'FEED_QUARANTINE');
    assert.deepEqual(news(), []);
    const state = lab.state('list');
    assert.deepEqual([state.cursor, state.good, state.failures], [cursor, good, 0]);
    assert.deepEqual([state.quarantine?.kinds, state.quarantine?.records], [['shrunk'], 31]);
    assert.equal(lab.logged.filter(({ level, message }) => level === 'warn' && /held back/.test(message)).length, 1);
    assert.match(String(lab.health.snapshot().get('feed:list')?.detail), /31 records where the last good one had 100/);
    assert.deepEqual(readdirSync(lab.lists), ['list.list']);

    assert.equal(await read(addresses(90)), undefined, 'the source mends it by itself');
    assert.equal(news().length, 90);
    assert.equal(lab.state('list').quarantine, null);
    assert.equal(lab.health.snapshot().get('feed:list')?.state, 'up');
  });

  it('held back for hours: what the last good list granted is renewed, what the source said stays', async (t) => {
    const { lab, read, news } = await openBench(t, {
      format: 'csv',
      columns: { indicator: 1, valid_until: 2 },
      checks: { own: ['192.0.2.200'] },
    });
    const good = '192.0.2.1,2027-01-01T00:00:00Z\n192.0.2.2,\n';
    const bad = '192.0.2.200,\n';
    assert.equal(await read(good), undefined);
    assert.equal(await read(bad, { hours: 1 }), 'FEED_QUARANTINE');
    assert.equal(news().length, 2, 'not due yet');
    assert.equal(await read(bad, { hours: 7 }), 'FEED_QUARANTINE');
    assert.deepEqual(news(), ['192.0.2.1', '192.0.2.2']);
    const [own, granted] = lab.bus.values().slice(2);
    assert.equal(own?.valid_until, '2027-01-01T00:00:00Z');
    const in31 = Date.now() + 31 * HOUR;
    assert.ok(Math.abs(Date.parse(String(granted?.valid_until)) - in31) < 60_000);
    assert.ok(Math.abs(Date.parse(String(granted?.collected_at)) - (in31 - 24 * HOUR)) < 60_000);
    assert.equal(await read(bad, { hours: 8 }), 'FEED_QUARANTINE');
    assert.deepEqual(news(), [], 'nor again before it is due');
  });

  it('a web page or an empty answer keeps the last good list alive too; a server that is away does not', async (t) => {
    const { web, read, news } = await openBench(t);
    await read('192.0.2.1\n');
    news();
    assert.equal(await read('<!doctype html>', { hours: 7 }), 'FEED_HTML_PAGE');
    assert.deepEqual(news(), ['192.0.2.1']);
    assert.equal(await read('', { hours: 14 }), 'FEED_EMPTY');
    assert.deepEqual(news(), ['192.0.2.1']);
    web.answer = (_, response) => {
      response.writeHead(503);
      response.end();
    };
    assert.equal(await read(undefined, { hours: 21 }), 'FEED_SERVER_ERROR');
    assert.deepEqual(news(), []);
  });

  it('what another process has outdated, and a file that is gone or damaged, keeps nothing alive', async (t) => {
    const { lab, read, news } = await openBench(t);
    await read('192.0.2.1\n');
    news();
    const key = 'feed:list';
    const stored = lab.cursors.values.get(key);
    const outdated = { ...lab.state('list'), good: { at: Date.now() + HOUR, records: 1, types: { ip: 1 } } };
    lab.cursors.values.set(key, { value: outdated, version: stored?.version ?? null });
    assert.equal(await read('', { hours: 7 }), 'FEED_EMPTY');
    assert.deepEqual(news(), []);
    lab.cursors.values.set(key, {
      value: { ...outdated, good: { at: 1, records: 1, types: { ip: 1 } } },
      version: stored?.version ?? null,
    });
    writeFileSync(join(lab.lists, 'list.list'), 'damaged');
    assert.equal(await read('', { hours: 7 }), 'FEED_EMPTY');
    rmSync(join(lab.lists, 'list.list'));
    assert.equal(await read('', { hours: 7 }), 'FEED_EMPTY');
    assert.deepEqual(news(), []);
  });

  it('released: the next reading publishes what is like it, and nothing else', async (t) => {
    const { lab, read, news } = await openBench(t);
    await read(addresses(100));
    news();
    await assert.rejects(releaseFeed(lab.cursors, 'list'), { code: 'FEED_NOT_HELD' });
    await read(addresses(30));
    assert.equal((await releaseFeed(lab.cursors, 'list')).records, 30);
    assert.equal(await read(addresses(3)), 'FEED_QUARANTINE', 'it shrank again');
    assert.equal(await read(addresses(30)), 'FEED_QUARANTINE', 'the release was for another list');
    await releaseFeed(lab.cursors, 'list');
    assert.equal(await read(`10.0.0.1\n${addresses(30)}`), 'FEED_QUARANTINE', 'nobody has seen the private address');
    await releaseFeed(lab.cursors, 'list');
    assert.equal(await read(`10.0.0.1\n${addresses(32)}`), undefined);
    assert.equal(news().length, 33);
    const { good, quarantine } = lab.state('list');
    assert.deepEqual([good?.records, quarantine], [33, null]);
  });

  it('released while ingest runs: it does not wait for its turn', async (t) => {
    const { lab, web, read } = await openBench(t, { every: '1d' });
    await read(addresses(100));
    web.answer = text(addresses(10));
    // looks for a release every half minute, which are here some milliseconds
    const clock: Clock = { now: () => Date.now() + 36 * HOUR, pause: (ms, signal) => pause(Math.min(ms, 20), signal) };
    const worker = lab.start([{ name: 'list', type: 'http-list', url: web.url, every: '1d' }], { clock });
    await until(() => lab.state('list').quarantine !== null, { what: 'the quarantine' });
    const asked = web.requests.length;
    await releaseFeed(lab.cursors, 'list');
    await until(() => lab.state('list').good?.records === 10, { what: 'the released list' });
    assert.equal(web.requests.length, asked + 1);
    await worker.stop();
  });

  it('a limit that is hit publishes nothing, and says so', async (t) => {
    const { lab, read, news } = await openBench(t);
    assert.equal(await read(addresses(30), { more: { limits: { records: 29 } } }), 'FEED_LIMIT');
    assert.match(String(lab.state('list').lastError?.message), /nothing of it is published/);
    assert.deepEqual(news(), []);
  });

  it('names of the operator count for all feeds; other settings make sizes incomparable; checks can be off', async (t) => {
    const { read, news } = await openBench(t);
    await read(addresses(100));
    news();
    assert.equal(
      await read(`evil.example.org\n${addresses(99)}`, { changes: { own: ['example.org'] } }),
      'FEED_QUARANTINE',
    );
    assert.equal(await read(addresses(100), { more: { exclude: { match: '[.]\\d\\d$' } } }), undefined);
    assert.equal(news().length, 10);
    assert.equal(await read('10.0.0.1\n', { more: { checks: false } }), undefined);
    assert.deepEqual(news(), ['10.0.0.1']);
  });

  it('the bus fails half-way: cursor and last good list stay, and all is read again', async (t) => {
    const { lab, read, news } = await openBench(t);
    await read(addresses(5));
    news();
    const before = lab.state('list');
    lab.bus.fail(new TiplineError('BUS_BROKEN', 'the bus is broken', { retryable: false }), 1);
    await assert.rejects(read(addresses(6)), { code: 'BUS_BROKEN' });
    assert.deepEqual([lab.state('list').cursor, lab.state('list').good], [before.cursor, before.good]);
    assert.deepEqual(readdirSync(lab.lists), ['list.list']);
    assert.equal(await read(), undefined);
    assert.equal(news().length, 6);
  });
});

describe('revoke_on_absence', () => {
  const settings = { revoke_on_absence: true };

  it('withdraws what vanished, and only that', async (t) => {
    const { lab, read, news } = await openBench(t, settings);
    await read('192.0.2.1\n192.0.2.2\n192.0.2.3\n');
    news();
    await read('192.0.2.2\n192.0.2.3\n192.0.2.4\n');
    assert.deepEqual(news(), ['192.0.2.2', '192.0.2.3', '192.0.2.4', '-192.0.2.1']);
    const gone = lab.bus.records.at(-1);
    assert.equal(gone?.key, lab.bus.records[0]?.key, 'in order with what was said of it before');
    await read('192.0.2.2\n192.0.2.3\n192.0.2.4\n');
    assert.deepEqual(news(), ['192.0.2.2', '192.0.2.3', '192.0.2.4']);
    await read('192.0.2.1\n192.0.2.2\n192.0.2.3\n192.0.2.4\n');
    assert.ok(!news().some((each) => each.startsWith('-')));
  });

  it('what comes back is newer than its withdrawal, though the list dates it as before', async (t) => {
    const { lab, read } = await openBench(t, { ...settings, format: 'csv', columns: { indicator: 1, timestamp: 2 } });
    const both = '192.0.2.1,2026-01-01\n192.0.2.2,2026-01-02\n';
    await read(both);
    await read('192.0.2.2,2026-01-02\n', { hours: 1 });
    await read(both, { hours: 2 });
    const said = lab.bus.values().filter(({ indicator }) => indicator === '192.0.2.1');
    const times = said.map(({ timestamp }) => Date.parse(String(timestamp)));
    assert.deepEqual(
      said.map(({ revoked }) => revoked === true),
      [false, true, false],
    );
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    );
    assert.ok((times[2] ?? 0) > (times[1] ?? 0));
    assert.ok(said.every(({ last_seen }) => last_seen === '2026-01-01'));
  });

  it('says nothing after other settings, of a held list, or when the last good list is damaged', async (t) => {
    const { lab, read, news } = await openBench(t, settings);
    await read(addresses(40));
    news();
    await read(addresses(10));
    assert.deepEqual(news(), []);
    await read(addresses(39), { more: { tags: ['new'] } });
    assert.equal(news().filter((each) => each.startsWith('-')).length, 0);
    writeFileSync(join(lab.lists, 'list.list'), 'damaged');
    assert.equal(await read(addresses(30), { more: { tags: ['new'] } }), undefined);
    assert.equal(news().filter((each) => each.startsWith('-')).length, 0);
    await read(addresses(29), { more: { tags: ['new'] } });
    assert.deepEqual(
      news().filter((each) => each.startsWith('-')),
      ['-192.0.2.29'],
    );
  });

  it('withdraws what was told of a list that nobody ended to publish, be it the first or a later one', async (t) => {
    const { lab, read, news } = await openBench(t, settings);
    const page = Array.from({ length: 1000 }, (_, n) => `n${n}.example\n`).join('');
    /** The process dies, as far as the bus can tell, when so many sends of the list are out. */
    const broken = async (body: string, sends: number): Promise<void> => {
      let left = sends;
      const seam = (point: string): void => {
        if (point === 'ingest-published') left -= 1;
        if (left === 0) lab.bus.fail(new TiplineError('BUS_BROKEN', 'the bus is broken', { retryable: false }), 1);
      };
      await assert.rejects(read(body, { changes: { context: { ...lab.context, seam } } }), { code: 'BUS_BROKEN' });
    };
    await broken(`first.example\n${page}late.example\n`, 1);
    assert.equal(news().length, 1000);
    await broken(`second.example\n${page}`, 1);
    assert.deepEqual([news().length, readdirSync(lab.lists).length], [1000, 2]);
    assert.equal(await read(page, { hours: 1 }), undefined);
    assert.deepEqual(
      news()
        .filter((each) => each.startsWith('-'))
        .sort(),
      ['-first.example', '-late.example', '-second.example'],
    );
    assert.deepEqual(readdirSync(lab.lists), ['list.list']);
    assert.equal(await read(`${page}third.example\n`, { hours: 2 }), undefined);
    assert.ok(!news().some((each) => each.startsWith('-')), 'once');
  });

  it('knows the list that was published last even if its state was never stored', async (t) => {
    const { lab, read, news } = await openBench(t, settings);
    await read('192.0.2.1\n192.0.2.2\n');
    lab.cursors.values.delete('feed:list');
    news();
    await read('192.0.2.2\n', { hours: 1 });
    assert.deepEqual(news(), ['192.0.2.2', '-192.0.2.1']);
  });

  it('says nothing of a list that its limit cut off', async (t) => {
    const lab = openLab(t);
    const web = await openWeb(t, text(''));
    const answer = (ips: string[]): void => {
      web.answer = text(
        JSON.stringify({
          meta: { generatedAt: new Date().toISOString() },
          data: ips.map((ipAddress) => ({ ipAddress })),
        }),
      );
    };
    const read = (limit: number): Promise<unknown> =>
      lab.once([{ name: 'abuse', type: 'abuseipdb', api_key: 'key', url: web.url, limit, ...settings }]);
    answer(['192.0.2.1', '192.0.2.2', '192.0.2.3']);
    await read(100);
    answer(['192.0.2.1', '192.0.2.2']);
    await read(100);
    assert.deepEqual(
      lab.bus
        .values()
        .filter(({ revoked }) => revoked === true)
        .map(({ indicator }) => indicator),
      ['192.0.2.3'],
    );
    await read(2);
    answer(['192.0.2.1', '192.0.2.9']);
    await read(2);
    assert.equal(lab.bus.values().filter(({ revoked }) => revoked === true).length, 1);
  });
});
