import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createNames } from '../../../store/elasticsearch/names.ts';
import { type ElasticsearchServer, startElasticsearch } from '../../services/elasticsearch.ts';
import { until } from '../../services/wait.ts';
import { type OpenedStore, openTestStore } from './opened.ts';
import { testPatience } from './patience.ts';
import { writeSteadily } from './steady-writer.ts';

/** Seconds here; test/faults has the long ones. */
describe('Elasticsearch that goes away for a moment', () => {
  let server: ElasticsearchServer;
  let opened: OpenedStore;
  before(async () => {
    server = await startElasticsearch();
    opened = await openTestStore(server.url, { request_timeout: 1500 });
  });
  after(async () => {
    if (!server.running) await server.start();
    await opened.remove();
    await server.stop();
  });

  const historyCount = async (): Promise<number> => {
    const index = createNames(opened.prefix).historyPattern;
    await opened.client.indices.refresh({ index });
    return (await opened.client.count({ index })).count;
  };

  for (const [net, what, leave, comeBack, words] of [
    [1, 'is killed and started again', () => server.kill(), () => server.start(), /cannot be reached/],
    [
      2,
      'is frozen longer than a request may take',
      async () => server.pause(),
      async () => server.resume(),
      /cannot be reached|has not answered/,
    ],
  ] as const) {
    it(`${what}: nothing is lost, nothing is rejected, health says so`, async () => {
      const patience = testPatience();
      const before = await historyCount();
      const writer = writeSteadily(opened.store.indicators, patience, net);
      await until(() => writer.batches() >= 3, { what: 'the first batches', timeout: 60_000 });
      opened.health.changes.length = 0;
      await leave();
      await until(() => opened.health.state() === 'down', { what: 'health to be down' });
      const beats = patience.beats();
      await until(() => patience.beats() > beats + 20, { what: 'heartbeats in the outage' });
      await until(() => words.test(opened.health.details()), { what: 'the reason' });
      const stood = writer.batches();
      await comeBack();
      await until(() => writer.batches() > stood + 2, { what: 'the work to go on', timeout: 60_000 });
      assert.equal(opened.health.state(), 'up');
      await writer.stop();
      await writer.verify((await historyCount()) - before);
      assert.ok(
        opened.health.changes.some((change) => change.startsWith('down')) && opened.health.changes.at(-1) === 'up',
      );
    });
  }
});
