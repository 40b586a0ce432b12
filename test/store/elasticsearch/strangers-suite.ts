import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Client } from '@elastic/elasticsearch';
import { createClient } from '../../../store/elasticsearch/client.ts';
import { createNames, type Names } from '../../../store/elasticsearch/names.ts';
import { openElasticsearchStore } from '../../../store/elasticsearch/store.ts';
import type { Store } from '../../../store/port.ts';
import { freshName } from '../../services/given.ts';
import { until } from '../../services/wait.ts';
import { sampleDocument, sampleHistory, sampleWrite } from '../sample-document.ts';
import { makeLogstashDay, pictureOf } from './logstash-days.ts';
import { removeAll, testConfig } from './opened.ts';
import { keptLog, SHORT_WAITS, testPatience, watchedHealth } from './patience.ts';

const DAY = 86_400_000;
const isoDay = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
const ago = (days: number): string => isoDay(Date.now() - days * DAY);

/** Others' indices under our names, on whatever server `url` brings: they stay as they are to the last byte. */
export function strangersSuite(what: string, url: () => Promise<string>): void {
  describe(`indices of others on Elasticsearch ${what}`, () => {
    let client: Client;
    let prefix: string;
    let names: Names;
    let health: ReturnType<typeof watchedHealth>;
    let log: ReturnType<typeof keptLog>;
    let stores: Store[];

    beforeEach(async () => {
      prefix = `${freshName('others')}-`;
      names = createNames(prefix);
      client = createClient(testConfig(await url(), prefix));
      stores = [];
    });
    afterEach(async () => {
      for (const store of stores) await store.close();
      await removeAll(client, prefix);
      await client.close();
    });

    async function open(): Promise<Store> {
      health = watchedHealth();
      log = keptLog();
      const store = await openElasticsearchStore(testConfig(await url(), prefix), {
        log: log.log,
        health: health.health,
        waits: SHORT_WAITS,
      });
      stores.push(store);
      return store;
    }

    const logstash = async (...days: string[]): Promise<string[]> => {
      for (const day of days) await makeLogstashDay(client, names.historyDay(day), day);
      return days.map((day) => names.historyDay(day));
    };
    const pictures = (indices: readonly string[]) => Promise.all(indices.map((index) => pictureOf(client, index)));
    const statement = (value: string, day: string, fallback = day) => {
      const document = sampleDocument({ value });
      return {
        document,
        write: sampleWrite(document, [{ ...sampleHistory(document, value, day), fallbackDay: fallback }]),
      };
    };
    const everythingOld = {
      historyBefore: Date.now(),
      expiredBefore: 0,
      actionsBefore: Date.now(),
      deadLettersBefore: Date.now(),
    };

    it('stop the set-up while somebody makes them, by name and with the two ways out', async () => {
      const theirs = await logstash(ago(1), ago(0));
      const before = await pictures(theirs);
      const store = await open();
      await assert.rejects(store.setup(), (error: { code: string; message: string }) => {
        assert.equal(error.code, 'STORE_FOREIGN_INDEX');
        for (const index of theirs) assert.ok(error.message.includes(index), index);
        assert.match(error.message, /store\.prefix.*tipline setup --beside/);
        return true;
      });
      assert.deepEqual(await pictures(theirs), before);
      // a template of ours would make their next day
      assert.equal(await client.indices.existsIndexTemplate({ name: names.template('history') }), false);
    });

    it('stay as they are beside ours, are read with ours by one alias, and are deleted by nobody', async () => {
      const theirs = await logstash(ago(200), ago(1), ago(0));
      const before = await pictures(theirs);
      const store = await open();
      await store.setup({ beside: true });
      await store.setup();
      await store.check();
      assert.deepEqual(
        (await store.strangers()).filter(({ hinders }) => hinders),
        [],
      );
      const { write } = statement('198.51.100.1', ago(0));
      await store.indicators.write([write, statement('198.51.100.2', ago(1), ago(0)).write], testPatience());
      const old = statement('198.51.100.3', ago(200));
      await store.indicators.write([old.write], testPatience());
      await store.indicators.refresh();
      assert.equal((await store.indicators.summary()).history, 3, 'ours alone are counted');
      const both = await client.count({ index: names.allHistory });
      assert.equal(both.count, 3 + 3 * theirs.length);
      // another process learns the place from the cluster
      const other = await open();
      await other.check();
      await other.indicators.prune({ ...everythingOld, historyBefore: Date.now() - 100 * DAY });
      await store.indicators.refresh();
      assert.equal((await store.indicators.summary()).history, 2, 'our old day went');
      assert.deepEqual(await pictures(theirs), before);
      // their next day is made as they would have it
      await makeLogstashDay(client, names.historyDay(isoDay(Date.now() + DAY)), isoDay(Date.now() + DAY));
      await other.setup();
    });

    it('that are old are told of, and neither deleted nor written to: what belongs there goes to the day it was read', async () => {
      const theirs = await logstash(ago(5), ago(200));
      const before = await pictures(theirs);
      const store = await open();
      await store.setup();
      const told = await store.strangers();
      assert.ok(told.length === 1 && !told[0]?.hinders && told[0]?.message.includes(names.historyDay(ago(5))));
      const late = statement('198.51.100.4', ago(5), ago(0));
      assert.deepEqual(
        (await store.indicators.write([late.write], testPatience())).map(({ kind }) => kind),
        ['written'],
      );
      await store.indicators.prune(everythingOld);
      assert.deepEqual(await pictures(theirs), before);
      await store.indicators.refresh();
      assert.equal((await client.count({ index: names.historyDay(ago(0)) })).count, 1);
    });

    it('that take the place of our day while we run stop the writing, which goes on when they are gone', async () => {
      const store = await open();
      await store.setup();
      const today = names.historyDay(ago(0));
      await store.indicators.write([statement('198.51.100.5', ago(0)).write], testPatience());
      await client.indices.delete({ index: today });
      // made without our template, as a cluster of others would have it
      await client.indices.deleteIndexTemplate({ name: names.template('history') });
      await makeLogstashDay(client, today, ago(0));
      const before = await pictures([today]);
      const writing = store.indicators.write([statement('198.51.100.6', ago(0)).write], testPatience());
      await until(() => /not made by tipline.*store\.prefix/.test(health.details()), {
        what: 'health to name the index',
      });
      assert.deepEqual(await pictures([today]), before);
      await client.indices.delete({ index: today });
      await store.setup();
      assert.deepEqual(
        (await writing).map(({ kind }) => kind),
        ['written'],
      );
    });

    it('that are closed, write-blocked or unreadable stay so', async () => {
      const theirs = await logstash(ago(150), ago(151), ago(152));
      const [closed = '', blocked = '', unreadable = ''] = theirs;
      const before = await pictures(theirs);
      await client.indices.close({ index: closed });
      await client.indices.addBlock({ index: blocked, block: 'read_only' });
      await client.indices.addBlock({ index: unreadable, block: 'metadata' });
      const store = await open();
      await store.setup();
      await store.indicators.prune(everythingOld);
      await client.indices.putSettings({ index: unreadable, settings: { index: { blocks: { metadata: false } } } });
      await client.indices.putSettings({ index: blocked, settings: { index: { blocks: { read_only: false } } } });
      const { [closed]: state } = await client.cluster
        .state({ index: closed })
        .then(({ metadata }) => metadata.indices);
      assert.equal(state.state, 'close');
      await client.indices.open({ index: closed });
      await client.cluster.health({ index: closed, wait_for_status: 'yellow' });
      const after = await pictures(theirs);
      assert.deepEqual(
        after.map(({ documents }) => documents),
        before.map(({ documents }) => documents),
      );
      assert.deepEqual(
        after.map(({ mapping }) => mapping),
        before.map(({ mapping }) => mapping),
      );
    });

    it('under an alias of the name of our day count as theirs', async () => {
      await makeLogstashDay(client, `${prefix}elsewhere`, ago(0));
      await client.indices.putAlias({ index: `${prefix}elsewhere`, name: names.historyDay(ago(0)) });
      const before = await pictures([`${prefix}elsewhere`]);
      const store = await open();
      await assert.rejects(store.setup(), { code: 'STORE_FOREIGN_INDEX' });
      assert.deepEqual(await pictures([`${prefix}elsewhere`]), before);
    });

    it('in the place of the ledgers or behind the alias of states stop the set-up', async () => {
      await client.indices.create({ index: names.cursors, settings: { number_of_replicas: 0 } });
      const store = await open();
      await assert.rejects(store.setup(), { code: 'STORE_FOREIGN_INDEX', message: new RegExp(names.cursors) });
      await client.indices.delete({ index: names.cursors });
      await makeLogstashDay(client, `${prefix}elsewhere`, ago(0));
      await client.indices.putAlias({ index: `${prefix}elsewhere`, name: names.current });
      await assert.rejects(store.setup(), { code: 'STORE_FOREIGN_INDEX', message: new RegExp(names.current) });
    });

    it('would be made by a template of others that goes before ours: said at the set-up, and no such day is made', async () => {
      const store = await open();
      await store.setup();
      await client.indices.putIndexTemplate({
        name: `${prefix}theirs`,
        index_patterns: [`${prefix}threat_intel-2*`],
        priority: 400,
        template: { settings: { number_of_replicas: 0 } },
      });
      await assert.rejects(store.setup(), { code: 'STORE_FOREIGN_INDEX', message: /template.*priority/ });
      const [stranger] = await store.strangers();
      assert.equal(stranger?.hinders, true);
      const writing = store.indicators.write([statement('198.51.100.8', ago(0)).write], testPatience());
      await until(() => /template/.test(health.details()), { what: 'health to name the template' });
      assert.equal(await client.indices.exists({ index: names.historyDay(ago(0)) }), false);
      await client.indices.deleteIndexTemplate({ name: `${prefix}theirs` });
      assert.deepEqual(
        (await writing).map(({ kind }) => kind),
        ['written'],
      );
    });

    it('of no matter: benign values are not in the alias that Elastic Security reads, also where an older version made it', async () => {
      const store = await open();
      await store.setup();
      await client.indices.putAlias({
        index: names.currentIndex,
        name: names.securityAlias,
        filter: { term: { 'tipline.status': 'active' } },
      });
      await store.setup();
      const plain = sampleDocument({ value: '198.51.100.21' });
      const benign = sampleDocument({ value: '198.51.100.22' });
      benign.tipline.benign = 'public resolvers';
      await store.indicators.write([sampleWrite(plain, []), sampleWrite(benign, [])], testPatience());
      await store.indicators.refresh();
      const seen = await client.search<{ tipline: { value: string } }>({ index: names.securityAlias });
      assert.deepEqual(
        seen.hits.hits.map((hit) => hit._source?.tipline.value),
        ['198.51.100.21'],
      );
    });
  });
}
