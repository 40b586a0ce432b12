import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLog } from '../../core/process/log.ts';
import { createClient } from '../../store/elasticsearch/client.ts';
import { createNames, type Names } from '../../store/elasticsearch/names.ts';
import { openElasticsearchStore } from '../../store/elasticsearch/store.ts';
import type { Store } from '../../store/port.ts';
import { type ElasticsearchServer, startElasticsearch } from '../services/elasticsearch.ts';
import { freshName } from '../services/given.ts';
import { until } from '../services/wait.ts';
import { testConfig } from '../store/elasticsearch/opened.ts';
import { testPatience, watchedHealth } from '../store/elasticsearch/patience.ts';
import { writeSteadily } from '../store/elasticsearch/steady-writer.ts';

const KILLED_MS = 30_000;
const FROZEN_MS = 60_000;

/** The outages of a bad day, at their real length and with the waits of production. */
describe('Elasticsearch is away for long', () => {
  let server: ElasticsearchServer;
  let store: Store;
  let names: Names;
  let client: ReturnType<typeof createClient>;
  const health = watchedHealth();

  before(async () => {
    server = await startElasticsearch();
    const config = testConfig(server.url, `${freshName('outage')}-`);
    names = createNames(config.prefix);
    client = createClient(config);
    store = await openElasticsearchStore(config, { log: silentLog, health: health.health });
    await store.setup();
  });
  after(async () => {
    await store.close();
    await client.close();
    await server.stop();
  });

  const historyCount = async (): Promise<number> => {
    await client.indices.refresh({ index: names.historyPattern });
    return (await client.count({ index: names.historyPattern })).count;
  };

  async function survive(
    net: number,
    outage: (wait: (words: RegExp) => Promise<void>) => Promise<void>,
  ): Promise<void> {
    const patience = testPatience();
    const before = await historyCount();
    const writer = writeSteadily(store.indicators, patience, net);
    await until(() => writer.batches() >= 3, { what: 'the first batches', timeout: 60_000 });
    let stood = 0;
    await outage(async (words) => {
      await until(() => health.state() === 'down' && words.test(health.details()), {
        what: `health to say ${words}`,
        timeout: 45_000,
      });
      stood = writer.batches();
    });
    await until(() => writer.batches() > stood + 2, { what: 'the work to go on', timeout: 90_000 });
    assert.equal(health.state(), 'up');
    assert.ok(patience.beats() > 5, `${patience.beats()} heartbeats`);
    await writer.stop();
    await writer.verify((await historyCount()) - before);
  }

  it('killed for 30 s: nothing is lost, nothing is rejected, health says so', () =>
    survive(1, async (down) => {
      await server.kill();
      await down(/cannot be reached/);
      await sleep(KILLED_MS);
      await server.start();
    }));

  it('frozen for 60 s: nothing is lost, nothing is rejected, health says so', () =>
    survive(2, async (down) => {
      server.pause();
      const begun = performance.now();
      await down(/has not answered|cannot be reached/);
      await sleep(FROZEN_MS - (performance.now() - begun));
      server.resume();
    }));

  it('comes back with a closed index: nothing is lost, nothing is rejected, health says so', () =>
    survive(3, async (down) => {
      await client.indices.close({ index: names.currentIndex });
      await server.kill();
      await down(/cannot be reached/);
      await server.start();
      await down(/index_closed_exception on .*threat_intel_current-000001: open the index/);
      await client.indices.open({ index: names.currentIndex });
    }));
});
