import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Client } from '@elastic/elasticsearch';
import { type ElasticsearchServer, startElasticsearch } from '../../services/elasticsearch.ts';
import { until } from '../../services/wait.ts';

describe('Elasticsearch', () => {
  let server: ElasticsearchServer;
  let client: Client;
  before(async () => {
    server = await startElasticsearch();
    client = new Client({ node: server.url, maxRetries: 0 });
  });
  after(async () => {
    await client.close();
    await server.stop();
  });

  it('is a 7.17 node on loopback that the client accepts', async () => {
    assert.match(server.version, /^7\.17\./);
    assert.equal((await client.info()).version.number, server.version);
  });

  it('has what index templates of tipline may use', async () => {
    const properties = {
      text: { type: 'match_only_text' },
      labels: { type: 'flattened' },
      place: { type: 'geo_point' },
      net: { type: 'ip_range' },
      old: { type: 'alias', path: 'labels' },
    } as const;
    await client.indices.create({ index: 'mapped', mappings: { properties } });
    await client.index({ index: 'mapped', document: { text: 'a b' }, refresh: true });
    assert.equal((await client.deleteByQuery({ index: 'mapped', query: { match: { text: 'b' } } })).deleted, 1);
  });

  it('comes back with its documents after a crash and after an orderly end', async () => {
    for (const [count, end] of (['kill', 'shutdown'] as const).entries()) {
      await client.index({ index: 'kept', document: { count } });
      await server[end]();
      await assert.rejects(client.info(), { name: 'ConnectionError' });
      await server.start();
      await client.cluster.health({ index: 'kept', wait_for_status: 'yellow' });
      await client.indices.refresh({ index: 'kept' });
      assert.equal((await client.count({ index: 'kept' })).count, count + 1);
    }
  });

  it('answers nobody while it is paused', async () => {
    server.pause();
    // a thread on another core may still answer the first one: the signal takes its moment
    await until(
      async () => {
        await assert.rejects(client.info({}, { requestTimeout: 500 }), { name: 'TimeoutError' });
        return true;
      },
      { what: 'a request that nobody answers', timeout: 10_000 },
    );
    server.resume();
    await client.info();
  });
});

it('says what a node that cannot start complained about', async () => {
  await assert.rejects(startElasticsearch({ 'no.such.setting': 1 }), /ended while starting.*no\.such\.setting/s);
});
