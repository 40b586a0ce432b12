import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { codeOf, messageOf } from '../../../core/process/errors.ts';
import { mispFeed } from '../../../ingest/feeds/misp-feed.ts';
import { attribute, event, type Json, uuid } from '../formats/misp/export.ts';
import { openLab, refusals } from '../lab.ts';
import { openWeb } from '../web.ts';
import { indicatorsOf, openSource, type Source } from './misp/reading.ts';

const START = 1_700_000_000;

interface Folder {
  url: string;
  /** The manifest; entries without a file are missing events. */
  manifest: Map<string, Json>;
  files: Map<string, string>;
  asked: string[];
  meddle: (path: string, response: ServerResponse) => boolean;
  put(stamp: number, values: string[], more?: Json): string;
  change(id: string, stamp: number, attributes: Json[]): void;
}

async function openFolder(t: TestContext): Promise<Folder> {
  const folder: Folder = {
    url: '',
    manifest: new Map(),
    files: new Map(),
    asked: [],
    meddle: () => false,
    put(stamp, values, more = {}) {
      const id = uuid();
      folder.manifest.set(id, {
        info: 'x',
        date: '2023-11-14',
        timestamp: stamp,
        analysis: 2,
        threat_level_id: 1,
        Orgc: { name: 'Example Org', uuid: '99999999-2222-4333-8444-555555555555' },
        Tag: [{ name: 'tlp:white' }],
        ...more,
      });
      folder.change(
        id,
        stamp,
        values.map((value) => attribute('domain', value, { timestamp: stamp })),
      );
      return id;
    },
    change(id, stamp, attributes) {
      folder.manifest.set(id, { ...folder.manifest.get(id), timestamp: String(stamp) });
      folder.files.set(id, JSON.stringify({ Event: event(attributes, { uuid: id, timestamp: String(stamp) }) }));
    },
  };
  const web = await openWeb(t, (request, response) => {
    const path = request.url ?? '';
    folder.asked.push(path);
    if (folder.meddle(path, response)) return;
    const name = /\/([^/]+)\.json$/.exec(path)?.[1] ?? '';
    const body = name === 'manifest' ? JSON.stringify(Object.fromEntries(folder.manifest)) : folder.files.get(name);
    const etag = `"${body?.length} ${[...folder.manifest.values()].reduce((sum, each) => sum + Number(each.timestamp), 0)}"`;
    if (body === undefined) response.writeHead(404).end('gone');
    else if (name === 'manifest' && request.headers['if-none-match'] === etag) response.writeHead(304).end();
    else
      response
        .writeHead(200, { 'content-type': 'application/json', ...(name === 'manifest' ? { etag } : {}) })
        .end(body);
  });
  folder.url = `${web.url}/feed`;
  return folder;
}

const section = (url: string, more: object = {}): object => ({ name: 'circl', type: 'misp-feed', url, ...more });

async function open(t: TestContext, more: object = {}): Promise<{ folder: Folder; source: Source }> {
  const folder = await openFolder(t);
  return { folder, source: openSource(t, mispFeed, section(folder.url, more)) };
}

describe('a feed of MISP', () => {
  it('is read once, and afterwards only what changed or is new, however old', async (t) => {
    const { folder, source } = await open(t);
    const a = folder.put(START, ['a.example.org']);
    folder.put(START + 10, ['b.example.org']);
    const first = await source.read();
    assert.equal(first.error, undefined);
    assert.deepEqual(indicatorsOf(first), ['a.example.org', 'b.example.org']);
    assert.equal(first.records[0]?.reference, `${folder.url}/${a}.json`);
    folder.asked.length = 0;
    assert.deepEqual((await source.read()).records, []);
    assert.deepEqual(folder.asked, ['/feed/manifest.json']);

    folder.put(START - 5_000_000, ['old.example.org']);
    folder.change(a, START + 20, [attribute('domain', 'a2.example.org', { timestamp: START + 20 })]);
    folder.asked.length = 0;
    assert.deepEqual(indicatorsOf(await source.read()), ['old.example.org', 'a2.example.org']);
    assert.equal(folder.asked.length, 3);
  });

  it('goes on past an event that is missing, tells it, and tries it again', async (t) => {
    const { folder, source } = await open(t);
    const lost = folder.put(START, ['lost.example.org']);
    folder.put(START + 1, ['b.example.org']);
    const file = folder.files.get(lost) ?? '';
    folder.files.delete(lost);
    const first = await source.read();
    assert.equal(first.error, undefined);
    assert.deepEqual(indicatorsOf(first), ['b.example.org']);
    assert.match(first.report.notes.join(), new RegExp(`1 listed events are not there \\(the first is ${lost}\\)`));
    assert.deepEqual((await source.read()).records, []);
    folder.files.set(lost, file);
    assert.deepEqual(indicatorsOf(await source.read()), ['lost.example.org']);
    assert.deepEqual((await source.read()).records, []);
  });

  it('goes on past an event that is broken, and has failed then', async (t) => {
    const { folder, source } = await open(t);
    const broken = folder.put(START, ['a.example.org']);
    const file = folder.files.get(broken) ?? '';
    folder.put(START + 1, ['b.example.org']);
    for (const damage of [file.slice(0, -20), '{"html":1}', '<html>', '']) {
      folder.files.set(broken, damage);
      source.cursor = null;
      const reading = await source.read();
      assert.deepEqual(indicatorsOf(reading), ['b.example.org'], damage);
      assert.equal(codeOf(reading.error), 'FEED_EVENT');
      assert.match(messageOf(reading.error), new RegExp(`the event ${broken} cannot be read and is tried again`));
    }
    folder.files.set(broken, file);
    assert.deepEqual(indicatorsOf(await source.read()), ['a.example.org']);
  });

  it('stops when the server fails for good, and has kept what it read', async (t) => {
    const { folder, source } = await open(t);
    for (let n = 0; n < 20; n += 1) folder.put(START + n, [`d${n}.example.org`]);
    let served = 0;
    folder.meddle = (path, response) => {
      if (path.endsWith('manifest.json')) return false;
      served += 1;
      if (served <= 3) return false;
      response.writeHead(500).end();
      return true;
    };
    const reading = await source.read();
    assert.equal(codeOf(reading.error), 'FEED_SERVER_ERROR');
    assert.equal(served, 8);
    assert.equal(reading.records.length, 3);
    folder.meddle = (path, response) => {
      if (path.endsWith('manifest.json')) return false;
      served += 1;
      if (served % 2 === 0) return false;
      response.writeHead(429, { 'retry-after': '60' }).end();
      return true;
    };
    assert.equal(codeOf((await source.read()).error), 'FEED_RATE_LIMITED');
    folder.meddle = () => false;
    assert.equal((await source.read()).records.length, 17);
  });

  it('tells what was switched off or deleted in an event since it was read', async (t) => {
    const { folder, source } = await open(t);
    const at = (value: string, stamp: number, more: Json = {}): Json =>
      attribute('domain', value, { timestamp: stamp, ...more });
    const id = folder.put(START, []);
    folder.change(id, START, [
      at('a.example.org', START),
      at('b.example.org', START),
      at('off.example.org', START, { to_ids: false }),
    ]);
    assert.deepEqual(indicatorsOf(await source.read()), ['a.example.org', 'b.example.org']);
    folder.change(id, START + 100, [
      at('a.example.org', START),
      at('b.example.org', START + 100, { to_ids: '0' }),
      at('off.example.org', START, { to_ids: false }),
      at('c.example.org', START + 100, { deleted: '1' }),
    ]);
    assert.deepEqual(
      (await source.read()).records.map(({ indicator, revoked }) => [indicator, revoked]),
      [
        ['a.example.org', undefined],
        ['b.example.org', true],
        ['c.example.org', true],
      ],
    );
  });

  it('forgets events that are no longer listed, but does not believe in an empty manifest', async (t) => {
    const { folder, source } = await open(t);
    const gone = folder.put(START, ['a.example.org']);
    folder.put(START + 1, ['b.example.org']);
    await source.read();
    const entry = folder.manifest.get(gone) ?? {};
    folder.manifest.delete(gone);
    assert.match((await source.read()).report.notes.join(), /1 events are no longer in the manifest/);
    folder.manifest.set(gone, entry);
    assert.deepEqual(indicatorsOf(await source.read()), ['a.example.org']);
    for (const empty of ['{}', '[]']) {
      folder.meddle = (_, response) => {
        response.writeHead(200).end(empty);
        return true;
      };
      assert.equal(codeOf((await source.read()).error), 'FEED_EMPTY');
      const fresh = openSource(t, mispFeed, section(folder.url));
      assert.equal((await fresh.read()).error, undefined);
    }
  });

  it('refuses what is no manifest, and uuids that would lead elsewhere', async (t) => {
    const { folder, source } = await open(t);
    for (const [told, code] of [
      ['<html>', 'FEED_HTML_PAGE'],
      ['{"a": 1}', 'FEED_SHAPE'],
      ['{"message":{"x":"y"}}', 'FEED_SHAPE'],
      ['{"x"', 'FEED_NOT_JSON'],
    ] as const) {
      folder.meddle = (_, response) => {
        response.writeHead(200).end(told);
        return true;
      };
      assert.equal(codeOf((await source.read()).error), code, told);
    }
    folder.meddle = () => false;
    folder.put(START, ['a.example.org']);
    folder.manifest.set('../../secret', { timestamp: START });
    const reading = await source.read();
    assert.deepEqual(indicatorsOf(reading), ['a.example.org']);
    assert.equal(reading.report.skipped, 1);
    assert.ok(!folder.asked.some((path) => path.includes('secret')));
  });

  it('chooses events by tag, organisation and age, attributes by type', async (t) => {
    const { folder, source } = await open(t, {
      filter: { tags: ['APT'], orgs: ['example org'], types: ['domain'] },
      look_back: '1d',
    });
    const tags = { Tag: [{ name: 'apt' }] };
    folder.put(START, ['a.example.org'], tags);
    folder.put(START, ['b.example.org']);
    folder.put(START, ['c.example.org'], { ...tags, Orgc: { name: 'Other' } });
    folder.put(START - 100_000, ['d.example.org'], tags);
    assert.deepEqual(indicatorsOf(await source.read({ now: (START + 10) * 1000 })), ['a.example.org']);
    const later = await source.read({ now: (START + 200_000) * 1000 });
    assert.deepEqual([later.records, later.report.notes], [[], []]);
  });

  it('of 10,000 events fits its cursor', async (t) => {
    const { folder, source } = await open(t);
    const empty = JSON.stringify({ Event: event([attribute('domain', 'a.example.org')]) });
    for (let n = 0; n < 2000; n += 1) folder.files.set(folder.put(START + n, []), empty);
    const reading = await source.read();
    assert.equal(reading.records.length, 2000);
    assert.ok(JSON.stringify(reading.cursor).length < 2000 * 14 + 500);
    assert.deepEqual((await source.read()).records, []);
  });

  it('delivers every version, wherever it dies', async (t) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            crash: fc.integer({ min: 0, max: 4 }),
            stamp: fc.integer({ min: 1, max: 1000 }),
            which: fc.nat(9),
          }),
          {
            minLength: 1,
            maxLength: 8,
          },
        ),
        async (steps) => {
          const { folder, source } = await open(t);
          const ids = [folder.put(START, ['e0.example.org'])];
          const told = new Set<string>();
          for (const { crash, stamp, which } of steps) {
            for (const each of indicatorsOf(await source.read({ crashAfter: crash }))) told.add(each);
            const id = ids[which];
            if (id === undefined) ids.push(folder.put(START + stamp, [`e${ids.length}.example.org`]));
            else folder.change(id, START + 2000 + stamp, [attribute('domain', `v${stamp}-${which}.example.org`)]);
          }
          for (const each of indicatorsOf(await source.read())) told.add(each);
          for (const text of folder.files.values()) {
            const [value] = /[a-z0-9-]+\.example\.org/.exec(text) ?? [''];
            assert.ok(told.has(value), value);
          }
          assert.deepEqual((await source.read()).records, []);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('runs in the worker, with the defaults of its section', async (t) => {
    const lab = openLab(t);
    const folder = await openFolder(t);
    folder.put(START, ['a.example.org']);
    const report = await lab.once([section(folder.url, { tags: ['osint'], confidence: 40 })]);
    assert.deepEqual(report.failedFeeds, []);
    const [record] = lab.bus.values();
    assert.equal(record?.confidence, 40);
    assert.equal(record?.source, 'circl');
    assert.equal((await lab.once([section(folder.url, { tags: ['osint'], confidence: 40 })])).read, 0);
  });

  it('is refused where its configuration is wrong', () => {
    const said = (more: object): string => refusals(section('https://a.example/feed', more)).join('; ');
    assert.equal(said({ url: 'https://a.example/feed/manifest.json' }), '');
    assert.match(said({ url: 'a.example' }), /^url/);
    assert.match(said({ headers: { 'a b': 'c' } }), /^headers/);
    assert.match(said({ api_key: 'x' }), /there is no such key; the keys here are .*headers/);
  });
});
