import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { codeOf, messageOf } from '../../../core/process/errors.ts';
import { misp } from '../../../ingest/feeds/misp.ts';
import { FetchError } from '../../../ingest/fetch/fetch-error.ts';
import { refusals } from '../lab.ts';
import { indicatorsOf, openSource } from './misp/reading.ts';
import { KEY, openMisp, START } from './misp/server.ts';

const feed = (url: string, more: object = {}): object => ({ name: 'misp', type: 'misp', url, api_key: KEY, ...more });
const domains = (count: number, at = START): { value: string; timestamp: number }[] =>
  Array.from({ length: count }, (_, n) => ({ value: `d${n}.example.org`, timestamp: at }));

describe('MISP by search', () => {
  it('asks page by page to the empty one, with the key, and only for what holds an indicator', async (t) => {
    const server = await openMisp(t);
    server.add({ tags: ['tlp:green'] }, domains(7));
    server.add({}, [
      { type: 'text', value: 'x' },
      { type: 'ip-dst', value: '192.0.2.1' },
    ]);
    const source = openSource(t, misp, feed(`${server.url}/`, { page_size: 3 }));
    const reading = await source.read();
    assert.equal(reading.error, undefined);
    assert.deepEqual(indicatorsOf(reading), [...domains(7).map(({ value }) => value), '192.0.2.1']);
    assert.equal(reading.records[0]?.tlp, 'GREEN');
    assert.match(reading.records[0]?.reference ?? '', /^http:\/\/127\.0\.0\.1:\d+\/events\/view\/[0-9a-f-]{36}$/);
    assert.deepEqual(
      server.asked.map(({ body }) => body.page),
      [1, 2, 3, 4],
    );
    const [first] = server.asked;
    assert.equal(first?.headers.authorization, KEY);
    assert.equal(first?.headers['content-type'], 'application/json');
    assert.deepEqual(first?.body.deleted, [0, 1]);
    assert.equal(first?.body.to_ids, 1);
    assert.equal('timestamp' in (first?.body ?? {}), false);
    assert.ok(!JSON.stringify(reading.cursor).includes(KEY));
  });

  it('goes on at the newest second, which is asked for again', async (t) => {
    const server = await openMisp(t);
    server.add({ timestamp: START }, [{ value: 'a.example.org' }]);
    const source = openSource(t, misp, feed(server.url));
    await source.read();
    server.clock = START + 2000;
    // the same second as what is known, written after it was read
    server.add({ timestamp: START, publish_timestamp: START }, [{ value: 'b.example.org' }]);
    server.asked.length = 0;
    const reading = await source.read();
    assert.deepEqual(new Set(indicatorsOf(reading)), new Set(['a.example.org', 'b.example.org']));
    assert.equal(server.asked[0]?.body.timestamp, String(START));
    const later = await source.read();
    assert.ok(later.records.length > 0, 'nothing is lost at equal seconds');
  });

  it('finds what is published late, with old timestamps', async (t) => {
    const server = await openMisp(t);
    server.add({ timestamp: START + 900 }, [{ value: 'a.example.org' }]);
    const late = server.add({ timestamp: START, published: false, publish_timestamp: 0 }, [
      { value: 'late.example.org' },
    ]);
    const source = openSource(t, misp, feed(server.url));
    assert.deepEqual(indicatorsOf(await source.read()), ['a.example.org']);
    server.clock += 5000;
    Object.assign(late, { published: true, publish_timestamp: server.clock });
    server.clock += 50;
    const reading = await source.read();
    assert.ok(indicatorsOf(reading).includes('late.example.org'));
    assert.ok(server.asked.some(({ body }) => body.publish_timestamp !== undefined && body.timestamp === undefined));
  });

  it('loses nothing that changes while pages are read', async (t) => {
    const server = await openMisp(t);
    server.add({ timestamp: START }, domains(6));
    const source = openSource(t, misp, feed(server.url, { page_size: 2 }));
    server.meddle = ({ body }) => {
      // page 1 was read, and what was on it changes; after it something newer is made
      if (body.page === 2 && server.clock < START + 2000) {
        server.clock = START + 2001;
        // and is not published anew, which the second sweep would see
        Object.assign(server.attributes[0] ?? {}, { timestamp: server.clock, tags: ['c2'] });
        server.clock = START + 2002;
        server.add({}, [{ value: 'new.example.org' }]);
      }
      return false;
    };
    const first = await source.read();
    assert.ok(indicatorsOf(first).includes('new.example.org'));
    server.clock += 60;
    const second = await source.read();
    const changed = second.records.find(({ indicator }) => indicator === 'd0.example.org');
    assert.deepEqual(changed?.tags, ['c2']);
  });

  it('tells what was withdrawn: deleted, or no longer for detection', async (t) => {
    const server = await openMisp(t);
    server.add({ timestamp: START }, [
      { value: 'stays.example.org' },
      { value: 'deleted.example.org' },
      { value: 'switched.example.org' },
      { value: 'off.example.org', to_ids: false },
    ]);
    const source = openSource(t, misp, feed(server.url));
    assert.equal((await source.read()).records.length, 3);
    server.clock += 5000;
    server.change('deleted.example.org', { deleted: true });
    server.change('switched.example.org', { to_ids: false });
    server.add({}, [{ value: 'new-off.example.org', to_ids: false }]);
    const reading = await source.read();
    const revoked = new Set(reading.records.filter((each) => each.revoked).map(({ indicator }) => indicator));
    assert.ok(revoked.has('deleted.example.org'));
    assert.ok(revoked.has('switched.example.org'));
    assert.ok(!revoked.has('stays.example.org'));
    assert.ok(!revoked.has('new-off.example.org'), 'it was never told');
  });

  it('is not ended by short pages, nor by an empty one of which things were taken out', async (t) => {
    for (const tellsSkipped of [true, false]) {
      const server = await openMisp(t);
      server.tellsSkipped = tellsSkipped;
      server.add({}, domains(9));
      server.takenOut = new Set(['d1.example.org', 'd3.example.org', 'd4.example.org', 'd5.example.org']);
      const reading = await openSource(t, misp, feed(server.url, { page_size: 3 })).read();
      assert.deepEqual(
        indicatorsOf(reading),
        ['d0', 'd2', 'd6', 'd7', 'd8'].map((name) => `${name}.example.org`),
        String(tellsSkipped),
      );
    }
  });

  it('ends with servers that give the same page again, or count without end', async (t) => {
    const server = await openMisp(t);
    server.add({}, domains(3));
    server.meddle = (asked) => {
      asked.body.page = 1;
      return false;
    };
    const same = await openSource(t, misp, feed(server.url, { page_size: 3 })).read();
    assert.equal(server.asked.length, 3);
    assert.match(same.report.notes.join(), /takes no notice of "page"/);
    server.asked.length = 0;
    server.meddle = (_, response) => {
      response.writeHead(200, { 'x-result-count': '99999' });
      response.end('{"response":{"Attribute":[]}}');
      return true;
    };
    assert.equal((await openSource(t, misp, feed(server.url)).read()).error, undefined);
    assert.ok(server.asked.length < 10);
    server.meddle = (_, response) => {
      response.writeHead(200, { 'x-skipped-elements-count': '5' });
      response.end('{"response":{"Attribute":[]}}');
      return true;
    };
    const endless = await openSource(t, misp, feed(server.url, { max_pages: 20 })).read();
    assert.equal(codeOf(endless.error), 'FEED_PAGES');
  });

  it('passes its filters on', async (t) => {
    const server = await openMisp(t);
    server.add({ org: 'Other Org' }, [{ value: 'other.example.org', tags: ['c2'] }]);
    server.add({}, [
      { value: 'a.example.org', tags: ['c2'] },
      { value: 'b.example.org', tags: ['c2', 'sinkhole'] },
      { value: 'c.example.org' },
      { type: 'md5', value: 'f'.repeat(32), tags: ['c2'] },
    ]);
    const filter = { tags: { or: ['c2'], not: ['sinkhole'] }, types: ['domain'], orgs: ['Example Org'] };
    const source = openSource(t, misp, feed(server.url, { filter, enforce_warninglist: true, decay_score: true }));
    assert.deepEqual(indicatorsOf(await source.read()), ['a.example.org']);
    const body = server.asked[0]?.body ?? {};
    assert.deepEqual(body.tags, { OR: ['c2'], NOT: ['sinkhole'] });
    assert.deepEqual(
      [body.type, body.org, body.enforceWarninglist, body.includeDecayScore],
      [['domain'], ['Example Org'], 1, 1],
    );
  });

  it('reads only as far back as it is told, whole seconds of it', async (t) => {
    const server = await openMisp(t);
    server.add({ timestamp: START }, [{ value: 'old.example.org' }]);
    server.add({ timestamp: START + 900 }, [{ value: 'new.example.org' }]);
    const source = openSource(t, misp, feed(server.url, { look_back: '10m' }));
    assert.deepEqual(
      new Set(indicatorsOf(await source.read({ now: (START + 1000) * 1000 + 7 }))),
      new Set(['new.example.org']),
    );
    assert.equal(server.asked[0]?.body.timestamp, String(START + 400));
  });

  it('reads everything anew under other settings', async (t) => {
    const server = await openMisp(t);
    server.add({}, domains(2));
    const source = openSource(t, misp, feed(server.url));
    await source.read();
    server.clock += 5000;
    await source.read();
    assert.ok(server.asked.at(-1)?.body.publish_timestamp !== undefined);
    server.asked.length = 0;
    const anew = await source.read({ section: { to_ids: 'prefer' } });
    assert.equal(anew.records.length, 2);
    assert.equal('timestamp' in (server.asked[0]?.body ?? {}), false);
    source.cursor = { anything: 'else', version: 99 };
    assert.equal((await source.read()).records.length, 2);
  });

  it('explains refusals, and waits as long as it is told', async (t) => {
    const server = await openMisp(t);
    const source = openSource(t, misp, feed(server.url));
    const failure = async (
      status: number,
      headers: Record<string, string> = {},
      body = '{"message":"because"}',
    ): Promise<unknown> => {
      server.meddle = (_, response) => {
        response.writeHead(status, headers);
        response.end(body);
        return true;
      };
      return (await source.read()).error;
    };
    const limited = await failure(429, {
      'X-Rate-Limit-Limit': '10',
      'X-Rate-Limit-Remaining': '0',
      'X-Rate-Limit-Reset': '420',
    });
    assert.ok(limited instanceof FetchError);
    assert.deepEqual([limited.code, limited.retryAfterMs, limited.retryable], ['FEED_RATE_LIMITED', 420_000, true]);
    assert.match(messageOf(await failure(403)), /does not accept this api_key for \/attributes\/restSearch.*because/);
    assert.match(messageOf(await failure(405)), /mode: index/);
    assert.equal(codeOf(await failure(500)), 'FEED_SERVER_ERROR');
    assert.equal(codeOf(await failure(200, { 'content-type': 'text/html' }, '<html>log in</html>')), 'FEED_HTML_PAGE');
    assert.equal(codeOf(await failure(200, {}, '{"message":"no"}')), 'FEED_SHAPE');
    assert.equal(codeOf(await failure(200, {}, '{"response":{"Attribute":[')), 'FEED_NOT_JSON');
    assert.ok(![403, 429].some((status) => JSON.stringify(failure(status)).includes(KEY)));
    assert.equal(source.cursor, null);
  });

  it('reads whole events in pages, too', async (t) => {
    const server = await openMisp(t);
    for (let n = 0; n < 5; n += 1) server.add({ timestamp: START + n }, [{ value: `d${n}.example.org` }]);
    const source = openSource(t, misp, feed(server.url, { mode: 'event', page_size: 2 }));
    assert.equal((await source.read()).records.length, 5);
    assert.deepEqual(
      server.asked.map(({ path, body }) => `${path} ${body.page}`),
      [1, 2, 3, 4].map((page) => `/events/restSearch ${page}`),
    );
    server.clock += 5000;
    server.change('d1.example.org', { deleted: true });
    server.asked.length = 0;
    const reading = await source.read();
    assert.equal(reading.records.find(({ indicator }) => indicator === 'd1.example.org')?.revoked, true);
    assert.equal(server.asked[0]?.body.timestamp, String(START + 4));
  });

  it('delivers everything, wherever it dies and whatever changes meanwhile', async (t) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({ crash: fc.integer({ min: 0, max: 9 }), grow: fc.integer({ min: 0, max: 4 }), edit: fc.nat(20) }),
          {
            minLength: 1,
            maxLength: 6,
          },
        ),
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom('attributes', 'event'),
        async (steps, page_size, mode) => {
          const server = await openMisp(t);
          server.add({ timestamp: START }, domains(5));
          const source = openSource(t, misp, feed(server.url, { page_size, mode }));
          const told = new Map<string, string>();
          const keep = (reading: { records: { indicator: string; tags?: string[] }[] }): void => {
            for (const { indicator, tags } of reading.records) told.set(indicator, (tags ?? []).join());
          };
          let made = 0;
          for (const { crash, grow, edit } of steps) {
            keep(await source.read({ crashAfter: crash, now: server.clock * 1000 }));
            server.clock += 1;
            for (let n = 0; n < grow; n += 1) {
              made += 1;
              server.add({}, [{ value: `new${made}.example.org` }]);
            }
            const edited = server.attributes[edit % server.attributes.length];
            if (edited !== undefined) server.change(edited.value, { tags: [`edit ${edit}`] });
          }
          server.clock += 10;
          keep(await source.read({ now: server.clock * 1000 }));
          keep(await source.read({ now: server.clock * 1000 }));
          assert.deepEqual(told, new Map(server.attributes.map(({ value, tags }) => [value, tags.join()])));
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe('MISP by index', () => {
  it('reads the events that changed, with what was deleted in them', async (t) => {
    const server = await openMisp(t);
    server.add({ timestamp: START }, [{ value: 'a.example.org' }, { value: 'b.example.org' }]);
    server.add({ timestamp: START + 1 }, [{ value: 'c.example.org', to_ids: false }]);
    const hidden = server.add({ timestamp: START, published: false }, [{ value: 'late.example.org' }]);
    const source = openSource(t, misp, feed(server.url, { mode: 'index' }));
    assert.deepEqual(indicatorsOf(await source.read()), ['a.example.org', 'b.example.org']);
    assert.deepEqual(server.asked[0]?.body, { minimal: 1, published: 1 });
    server.asked.length = 0;
    assert.equal((await source.read()).records.length, 0);
    assert.equal(server.asked.length, 1);
    server.clock += 5000;
    server.change('a.example.org', { deleted: true });
    server.change('b.example.org', { to_ids: false });
    hidden.published = true;
    const reading = await source.read();
    assert.deepEqual(
      reading.records.map(({ indicator, revoked }) => [indicator, revoked]),
      [
        ['late.example.org', undefined],
        ['a.example.org', true],
        ['b.example.org', true],
      ],
    );
  });

  it('chooses by the heads of events, and finds an event where feeds have it', async (t) => {
    const server = await openMisp(t);
    server.add({ tags: ['tlp:red'], org: 'Other' }, [{ value: 'a.example.org' }]);
    server.add({ tags: ['Keep'] }, [{ value: 'b.example.org' }]);
    server.add({ tags: ['keep'], org: 'Other' }, [{ value: 'c.example.org' }]);
    server.meddle = ({ path }, response) => {
      if (!path.startsWith('/events/view/')) return false;
      response.writeHead(404);
      response.end();
      return true;
    };
    const filter = { tags: ['keep'], orgs: ['example org'] };
    const source = openSource(t, misp, feed(server.url, { mode: 'index', filter }));
    assert.deepEqual(indicatorsOf(await source.read()), ['b.example.org']);
    assert.equal('minimal' in (server.asked[0]?.body ?? {}), false);
  });
});

describe('the configuration of a MISP', () => {
  it('is refused where it is wrong', () => {
    const said = (more: object): string => refusals(feed('https://misp.example.org', more)).join('; ');
    assert.equal(said({}), '');
    assert.match(said({ url: 'misp.example.org' }), /^url: must be an http or https URL/);
    assert.match(said({ api_key: 'two words' }), /^api_key: must be the automation key/);
    assert.match(said({ mode: 'all' }), /^mode/);
    assert.match(said({ filter: { tag: ['x'] } }), /^filter/);
    assert.match(said({ to_ids: true }), /^to_ids/);
  });
});
