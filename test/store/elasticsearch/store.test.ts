import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { EnrichedDocument } from '../../../core/contract/enriched-document.ts';
import { silentLog } from '../../../core/process/log.ts';
import { createNames, type Names } from '../../../store/elasticsearch/names.ts';
import { openElasticsearchStore } from '../../../store/elasticsearch/store.ts';
import type { HistoryWrite, IndicatorStore, IndicatorWrite } from '../../../store/port.ts';
import { givenElasticsearch } from '../../services/given.ts';
import { until } from '../../services/wait.ts';
import { sampleDocument, sampleHistory, sampleWrite } from '../sample-document.ts';
import { type OpenedStore, openTestStore, testConfig } from './opened.ts';
import { testPatience, watchedHealth } from './patience.ts';

/** What every store must do is in contract.test.ts; here is what only Elasticsearch can do to us. */
describe('Elasticsearch store', () => {
  let opened: OpenedStore;
  let store: IndicatorStore;
  let names: Names;
  before(async () => {
    opened = await openTestStore(await givenElasticsearch());
    store = opened.store.indicators;
    names = createNames(opened.prefix);
  });
  after(() => opened.remove());

  const historyOn = (document: EnrichedDocument, ref: string, day: string, fallbackDay: string): HistoryWrite => ({
    ...sampleHistory(document, ref, day),
    fallbackDay,
  });
  const count = async (index: string): Promise<number> => {
    await opened.client.indices.refresh({ index });
    return (await opened.client.count({ index })).count;
  };

  it('writes a late statement to its fallback day when the old day is read-only or closed', async () => {
    const document = sampleDocument({ value: '203.0.113.1' });
    for (const [day, close] of [
      ['2026-01-10', (index: string) => opened.client.indices.addBlock({ index, block: 'write' })],
      ['2026-01-11', (index: string) => opened.client.indices.close({ index })],
    ] as const) {
      const write = (ref: string) => ({
        id: 'x',
        revision: 1,
        current: null,
        history: [historyOn(document, ref, day, '2026-01-20')],
      });
      assert.deepEqual(await store.write([write('early')], testPatience()), [{ kind: 'written', historyCreated: 1 }]);
      await close(names.historyDay(day));
      assert.deepEqual(await store.write([write(`late ${day}`)], testPatience()), [
        { kind: 'written', historyCreated: 1 },
      ]);
      assert.deepEqual(await store.write([write(`late ${day}`)], testPatience()), [
        { kind: 'written', historyCreated: 0 },
      ]);
    }
    assert.equal(await count(names.historyDay('2026-01-20')), 2);
    assert.ok(!opened.health.changes.some((change) => change.startsWith('down')), 'that is no outage');
  });

  it('waits for the current index while it is closed, reads nothing as missing, and says so', async () => {
    const document = sampleDocument({ value: '203.0.113.2' });
    const { id } = document.tipline;
    await store.write([sampleWrite(document)], testPatience());
    await opened.client.indices.close({ index: names.currentIndex });

    const patience = testPatience();
    const reading = store.readStates([id, 'unknown'], patience);
    await until(() => opened.health.state() === 'down', { what: 'health to be down' });
    assert.match(opened.health.details(), /index_closed_exception on .*threat_intel_current-000001: open the index/);
    const writing = store.write([sampleWrite(sampleDocument({ value: '203.0.113.2', revision: 2 }))], patience);
    await until(() => patience.beats() > 3, { what: 'heartbeats' });

    await opened.client.indices.open({ index: names.currentIndex });
    assert.deepEqual([...(await reading).keys()], [id]);
    assert.deepEqual(await writing, [{ kind: 'written', historyCreated: 0 }]);
    assert.equal((await store.readStates([id], patience)).get(id)?.tipline.revision, 2);
    assert.equal(opened.health.state(), 'up');
  });

  it('waits for the alias of current instead of making an index with guessed types', async () => {
    const document = sampleDocument({ value: '203.0.113.3' });
    await opened.client.indices.deleteAlias({ index: names.currentIndex, name: names.current });
    const writing = store.write([sampleWrite(document)], testPatience());
    const reading = store.readStates([document.tipline.id], testPatience());
    await until(() => opened.health.state() === 'down', { what: 'health to be down' });
    await until(() => /index_not_found_exception.*tipline setup/.test(opened.health.details()), { what: 'the words' });
    await opened.client.indices.putAlias({ index: names.currentIndex, name: names.current, is_write_index: true });
    assert.equal((await writing)[0]?.kind, 'written');
    await reading;
    assert.equal(opened.health.state(), 'up');
  });

  it('writes the current document again right after its state was pruned', async () => {
    const document = sampleDocument({
      value: '203.0.113.4',
      status: 'expired',
      expiresAt: '2020-01-01T00:00:00.000Z',
      revision: 7,
    });
    await store.write([sampleWrite(document, [])], testPatience());
    await store.refresh();
    const limits = { historyBefore: 0, actionsBefore: 0, deadLettersBefore: 0 };
    const { states } = await store.prune({ ...limits, expiredBefore: Date.parse('2021-01-01') });
    assert.equal(states, 1);
    const again = sampleDocument({ value: '203.0.113.4', revision: 1 });
    // The tombstone is gone a moment later, not a minute.
    await until(async () => (await store.write([sampleWrite(again, [])], testPatience()))[0]?.kind === 'written', {
      what: 'the indicator to come back',
      timeout: 5000,
    });
  });

  it('takes the higher of revision and version after an update by query', async () => {
    const document = sampleDocument({ value: '203.0.113.5', revision: 3 });
    const { id } = document.tipline;
    await store.write([sampleWrite(document, [])], testPatience());
    await store.refresh();
    await opened.client.updateByQuery({ index: names.current, query: { ids: { values: [id] } }, refresh: true });
    assert.equal((await store.readStates([id], testPatience())).get(id)?.tipline.revision, 4);
  });

  it('says which document is not its own', async () => {
    await opened.client.index({ index: names.currentIndex, id: 'foreign', document: { tags: ['x'] } });
    await assert.rejects(store.readStates(['foreign'], testPatience()), {
      code: 'STORE_FOREIGN_DOCUMENT',
      message: /foreign/,
    });
  });

  it('refuses one document among good ones, and keeps hostile text as it is', async () => {
    const bad = sampleDocument({ value: '203.0.113.6' });
    bad.threat.indicator.ip = '999.1.1.1';
    const hostile = sampleDocument({
      type: 'mutex',
      value: `"}}\u0000\ud800\u2028{"delete":{"_index":"*"}}${'ü'.repeat(20_000)}`,
    });
    hostile.threat.indicator.description = 'x'.repeat(40_000);
    const outcomes = await store.write([sampleWrite(bad), sampleWrite(hostile)], testPatience());
    assert.deepEqual(
      outcomes.map(({ kind }) => kind),
      ['rejected', 'written'],
    );
    assert.match(outcomes[0]?.kind === 'rejected' ? outcomes[0].message : '', /mapper_parsing|document_parsing/);
    const kept = await store.get(hostile.tipline.id);
    assert.equal(kept?.tipline.value, hostile.tipline.value);
  });

  it('tells of a refused history whether the current document is in the store all the same', async () => {
    const value = '203.0.113.9';
    const document = sampleDocument({ value });
    const { id } = document.tipline;
    const good = sampleHistory(document);
    const bad = { ...sampleHistory(document, 'bad'), document: '{"@timestamp":"no date"}' };
    const kinds = async (write: IndicatorWrite) => {
      const [outcome] = await store.write([write], testPatience());
      return outcome?.kind === 'rejected' ? `rejected ${outcome.code} ${outcome.currentWritten}` : outcome?.kind;
    };
    assert.equal(await kinds(sampleWrite(document, [good, bad])), 'rejected DOCUMENT_REFUSED true');
    assert.deepEqual(await store.get(id), document);
    assert.equal(await kinds({ id, revision: 1, current: null, history: [bad] }), 'rejected DOCUMENT_REFUSED true');
    // As it would be if the reply to the first had been lost.
    assert.equal(await kinds(sampleWrite(document, [bad])), 'lost');

    const broken = sampleDocument({ value, revision: 2 });
    broken.threat.indicator.ip = '999.1.1.1';
    assert.equal(await kinds(sampleWrite(broken, [good])), 'rejected DOCUMENT_REFUSED false');
    assert.equal(await kinds(sampleWrite(broken, [bad])), 'rejected DOCUMENT_REFUSED false');
    assert.deepEqual(await store.get(id), document);
  });

  it('files a statement once, on the day that took it when its own was blocked, also when it is read again without the block', async () => {
    const { client, prefix } = opened;
    const [day, fallbackDay] = ['2026-04-01', '2026-04-03'];
    const write = (value: string) => {
      const document = sampleDocument({ value });
      const history = [{ ...sampleHistory(document, value, day), fallbackDay }];
      return { id: document.tipline.id, revision: 1, current: null, history };
    };
    await store.write([write('198.51.100.60')], testPatience());
    await client.indices.addBlock({ index: names.historyDay(day), block: 'write' });
    const redirected = [write('198.51.100.61'), write('198.51.100.62')];
    await store.write(redirected, testPatience());
    await client.indices.putSettings({
      index: names.historyDay(day),
      settings: { index: { blocks: { write: false } } },
    });
    const { health } = watchedHealth();
    const other = await openElasticsearchStore(testConfig(await givenElasticsearch(), prefix), {
      log: silentLog,
      health,
    });
    for (const each of [opened.store, other]) {
      // an upgrade in between must not forget it
      await each.setup();
      const outcomes = await each.indicators.write(
        [...redirected, write('198.51.100.60'), write('198.51.100.63')],
        testPatience(),
      );
      assert.deepEqual(
        outcomes.map((outcome) => outcome.kind === 'written' && outcome.historyCreated),
        [0, 0, 0, each === opened.store ? 1 : 0],
      );
    }
    await other.close();
    assert.deepEqual([await count(names.historyDay(day)), await count(names.historyDay(fallbackDay))], [2, 2]);
  });

  it('keeps a dead letter of a megabyte, and writes late copies of a closed day to today', async () => {
    const { journal } = opened.store;
    const entry = (id: string, day: string) => ({
      id,
      day,
      document: Buffer.from(
        JSON.stringify({
          id,
          '@timestamp': `${day}T00:00:00.000Z`,
          payload: 'x'.repeat(1_000_000),
          origin: { offset: 'not a number' },
        }),
      ),
    });
    assert.equal(await journal.append('deadletters', [entry('ioc.raw-0-1', '2026-01-05')], testPatience()), 1);
    assert.equal(await journal.append('deadletters', [entry('ioc.raw-0-1', '2026-01-05')], testPatience()), 0);
    await opened.client.indices.close({ index: names.journalDay('deadletters', '2026-01-05') });
    assert.equal(await journal.append('deadletters', [entry('ioc.raw-0-2', '2026-01-05')], testPatience()), 1);
    const today = new Date().toISOString().slice(0, 10);
    assert.equal(await count(names.journalDay('deadletters', today)), 1);
  });

  it('deletes whole days that are past their time, closed ones too, and nothing that only looks like one', async () => {
    const document = sampleDocument({ value: '203.0.113.8' });
    const days = ['2025-05-01', '2025-05-02', '2025-05-03'];
    await store.write(
      [{ id: 'x', revision: 1, current: null, history: days.map((day) => historyOn(document, day, day, day)) }],
      testPatience(),
    );
    const lookalike = `${names.historyDay('2025-05-01')}-kept`;
    await opened.client.indices.create({ index: lookalike, settings: { number_of_replicas: 0 } });
    await opened.client.indices.close({ index: names.historyDay('2025-05-01') });
    const limits = { expiredBefore: 0, actionsBefore: 0, deadLettersBefore: 0 };
    const gone = await store.prune({ ...limits, historyBefore: Date.parse('2025-05-03T12:00:00Z') });
    assert.equal(gone.historyDays, 2);
    assert.ok(await opened.client.indices.exists({ index: lookalike }));
    assert.ok(await opened.client.indices.exists({ index: names.historyDay('2025-05-03') }));
    assert.ok(await opened.client.indices.exists({ index: names.currentIndex }));
  });

  it('reads and pages more than one page', async () => {
    const documents = Array.from({ length: 2500 }, (_, n) =>
      sampleDocument({ value: `10.${n >> 8}.${n & 255}.1`, score: 40 }),
    );
    const outcomes = await store.write(
      documents.map((document) => sampleWrite(document, [])),
      testPatience(),
    );
    assert.ok(outcomes.every(({ kind }) => kind === 'written'));
    const states = await store.readStates(
      documents.map(({ tipline }) => tipline.id),
      testPatience(),
    );
    assert.equal(states.size, 2500);
    await store.refresh();
    const covered = new Set<string>();
    for await (const page of store.findCovered({ type: 'cidr', value: '10.0.0.0/8' }))
      for (const id of page) covered.add(id);
    assert.equal(covered.size, 2500);
    const active = new Set<string>();
    for await (const page of store.active(40)) for (const { tipline } of page) active.add(tipline.id);
    for (const id of covered) assert.ok(active.has(id));
  });
});
