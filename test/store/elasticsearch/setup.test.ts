import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { silentLog } from '../../../core/process/log.ts';
import { createNames } from '../../../store/elasticsearch/names.ts';
import { openElasticsearchStore } from '../../../store/elasticsearch/store.ts';
import { freshName, givenElasticsearch } from '../../services/given.ts';
import { sampleDocument, sampleHistory, sampleWrite } from '../sample-document.ts';
import { type OpenedStore, openTestStore, removeAll, testConfig } from './opened.ts';
import { testPatience, watchedHealth } from './patience.ts';

describe('set-up of Elasticsearch', () => {
  let opened: OpenedStore;
  let url: string;
  before(async () => {
    url = await givenElasticsearch();
    opened = await openTestStore(url);
  });
  after(() => opened.remove());

  const named = (prefix: string) => createNames(prefix);

  it('is refused before it is done, and names what it made once', async () => {
    const prefix = `${freshName('setup')}-`;
    const { health } = watchedHealth();
    const store = await openElasticsearchStore(testConfig(url, prefix), { log: silentLog, health });
    await assert.rejects(store.check(), { code: 'STORE_NOT_SET_UP', retryable: false, message: /tipline setup/ });
    const [made, twice] = await Promise.all([store.setup(), store.setup()]);
    const all = new Set([...made, ...twice]);
    for (const index of [named(prefix).currentIndex, named(prefix).outbox, named(prefix).cursors])
      assert.ok(all.has(index), index);
    assert.deepEqual(await store.setup(), []);
    await store.check();
    await store.close();
    await removeAll(opened.client, prefix);
  });

  it('hints at copies that have no place on a single node', async () => {
    assert.deepEqual(await opened.store.advice(), []);
    const config = { ...testConfig(url, opened.prefix), replicas: 1 };
    const store = await openElasticsearchStore(config, { log: silentLog, health: watchedHealth().health });
    const advice = await store.advice();
    await store.close();
    assert.equal(advice.length, 1);
    assert.match(advice[0] ?? '', /1 data node .* yellow\. Set "store\.replicas: 0"/);
    assert.ok(advice[0]?.includes(`PUT /${named(opened.prefix).current},`));
  });

  it('is strict on our documents, and finds history by its old names', async () => {
    const { store, client, prefix } = opened;
    const names = named(prefix);
    const ip = sampleDocument({ value: '198.51.100.1' });
    await store.indicators.write([sampleWrite(ip)], testPatience());
    await store.indicators.refresh();
    const old = await client.search({
      index: names.historyPattern,
      query: {
        bool: {
          filter: [
            { term: { indicator: '198.51.100.1' } },
            { term: { type: 'ip' } },
            { term: { source: 'sample-feed' } },
            { range: { confidence: { gte: 90 } } },
            { range: { severity: { gte: 80 } } },
            { range: { threat_score: { gte: 87 } } },
            { term: { 'geoip.country_code2': 'NL' } },
            { exists: { field: 'geoip.location' } },
          ],
        },
      },
    });
    assert.equal(old.hits.hits.length, 1);

    const drift = { ...sampleDocument({ value: '198.51.100.2' }), surprise: 1 };
    const [outcome] = await store.indicators.write([sampleWrite(drift, [])], testPatience());
    assert.equal(outcome?.kind, 'rejected');
    assert.match(outcome.kind === 'rejected' ? outcome.message : '', /strict_dynamic_mapping_exception.*surprise/);
  });

  it('shows Elastic Security the active indicators alone, by the pattern it looks at', async () => {
    const { store, client, prefix } = opened;
    const documents = [
      sampleDocument({ value: '198.51.100.10' }),
      sampleDocument({ value: '198.51.100.11', status: 'expired' }),
      sampleDocument({ value: '198.51.100.12', composite: true }),
    ];
    await store.indicators.write(
      documents.map((document) => sampleWrite(document, [])),
      testPatience(),
    );
    await store.indicators.refresh();
    const seen = await client.search<{ tipline: { value: string } }>({
      index: `${prefix}logs-ti_*`,
      query: { prefix: { 'threat.indicator.name': '198.51.100.1' } },
    });
    const values = seen.hits.hits.map((hit) => hit._source?.tipline.value);
    assert.ok(values.includes('198.51.100.10'));
    assert.ok(!values.includes('198.51.100.11') && !values.includes('198.51.100.12'));
  });

  it('upgrades templates and adds fields to indices that exist, and leaves a newer version alone', async () => {
    const { store, client, prefix } = opened;
    const names = named(prefix);
    const old = await openTestStore(url);
    const oldNames = named(old.prefix);
    await client.indices.delete({ index: oldNames.currentIndex });
    await client.indices.create({
      index: oldNames.currentIndex,
      mappings: { _meta: { tipline_schema: 0 }, dynamic: 'strict', properties: { '@timestamp': { type: 'date' } } },
      aliases: { [oldNames.current]: { is_write_index: true } },
      settings: { number_of_replicas: 0 },
    });
    // The template has all fields, but this index is as an older version left it.
    await client.indices.putMapping({ index: oldNames.currentIndex, _meta: { tipline_schema: 0 } });
    await assert.rejects(old.store.check(), { code: 'STORE_NOT_SET_UP' });
    // A day of that version that nobody may change any more must not stop the upgrade.
    const day = oldNames.historyDay('2026-01-01');
    await client.indices.create({ index: day });
    await client.indices.putMapping({ index: day, _meta: { tipline_schema: 0 } });
    await client.indices.addBlock({ index: day, block: 'read_only' });
    await old.store.setup();
    await old.store.check();
    await client.indices.putSettings({ index: day, settings: { index: { blocks: { read_only: false } } } });
    await old.remove();

    const newer = await client.indices.getIndexTemplate({ name: names.template('history') });
    const body = newer.index_templates[0]?.index_template;
    assert.ok(body);
    await client.indices.putIndexTemplate({
      name: names.template('history'),
      index_patterns: [names.historyPattern],
      composed_of: body.composed_of,
      priority: 300,
      version: 1000,
      template: { mappings: { _meta: { tipline_schema: 1000 } } },
    });
    await store.setup();
    const after = await client.indices.getIndexTemplate({ name: names.template('history') });
    assert.equal(after.index_templates[0]?.index_template.version, 1000);
  });

  it('lets the operator overrule settings, and keeps what they wrote', async () => {
    const { client, store, prefix } = opened;
    const names = named(prefix);
    await client.cluster.putComponentTemplate({
      name: names.template('custom'),
      template: { settings: { index: { refresh_interval: '77s' } } },
    });
    await store.setup();
    const day = sampleHistory(sampleDocument(), 'x', '2026-02-02');
    await store.indicators.write([{ id: 'x', revision: 1, current: null, history: [day] }], testPatience());
    const index = names.historyDay('2026-02-02');
    const settings = await client.indices.getSettings({ index });
    assert.equal(settings[index]?.settings?.index?.refresh_interval, '77s');
  });

  it('refuses to work on an index that stands in the place of the alias', async () => {
    const prefix = `${freshName('taken')}-`;
    await opened.client.indices.create({ index: named(prefix).current, settings: { number_of_replicas: 0 } });
    const { health } = watchedHealth();
    const store = await openElasticsearchStore(testConfig(url, prefix), { log: silentLog, health });
    await assert.rejects(store.setup(), { code: 'STORE_NAME_TAKEN', message: /store.prefix/ });
    await store.close();
    await removeAll(opened.client, prefix);
  });

  it('says its version, and opens while the server is away', async () => {
    assert.match(opened.store.indicators.description, /^elasticsearch \d+\.\d+\.\d+ http:\/\/127\.0\.0\.1:\d+$/);
    const health = watchedHealth();
    const away = await openElasticsearchStore(testConfig('http://127.0.0.1:1'), {
      log: silentLog,
      health: health.health,
    });
    assert.equal(health.state(), 'down');
    assert.match(health.details(), /cannot be reached.*ECONNREFUSED/);
    await assert.rejects(away.check(), { code: 'STORE_UNREACHABLE', retryable: true });
    await away.close();
  });
});
