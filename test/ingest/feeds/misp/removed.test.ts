import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { createFeedMemory } from '../../../../ingest/feed-memory.ts';
import { misp } from '../../../../ingest/feeds/misp.ts';
import { mispFeed } from '../../../../ingest/feeds/misp-feed.ts';
import { attribute, event, type Json, uuid } from '../../formats/misp/export.ts';
import { openLab } from '../../lab.ts';
import { createMemoryCursors } from '../../memory-cursors.ts';
import { openWeb } from '../../web.ts';
import { openSource, type Reading } from './reading.ts';
import { KEY, openMisp, START } from './server.ts';

const said = ({ records }: Reading): string[] =>
  records.map(({ indicator, revoked }) => `${revoked === true ? '-' : '+'}${indicator}`).sort();
const iso = (stamp: number): string => new Date(stamp * 1000).toISOString();

/** A feed of one event. */
async function openFeed(t: TestContext, more: object = {}) {
  const id = uuid();
  const state = { stamp: START, event: {} as Json };
  const web = await openWeb(t, (request, response) => {
    const isManifest = request.url?.endsWith('/manifest.json') === true;
    const told = isManifest ? { [id]: { info: 'x', timestamp: state.stamp } } : { Event: state.event };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(told));
  });
  const cursors = createMemoryCursors();
  const memory = createFeedMemory(cursors, 'circl');
  const section = { name: 'circl', type: 'misp-feed', url: web.url, ...more };
  const source = openSource(t, mispFeed, section, memory);
  return {
    source,
    section,
    cursors,
    put(stamp: number, attributes: readonly Json[], ofEvent: Json = {}) {
      state.stamp = stamp;
      state.event = event([...attributes], { uuid: id, timestamp: String(stamp), ...ofEvent });
    },
  };
}

const a = attribute('domain', 'a.example.org', { timestamp: START });
const b = attribute('domain', 'b.example.org', { timestamp: START, Tag: [{ name: 'malicious' }] });

describe('what was removed from an event of MISP', () => {
  it('is withdrawn when the event is read again, once, and with what the rules of a feed look at', async (t) => {
    const feed = await openFeed(t);
    feed.put(START, [a, b]);
    assert.deepEqual(said(await feed.source.read()), ['+a.example.org', '+b.example.org']);
    feed.put(START + 10, [a]);
    const second = await feed.source.read();
    assert.deepEqual(said(second), ['+a.example.org', '-b.example.org']);
    const gone = second.records.find(({ revoked }) => revoked === true);
    assert.deepEqual(
      [gone?.ref, gone?.type, gone?.tags, gone?.timestamp],
      [b.uuid, 'domain', ['malicious'], iso(START + 10)],
    );
    feed.put(START + 20, [a]);
    assert.deepEqual(said(await feed.source.read()), ['+a.example.org']);
    feed.put(START + 30, [a, b]);
    assert.deepEqual(said(await feed.source.read()), ['+a.example.org', '+b.example.org'], 'and may come back');
    feed.put(START + 40, []);
    assert.deepEqual(said(await feed.source.read()), ['-a.example.org', '-b.example.org']);
  });

  it('includes what an attribute said before it was edited', async (t) => {
    const feed = await openFeed(t);
    feed.put(START, [a]);
    await feed.source.read();
    feed.put(START + 10, [{ ...a, value: 'other.example.org', timestamp: START + 10 }]);
    assert.deepEqual(said(await feed.source.read()), ['+other.example.org', '-a.example.org']);
  });

  it('is told by the event itself where it can be: a soft deletion is one withdrawal', async (t) => {
    const feed = await openFeed(t);
    feed.put(START, [a, b]);
    await feed.source.read();
    feed.put(START + 10, [a, { ...b, deleted: true, timestamp: START + 10 }]);
    assert.deepEqual(said(await feed.source.read()), ['+a.example.org', '-b.example.org']);
    feed.put(START + 20, [a]);
    assert.deepEqual(said(await feed.source.read()), ['+a.example.org'], 'and then it is gone for good');
  });

  it('is not taken for gone when something of the event could not be read', async (t) => {
    const feed = await openFeed(t);
    feed.put(START, [a, b]);
    await feed.source.read();
    feed.put(START + 10, [a, { ...b, value: 'x'.repeat(20_000), timestamp: START + 10 }]);
    assert.deepEqual(said(await feed.source.read()), ['+a.example.org']);
    feed.put(START + 20, [a]);
    assert.deepEqual(said(await feed.source.read()), ['+a.example.org', '-b.example.org'], 'it is still remembered');
  });

  it('is told late when the store was away, and that is said; a crash loses nothing', async (t) => {
    const feed = await openFeed(t);
    feed.put(START, [a, b]);
    await feed.source.read();
    feed.cursors.away = true;
    feed.put(START + 10, [a]);
    const away = await feed.source.read();
    assert.deepEqual(said(away), ['+a.example.org']);
    assert.match(away.report.notes.join(), /the store was away/);
    feed.cursors.away = false;
    feed.put(START + 20, [a]);
    assert.deepEqual(said(await feed.source.read({ crashAfter: 0 })), [], 'it died before anything was on the bus');
    assert.deepEqual(said(await feed.source.read()), ['+a.example.org', '-b.example.org']);
  });

  it('is known to another process that takes the feed over', async (t) => {
    const feed = await openFeed(t);
    const lab = openLab(t);
    feed.put(START, [a, b]);
    await lab.once([feed.section], { owner: 'one' });
    lab.bus.records.length = 0;
    const two = openLab(t);
    for (const [key, value] of lab.cursors.values) two.cursors.values.set(key, value);
    feed.put(START + 10, [a]);
    await two.once([feed.section], { owner: 'two' });
    assert.deepEqual(
      two.bus
        .values()
        .filter(({ revoked }) => revoked === true)
        .map(({ indicator, source, ref }) => [indicator, source, ref]),
      [['b.example.org', 'circl', b.uuid]],
    );
  });

  for (const mode of ['event', 'index'] as const) {
    it(`is withdrawn by a MISP server in mode ${mode}`, async (t) => {
      const server = await openMisp(t);
      server.add({}, [{ value: 'a.example.org' }, { value: 'b.example.org' }]);
      server.add({}, [{ value: 'c.example.org' }]);
      const memory = createFeedMemory(createMemoryCursors(), 'misp');
      const source = openSource(t, misp, { name: 'misp', type: 'misp', url: server.url, api_key: KEY, mode }, memory);
      assert.deepEqual(
        new Set(said(await source.read())),
        new Set(['+a.example.org', '+b.example.org', '+c.example.org']),
      );
      server.clock += 1000;
      server.attributes = server.attributes.filter(({ value }) => value !== 'b.example.org');
      server.change('a.example.org', {});
      const withdrawn = said(await source.read()).filter((each) => each.startsWith('-'));
      assert.deepEqual([...new Set(withdrawn)], ['-b.example.org']);
    });
  }
});
