import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { createFetcher } from '../../../ingest/fetch/fetcher.ts';
import { type Driver, driveFeed, STARTED_AT } from '../../faults/collectors/drive.ts';
import type { Fault } from '../../faults/collectors/faults.ts';
import {
  addressesIn,
  openTaxii1Server,
  stixBlocks,
  type Taxii1Options,
  type Taxii1Server,
} from '../../faults/collectors/taxii1-server.ts';
import { refusals } from '../lab.ts';
import { openWeb, status } from '../web.ts';

const BASIC = `Basic ${Buffer.from('reader:pass word').toString('base64')}`;

interface Scene {
  server: Taxii1Server;
  driver: Driver;
}

async function open(
  t: TestContext,
  options: Partial<Taxii1Options> = {},
  settings: object | ((server: Taxii1Server) => object) = {},
): Promise<Scene> {
  const server = await openTaxii1Server({ version: '1.1', blocks: stixBlocks(23), ...options });
  const fetcher = createFetcher({ connectTimeout: 1000, answerTimeout: 500, totalTimeout: 400 });
  t.after(async () => {
    await server.close();
    await fetcher.close();
  });
  const own = typeof settings === 'function' ? settings(server) : settings;
  const section = { name: 'taxii', type: 'taxii1', url: server.url, since: 'all', max_size: '2mb', ...own };
  return { server, driver: driveFeed(section, fetcher) };
}

/** The begin of each poll; undefined where there was none. */
function begins(server: Taxii1Server): (string | undefined)[] {
  return server.requests
    .filter(({ body }) => body.includes('<Poll_Request'))
    .map(({ body }) => /<Exclusive_Begin_Timestamp>([^<]*)</.exec(body)?.[1]);
}

describe('what a TAXII 1 server is asked', () => {
  it('discovery, collections, poll, then the parts of its result; the next poll begins where the answer ended', async (t) => {
    const { server, driver } = await open(t, { blocks: stixBlocks(10) });
    await driver.untilGood(1);
    const names = server.requests.map(({ body }) => /<(\w+) xmlns/.exec(body)?.[1]);
    assert.deepEqual(names, [
      'Discovery_Request',
      'Collection_Information_Request',
      'Poll_Request',
      'Poll_Fulfillment',
      'Poll_Fulfillment',
    ]);
    const parts = server.requests.flatMap(
      ({ body }) => /result_id="([^"]*)" result_part_number="(\d+)"/.exec(body)?.slice(1, 3).join() ?? [],
    );
    assert.deepEqual(parts, ['result-1,2', 'result-1,3']);
    assert.equal(server.requests[0]?.headers['x-taxii-protocol'], 'urn:taxii.mitre.org:protocol:http:1.0');
    await driver.untilGood(1);
    assert.deepEqual(begins(server), [undefined, '2026-01-02T03:04:00.000010Z']);
  });

  it('a day is the window of the first poll, but of a data set there is none', async (t) => {
    const feed = await open(t, {}, { since: undefined });
    await feed.driver.untilGood(1);
    assert.deepEqual(begins(feed.server), ['2026-01-31T00:00:00.000Z']);
    const set = await open(t, { kind: 'DATA_SET' }, { since: undefined });
    await set.driver.untilGood(1);
    assert.equal(set.driver.values().length, 23);
    // a server that will not hear of a time for a data set is asked without
    await set.driver.untilGood(1);
    assert.deepEqual(begins(set.server), [undefined, '2026-01-02T03:04:00.000023Z', undefined]);
    assert.equal(set.driver.records.length, 46);
  });

  it('a result that was interrupted is polled again from its beginning, and nothing is lost', async (t) => {
    for (const fault of ['none', 'same-timestamp', 'partial-content', 'no-date-headers'] satisfies Fault[]) {
      const { driver } = await open(t, { fault });
      for (let crashAfter = 0; crashAfter < 9; crashAfter += 1) await driver.poll({ crashAfter: crashAfter % 4 });
      await driver.untilGood(1);
      assert.deepEqual(driver.values(), addressesIn(stixBlocks(23)), fault);
    }
  });

  it('what gets the label of the last block after it was read comes with the next poll', async (t) => {
    const { server, driver } = await open(t, { fault: 'no-date-headers', began: STARTED_AT, sameLabel: 5 });
    await driver.untilGood(1);
    server.add(stixBlocks(2, 100), 'late');
    await driver.untilGood(1);
    assert.equal(driver.values().length, 25);
  });

  it('more blocks of one label than a result holds: what cannot be had is told', async (t) => {
    const { driver } = await open(t, { fault: 'same-timestamp', sameLabel: 10, resultSize: 6 });
    const [polled] = await driver.untilGood(1);
    assert.match(polled?.tally.notes.join() ?? '', /6 content blocks at most.*2026-01-02T03:04:00\.000001Z/);
    assert.equal(driver.values().length, 15);
  });

  it('an answer that is not ready is waited for, within limits', async (t) => {
    const soon = await open(t, { pending: { times: 2, wait: 0 } }, { asynchronous: true });
    await soon.driver.untilGood(1);
    assert.equal(soon.driver.values().length, 23);
    assert.match(
      soon.server.requests.find(({ body }) => body.includes('Poll_Parameters'))?.body ?? '',
      /allow_asynch="true"/,
    );

    const late = await open(t, { pending: { times: 1, wait: 3600 } }, { max_wait: '1s' });
    const polled = await late.driver.poll();
    assert.deepEqual([polled.error?.code, polled.error?.retryAfterMs], ['FEED_PENDING', 3_600_000]);
    await late.driver.untilGood(1);
    assert.equal(late.driver.values().length, 23);
    assert.equal(begins(late.server).length, 1);
  });

  it('a result that was to be fetched later and is gone is polled anew', async (t) => {
    const { server, driver } = await open(
      t,
      { pending: { times: 1, wait: 3600 }, fault: 'expired-next', partSize: 100 },
      { max_wait: '1s' },
    );
    await driver.poll();
    await driver.untilGood(1);
    assert.equal(driver.values().length, 23);
    assert.equal(begins(server).length, 2);
  });

  it('the older version where the newer is not known, by itself or as told', async (t) => {
    const { server, driver } = await open(t, { version: '1.0' });
    await driver.untilGood(1);
    assert.equal(driver.values().length, 23);
    assert.equal(server.requests[0]?.headers['x-taxii-services'], 'urn:taxii.mitre.org:services:1.1');
    assert.equal(server.requests[1]?.headers['x-taxii-services'], 'urn:taxii.mitre.org:services:1.0');
    const strict = await open(t, { version: '1.0' }, { version: '1.1' });
    assert.match((await strict.driver.poll()).error?.message ?? '', /UNSUPPORTED_MESSAGE.*another version/);
  });

  it('a poll service without discovery, with the names of collections', async (t) => {
    const { server, driver } = await open(t, {}, ({ poll }) => ({
      url: undefined,
      poll_url: poll,
      collections: ['open'],
    }));
    await driver.untilGood(1);
    assert.equal(driver.values().length, 23);
    assert.ok(server.requests.every(({ url }) => url === '/poll'));
  });

  it('names with signs of XML go out escaped', async (t) => {
    const name = '"><a&b\'';
    const { server, driver } = await open(t, {}, ({ poll }) => ({
      url: undefined,
      poll_url: poll,
      collections: [name],
    }));
    assert.equal((await driver.poll()).error?.code, 'FEED_NOT_FOUND');
    assert.match(server.requests[0]?.body ?? '', /collection_name="&quot;&gt;&lt;a&amp;b&apos;"/);
  });
});

describe('what a TAXII 1 server answers', () => {
  it('status messages are errors with their words, on one line', async (t) => {
    for (const [type, code] of Object.entries({
      UNAUTHORIZED: 'FEED_UNAUTHORIZED',
      DENIED: 'FEED_UNAUTHORIZED',
      NOT_FOUND: 'FEED_NOT_FOUND',
      FAILURE: 'FEED_SERVER_ERROR',
      RETRY: 'FEED_RATE_LIMITED',
      BAD_MESSAGE: 'FEED_REQUEST',
      UNSUPPORTED_QUERY: 'FEED_REQUEST',
      '\u001b[2Jodd': 'FEED_REQUEST',
    })) {
      const refuse = { type: type.replace('\u001b', '&#x9b;'), text: 'no\n\tway' };
      const { driver } = await open(t, { refuse }, { collections: ['open'] });
      const { error } = await driver.poll();
      assert.equal(error?.code, code, type);
      assert.match(error?.message ?? '', /\(it says: no {1,2}way\)/);
      assert.doesNotMatch(error?.message ?? '', /[\u0000-\u001f\u009b]/);
    }
  });

  it('a status message with a status of HTTP that is an error is read all the same', async (t) => {
    const message =
      '<Status_Message xmlns="http://taxii.mitre.org/messages/taxii_xml_binding-1.1" message_id="1" in_response_to="2" status_type="DENIED"><Message>not you</Message></Status_Message>';
    const web = await openWeb(
      t,
      status(403, { 'x-taxii-content-type': 'urn:taxii.mitre.org:message:xml:1.1' }, message),
    );
    const fetcher = createFetcher();
    t.after(() => fetcher.close());
    const poll = async (): Promise<string> =>
      (await driveFeed({ name: 'x', type: 'taxii1', url: web.url }, fetcher).poll()).error?.message ?? '';
    assert.match(await poll(), /DENIED.*not you/);
    web.answer = status(200, { 'content-type': 'text/html' }, '<html>log in</html>');
    assert.match(await poll(), /web page.*X-TAXII-Content-Type/);
    web.answer = status(200, { 'x-taxii-content-type': 'urn:taxii.mitre.org:message:xml:1.1' }, '<!DOCTYPE a><a/>');
    assert.match(await poll(), /DTD/);
    web.answer = status(200, { 'x-taxii-content-type': 'urn:taxii.mitre.org:message:xml:1.1' }, '<Inbox_Message/>');
    assert.match(await poll(), /<Inbox_Message>/);
    web.answer = status(200, { 'x-taxii-content-type': 'urn:taxii.mitre.org:message:xml:1.1' }, '<Poll_Response/>');
    assert.match(await poll(), /another question/);
    web.answer = status(
      200,
      { 'x-taxii-content-type': 'urn:taxii.mitre.org:message:xml:1.1' },
      '<Discovery_Response/>',
    );
    assert.match(await poll(), /poll_url/);
  });

  it('other contents and broken documents cost themselves alone', async (t) => {
    const [first, second, third] = stixBlocks(3);
    assert.ok(first !== undefined && second !== undefined && third !== undefined);
    const cut = second.content.slice(0, 900);
    const { driver } = await open(t, {
      partSize: 20,
      blocks: [
        { ...first, wrapping: 'cdata' },
        { content: cut, wrapping: 'cdata' },
        { content: cut, wrapping: 'escaped' },
        { content: `${cut}</nonsense>`, wrapping: 'escaped' },
        {
          content: '<alert xmlns="urn:oasis:names:tc:emergency:cap:1.1"><text>198.51.100.77</text></alert>',
          binding: 'urn:oasis:names:tc:emergency:cap:1.1',
          wrapping: 'child',
        },
        { content: 'MIIB+base64', binding: 'application/x-pks7-mime', wrapping: 'escaped' },
        { content: '', wrapping: 'escaped' },
        { content: '<!DOCTYPE x [<!ENTITY a "b">]><STIX_Package/>', wrapping: 'cdata' },
        { ...third, wrapping: 'child', binding: 'urn:example.org:unheard-of' },
        { ...second, wrapping: 'escaped' },
      ],
    });
    const [polled] = await driver.untilGood(1);
    assert.deepEqual(driver.values(), addressesIn([first, second, third]));
    assert.equal(polled?.tally.skipped, 7);
    assert.match(
      polled?.tally.firstSkipped ?? '',
      /content block of urn:stix\.mitre\.org:xml:1\.2 that cannot be read/,
    );
  });

  it('an object may refer to another in a later block or part', async (t) => {
    const [whole] = stixBlocks(1, 9);
    assert.ok(whole !== undefined);
    const observable = /<indicator:Observable[\s\S]*<\/indicator:Observable>/.exec(whole.content)?.[0] ?? '';
    const pointing = whole.content.replace(observable, '<indicator:Observable idref="example:observable-9"/>');
    const defining = whole.content
      .replace(
        /<stix:Indicators>[\s\S]*<\/stix:Indicators>/,
        `<stix:Observables>${observable.replaceAll('indicator:Observable', 'cybox:Observable')}</stix:Observables>`,
      )
      .replace('package-9', 'package-10');
    const { driver } = await open(t, { blocks: [{ content: pointing }, ...stixBlocks(5), { content: defining }] });
    await driver.untilGood(1);
    const found = driver.records.filter(({ indicator }) => indicator === '198.51.100.9');
    assert.deepEqual(
      found.map(({ ref }) => ref),
      ['example:indicator-9'],
    );
  });

  it('an account that may poll some of the collections polls those', async (t) => {
    const all = await open(t);
    await all.driver.untilGood(1);
    const some = await open(t, {}, { collections: ['open', 'missing'] });
    const polled = await some.driver.poll();
    assert.match(polled.error?.message ?? '', /no collection "missing"; the server has "open", "closed"/);
    assert.equal(some.driver.values().length, 23);
    const denied = await open(t, { refuse: { type: 'DENIED', text: '' } });
    assert.equal((await denied.driver.poll()).error?.code, 'FEED_UNAUTHORIZED');
  });

  it('services on another origin are asked without credentials, unless they are trusted', async (t) => {
    const elsewhere = await openTaxii1Server({ version: '1.1', blocks: stixBlocks(3, 50), authorization: BASIC });
    t.after(() => elsewhere.close());
    const login = { username: 'reader', password: 'pass word' };
    const shy = await open(t, { authorization: BASIC, polling: elsewhere.poll }, login);
    const polled = await shy.driver.poll();
    assert.equal(polled.error?.code, 'FEED_UNAUTHORIZED');
    assert.match(polled.tally.notes.join(), /trust_addresses/);
    assert.ok(elsewhere.requests.length > 0);
    assert.ok(elsewhere.requests.every(({ headers }) => headers.authorization === undefined));
    const trusting = await open(
      t,
      { authorization: BASIC, polling: elsewhere.poll },
      { ...login, trust_addresses: true },
    );
    await trusting.driver.untilGood(1);
    assert.equal(trusting.driver.values().length, 3);
  });

  it('what is refused in the settings', () => {
    const feed = { name: 'x', type: 'taxii1' };
    assert.deepEqual(refusals({ ...feed, url: 'https://taxii.example.org/discovery' }), []);
    assert.deepEqual(refusals(feed), ['url: must be there, or poll_url']);
    assert.deepEqual(refusals({ ...feed, poll_url: 'https://taxii.example.org/poll' }), [
      'collections: must be there with poll_url',
    ]);
  });
});
