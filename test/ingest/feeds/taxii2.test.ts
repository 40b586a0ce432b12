import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { createFetcher } from '../../../ingest/fetch/fetcher.ts';
import { type Driver, driveFeed, STARTED_AT } from '../../faults/collectors/drive.ts';
import type { Fault } from '../../faults/collectors/faults.ts';
import {
  addressesOf,
  openTaxii2Server,
  stixIndicators,
  type Taxii2Options,
  type Taxii2Server,
} from '../../faults/collectors/taxii2-server.ts';
import { refusals } from '../lab.ts';
import { openWeb, status } from '../web.ts';

const BASIC = `Basic ${Buffer.from('reader:pass word').toString('base64')}`;

interface Scene {
  server: Taxii2Server;
  driver: Driver;
}

async function open(
  t: TestContext,
  options: Partial<Taxii2Options> = {},
  settings: object | ((server: Taxii2Server) => object) = {},
): Promise<Scene> {
  const server = await openTaxii2Server({ version: '2.1', objects: stixIndicators(23), ...options });
  const fetcher = createFetcher({ connectTimeout: 1000, answerTimeout: 500, totalTimeout: 400 });
  t.after(async () => {
    await server.close();
    await fetcher.close();
  });
  const own = typeof settings === 'function' ? settings(server) : settings;
  const driver = driveFeed({ name: 'taxii', type: 'taxii2', url: server.url, max_size: '2mb', ...own }, fetcher);
  return { server, driver };
}

/** The query of each request for objects. */
function asked(server: Taxii2Server): URLSearchParams[] {
  return server.requests
    .filter(({ url }) => url.includes('/objects/'))
    .map(({ url }) => new URL(url, 'http://taxii.test').searchParams);
}

for (const version of ['2.1', '2.0'] as const) {
  it(`TAXII ${version}: a crash at any page loses nothing`, async (t) => {
    for (const fault of ['none', 'same-timestamp', 'no-date-headers', 'expired-next'] satisfies Fault[]) {
      for (const manifest of [true, false]) {
        const objects = stixIndicators(23);
        const together = manifest ? 1 : 9;
        const { server, driver } = await open(t, { version, fault, objects, manifest }, { together });
        for (let crashAfter = 0; crashAfter < 14; crashAfter += 1) {
          await driver.poll({ crashAfter: crashAfter % 4 });
          // the `next` of a dead process is seldom known any more
          if (crashAfter % 3 === 0) server.forget();
        }
        await driver.untilGood(1);
        assert.deepEqual(driver.values(), addressesOf(objects), `${fault} ${manifest}`);
      }
    }
  });
}

describe('what a TAXII 2.1 server is asked', () => {
  it('the date of the last object is echoed as it was written, and every page repeats what was asked', async (t) => {
    const { server, driver } = await open(t, {}, { match: { type: ['indicator'] }, page_size: 7 });
    await driver.untilGood(1);
    const first = asked(server);
    assert.equal(first.length, 6);
    assert.equal(first[0]?.get('added_after'), null);
    for (const [index, query] of first.entries()) {
      assert.equal(query.get('limit'), '7');
      assert.equal(query.get('match[type]'), 'indicator');
      assert.equal(query.get('next'), index === 0 ? null : `next-${index}`);
    }
    await driver.untilGood(1);
    assert.equal(asked(server).at(-1)?.get('added_after'), '2026-01-02T03:04:00.000023Z');
  });

  it('a reading that was interrupted goes on with its next, with what was asked first', async (t) => {
    const { server, driver } = await open(t, { objects: stixIndicators(12) }, { since: '90d', together: 1 });
    await driver.poll({ stopAfter: 2 });
    await driver.untilGood(1);
    const queries = asked(server);
    assert.equal(new Set(queries.map((query) => query.get('added_after'))).size, 1);
    assert.equal(queries[0]?.get('added_after'), '2025-11-03T00:00:00.000Z');
    assert.ok(queries.some((query) => query.get('next') === 'next-1'));
  });

  it('a next that is refused, again and again, is done without; nothing is asked in a circle', async (t) => {
    const { server, driver } = await open(t, { fault: 'expired-next', sameDate: 3 });
    await driver.untilGood(1);
    assert.ok(asked(server).length < 40, String(asked(server).length));
    assert.deepEqual(driver.values(), addressesOf(stixIndicators(23)));
  });

  it('more objects of one date than fit a page: a longer one is asked for, then told what cannot be had', async (t) => {
    const { server, driver } = await open(t, { fault: 'more-without-next', sameDate: 10, pageSize: 4 });
    const [polled] = await driver.untilGood(1);
    assert.ok(asked(server).some((query) => Number(query.get('limit')) > 1000));
    assert.match(polled?.tally.notes.join() ?? '', /4 objects at most.*2026-01-02T03:04:00\.000001Z/);
    // four of each ten, and the three at the end
    assert.equal(driver.values().length, 11);

    const wide = await open(t, { fault: 'more-without-next', sameDate: 10, pageSize: 12 }, { page_size: 4 });
    await wide.driver.untilGood(1);
    assert.deepEqual(wide.driver.values(), addressesOf(stixIndicators(23)));
  });

  it('what gets the date of the last object after it was read comes with the next reading, and comes once', async (t) => {
    for (const version of ['2.1', '2.0'] as const) {
      for (const fault of ['none', 'no-date-headers'] satisfies Fault[]) {
        const { server, driver } = await open(t, {
          version,
          fault,
          began: fault === 'none' ? Date.now() : STARTED_AT,
          sameDate: 5,
        });
        await driver.untilGood(1);
        server.add(stixIndicators(2, 100), 'late');
        await driver.untilGood(1);
        assert.deepEqual(driver.values(), addressesOf([...stixIndicators(23), ...stixIndicators(2, 100)]), fault);
      }
    }
  });

  it('a window begins the first reading, an overlap each later one', async (t) => {
    const { server, driver } = await open(t, {}, { since: '30d', overlap: '10m' });
    await driver.untilGood(1);
    await driver.untilGood(1);
    const dates = asked(server).map((query) => query.get('added_after'));
    assert.equal(dates[0], '2026-01-02T00:00:00.000Z');
    assert.equal(dates.at(-1), '2026-01-02T02:54:00.000Z');
  });

  it('without dates in headers the manifest is asked before the objects, and objects only when it holds news', async (t) => {
    const { server, driver } = await open(t, { fault: 'no-date-headers' });
    await driver.untilGood(1);
    const before = asked(server).length;
    await driver.untilGood(1);
    assert.equal(asked(server).length, before);
    assert.match(server.requests.at(-1)?.url ?? '', /manifest\/\?added_after=2026-01-02T03%3A04%3A00\.000023Z/);
  });

  it('without dates anywhere all is read each time', async (t) => {
    const { server, driver } = await open(t, { fault: 'no-date-headers', manifest: false });
    await driver.untilGood(1);
    server.add(stixIndicators(2, 100));
    const [later] = await driver.untilGood(1);
    assert.equal(new Set(later?.records.map(({ indicator }) => indicator)).size, 25);
    assert.equal(server.requests.filter(({ url }) => url.includes('/manifest/')).length, 1);
  });

  it('what an indicator points to may stand on an earlier page', async (t) => {
    const malware = {
      type: 'malware',
      id: 'malware--00000000-0000-4000-8000-000000000001',
      name: 'Example',
      is_family: true,
      modified: '2026-01-01T00:00:00.000Z',
    };
    const indicators = stixIndicators(8);
    const last = indicators.at(-1);
    const points = {
      type: 'relationship',
      id: 'relationship--00000000-0000-4000-8000-000000000001',
      relationship_type: 'indicates',
      source_ref: last?.id,
      target_ref: malware.id,
      modified: '2026-01-01T00:00:00.000Z',
    };
    const { driver } = await open(t, { objects: [malware, points, ...indicators] });
    await driver.untilGood(1);
    const named = driver.records.filter((record) => record.malware?.includes('Example'));
    assert.deepEqual(
      named.map(({ ref }) => ref),
      [last?.id],
    );
  });

  it('other settings read everything anew', async (t) => {
    const { server, driver } = await open(t);
    await driver.untilGood(1);
    const fetcher = createFetcher();
    t.after(() => fetcher.close());
    const other = driveFeed({ name: 'taxii', type: 'taxii2', url: server.url, tags: ['new'] }, fetcher);
    other.cursor = driver.cursor;
    await other.untilGood(1);
    assert.equal(other.values().length, 23);
  });
});

describe('where a TAXII 2 server is found', () => {
  it('by its discovery, a root, the list of collections, a collection, or its objects', async (t) => {
    for (const version of ['2.1', '2.0'] as const) {
      const addresses: ((server: Taxii2Server) => string)[] = [
        ({ url }) => url,
        ({ url }) => url.slice(0, -1),
        ({ root }) => root,
        ({ root }) => `${root}collections`,
        ({ collection }) => collection,
        ({ collection }) => `${collection}objects/?added_after=2020-01-01T00:00:00Z`,
      ];
      for (const address of addresses) {
        const { driver } = await open(t, { version, objects: stixIndicators(5) }, (server) => ({
          url: address(server),
        }));
        await driver.untilGood(1);
        assert.equal(driver.values().length, 5, address.toString());
      }
    }
  });

  it('collections by id, alias or title; what is not there is named, and the others are read', async (t) => {
    for (const name of ['91a7b528-80eb-42ed-a74d-c6fbd5a26116', 'OPEN-one', 'Open One']) {
      const { driver } = await open(t, {}, { collections: [name] });
      await driver.untilGood(1);
      assert.equal(driver.values().length, 23);
    }
    const { driver } = await open(t, {}, { collections: ['Open One', 'Other One'] });
    const polled = await driver.poll();
    assert.equal(polled.error?.code, 'FEED_NO_COLLECTION');
    assert.match(polled.error?.message ?? '', /"Other One".*"Open One"/);
    assert.equal(driver.values().length, 23);
    const closed = await open(t, {}, { collections: ['Closed'] });
    assert.match((await closed.driver.poll()).error?.message ?? '', /may not read the collection "Closed"/);
  });

  it('roots on another origin are asked without credentials, unless they are trusted', async (t) => {
    const elsewhere = await openTaxii2Server({ version: '2.1', objects: stixIndicators(3, 50), authorization: BASIC });
    t.after(() => elsewhere.close());
    const login = { username: 'reader', password: 'pass word' };
    const scene = { authorization: BASIC, roots: ['/root/', elsewhere.root, 'ftp://127.0.0.1/', 'nonsense//'] };
    const shy = await open(t, scene, login);
    const [polled] = await shy.driver.untilGood(1);
    assert.equal(shy.driver.values().length, 23);
    assert.match(polled?.tally.notes.join() ?? '', /trust_roots/);
    assert.match(polled?.tally.notes.join() ?? '', /ftp:.*left out|left out.*ftp:/);
    assert.deepEqual([...new Set(elsewhere.requests.map(({ headers }) => headers.authorization))], [undefined]);

    const trusting = await open(t, scene, { ...login, trust_roots: true });
    await trusting.driver.untilGood(1);
    assert.equal(trusting.driver.values().length, 26);
  });

  it('user and password in the address, a token, and a header of its own', async (t) => {
    const inUrl = await open(t, { authorization: BASIC }, ({ url }) => ({
      url: url.replace('http://', 'http://reader:pass%20word@'),
    }));
    await inUrl.driver.untilGood(1);
    assert.equal(inUrl.driver.values().length, 23);
    assert.doesNotMatch(JSON.stringify(inUrl.driver.cursor), /pass/);
    const bearer = await open(t, { authorization: 'Bearer t.o.k' }, { token: 't.o.k' });
    await bearer.driver.untilGood(1);
    const header = await open(t, {}, { headers: { 'X-Api-Key': 'k' } });
    await header.driver.untilGood(1);
    assert.deepEqual([...new Set(header.server.requests.map(({ headers }) => headers['x-api-key']))], ['k']);
    const wrong = await open(t, { authorization: 'Bearer other' }, { token: 't' });
    assert.equal((await wrong.driver.poll()).error?.code, 'FEED_UNAUTHORIZED');
  });

  it('TAXII 2.0 with either form of Range', async (t) => {
    for (const rangeSign of ['=', ' '] as const) {
      const { server, driver } = await open(t, { version: '2.0', rangeSign });
      await driver.untilGood(1);
      assert.equal(driver.values().length, 23);
      const refused = server.requests.filter(({ headers }) =>
        String(headers.range).startsWith(`items${rangeSign === '=' ? ' ' : '='}`),
      );
      assert.equal(refused.length, rangeSign === '=' ? 0 : 1);
    }
  });

  it('an empty collection is none that failed', async (t) => {
    for (const version of ['2.1', '2.0'] as const) {
      const { driver } = await open(t, { version, objects: [] });
      await driver.untilGood(1);
      assert.deepEqual(driver.records, []);
    }
  });

  it('answers that are no TAXII', async (t) => {
    const web = await openWeb(t, status(200, { 'content-type': 'application/json' }, '{"hello":1}'));
    const fetcher = createFetcher();
    t.after(() => fetcher.close());
    const poll = async (): Promise<string | undefined> =>
      (await driveFeed({ name: 'x', type: 'taxii2', url: web.url }, fetcher).poll()).error?.code;
    assert.equal(await poll(), 'FEED_SHAPE');
    web.answer = status(200, { 'content-type': 'application/json' }, '[1]');
    assert.equal(await poll(), 'FEED_SHAPE');
    web.answer = status(200, { 'content-type': 'application/json' }, '<!doctype html><html>');
    assert.equal(await poll(), 'FEED_HTML_PAGE');
    web.answer = status(200, { 'content-type': 'text/html' }, 'hello');
    assert.equal(await poll(), 'FEED_HTML_PAGE');
    web.answer = status(200, { 'content-type': 'application/json' }, '{"collections": [');
    assert.equal(await poll(), 'FEED_NOT_JSON');
    const up = { collections: [{ id: '..', can_read: true }, { id: 'a/b', can_read: true }, 7] };
    web.answer = status(200, { 'content-type': 'application/json' }, JSON.stringify(up));
    assert.equal(await poll(), 'FEED_NO_COLLECTION');
  });

  it('what is refused in the settings', () => {
    const feed = { name: 'x', type: 'taxii2', url: 'https://taxii.example.org/taxii2/' };
    assert.deepEqual(refusals(feed), []);
    assert.deepEqual(refusals({ ...feed, username: 'u' }), ['password: must be there with username']);
    assert.deepEqual(refusals({ ...feed, username: 'u', password: 'p', token: 't' }), [
      'token: goes into the same header as username and password',
    ]);
    assert.deepEqual(refusals({ ...feed, since: 'ever' }), ['since: must be "all", or a duration such as 30d']);
    assert.deepEqual(refusals({ ...feed, url: 'ftp://x' }), ['url: must be an http or https URL']);
    assert.equal(refusals({ ...feed, headers: { 'a b': 'c' } }).length, 1);
  });
});
