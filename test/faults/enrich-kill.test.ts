import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { seeded } from '../../bench/events.ts';
import type { Outgoing } from '../../bus/port.ts';
import type { EnrichedDocument } from '../../core/contract/enriched-document.ts';
import { TOPICS } from '../../core/contract/topics.ts';
import { ENRICH_GROUP } from '../../enrich/worker.ts';
import { type Lab, openLab } from '../e2e/lab.ts';
import { until } from '../services/wait.ts';

const EVENTS = Number(process.env.TIPLINE_FAULT_EVENTS ?? 20_000);
const random = seeded(11);
const T0 = Date.now() - 3_600_000;

interface Statement {
  indicator: string;
  source: string;
  confidence: number;
  timestamp: string;
}

/**
 * Statements about `indicators` addresses: each is said first by feed-a, then some are changed, some said again, some said by others.
 * Every statement is later than the ones before, so each that differs is one document of history.
 */
function makeStatements(count: number, indicators: number): Statement[] {
  return Array.from({ length: count }, (_, n) => {
    const k = n < indicators ? n : Math.floor(random() * indicators);
    return {
      indicator: `45.${(k >> 16) & 255}.${(k >> 8) & 255}.${k & 255}`,
      source: n < indicators ? 'feed-a' : `feed-${'abc'.charAt(Math.floor(random() * 3))}`,
      confidence: 40 + Math.floor(random() * 3),
      timestamp: new Date(T0 + n * 10).toISOString(),
    };
  });
}

/** How many documents of history the statements make: one for each distinct content that replaces or joins what is known, a day each. */
function expectedHistory(statements: readonly Statement[]): number {
  const last = new Map<string, number>();
  const documents = new Set<string>();
  for (const { indicator, source, confidence } of statements) {
    const key = `${indicator} ${source}`;
    if (last.get(key) === confidence) continue;
    last.set(key, confidence);
    documents.add(`${key} ${confidence}`);
  }
  return documents.size;
}

function asRecords<S extends Statement>(
  statements: readonly S[],
  keyOf: (statement: S, n: number) => string,
): Outgoing[] {
  return statements.map((statement, n) => ({
    key: keyOf(statement, n),
    value: JSON.stringify({ ...statement, severity: 50, tags: ['malicious'] }),
  }));
}

describe('an enricher that is killed', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await openLab();
    lab.configure({ enrich: { batch: 500, geo: { default: 'off' } } });
    assert.equal((await lab.run(['setup'])).code, 0);
  });
  afterEach(() => lab.close());

  async function settle(): Promise<void> {
    await until(async () => (await lab.bus.lag(TOPICS.raw, ENRICH_GROUP)) === 0, {
      timeout: 600_000,
      what: 'the enricher to catch up',
    });
  }

  async function readAll(): Promise<{ documents: EnrichedDocument[]; current: Map<string, number> }> {
    const documents: EnrichedDocument[] = [];
    for await (const record of lab.bus.scan(TOPICS.enriched))
      documents.push(JSON.parse(record.value.toString()) as EnrichedDocument);
    await lab.ask('POST', 'threat_intel_current/_refresh');
    const current = new Map<string, number>();
    let after: unknown[] | undefined;
    for (;;) {
      const page = await lab.ask<{ hits: { hits: { _source: EnrichedDocument; sort: unknown[] }[] } }>(
        'POST',
        'threat_intel_current/_search',
        {
          size: 5000,
          sort: [{ 'tipline.id': 'asc' }],
          _source: ['tipline.id', 'tipline.revision'],
          ...(after === undefined ? {} : { search_after: after }),
        },
      );
      for (const hit of page.hits.hits) current.set(hit._source.tipline.id, hit._source.tipline.revision);
      after = page.hits.hits.at(-1)?.sort;
      if (after === undefined) return { documents, current };
    }
  }

  async function assertNothingLost(statements: readonly Statement[], indicators: number): Promise<void> {
    const { documents, current } = await readAll();
    const newest = new Map<string, number>();
    const firstSightings = new Set<string>();
    for (const { tipline, event } of documents) {
      newest.set(tipline.id, Math.max(newest.get(tipline.id) ?? 0, tipline.revision));
      if (event.action === 'new') firstSightings.add(tipline.id);
    }
    assert.equal(current.size, indicators);
    assert.deepEqual(new Set(newest.keys()), new Set(current.keys()), 'set(ioc.enriched) = set(current)');
    for (const [id, revision] of current)
      assert.equal(newest.get(id), revision, `newest revision of ${id} is on the topic`);
    assert.equal(firstSightings.size, indicators, 'each first sighting is on the topic as new');
    assert.equal(await lab.count('threat_intel-*'), expectedHistory(statements), 'history is complete');
    for await (const letter of lab.bus.scan(TOPICS.deadLetters)) assert.fail(`dead letter: ${letter.value.toString()}`);
  }

  const points = [
    'after-mget:3',
    'mid-bulk:3+4',
    'mid-bulk:4+15',
    'after-bulk:3',
    'after-publish:3',
    'before-commit:3',
  ];
  for (const point of points) {
    it(`loses nothing when it dies at ${point}`, async () => {
      const statements = makeStatements(6_000, 2_000);
      await lab.bus.publish(
        TOPICS.raw,
        asRecords(statements, ({ indicator }) => indicator),
      );
      const first = await lab.start(['run', 'enrich'], { TIPLINE_KILL_AT: point }).ended;
      assert.equal(first.signal, 'SIGKILL', first.stderr);
      const second = lab.start(['run', 'enrich']);
      await settle();
      second.child.kill('SIGTERM');
      assert.equal((await second.ended).code, 0);
      await assertNothingLost(statements, 2_000);
    });
  }

  it(`loses nothing when it is killed twice at random among ${EVENTS.toLocaleString('en')} events`, async () => {
    const indicators = EVENTS / 2;
    const statements = makeStatements(EVENTS, indicators);
    await lab.bus.publish(
      TOPICS.raw,
      asRecords(statements, ({ indicator }) => indicator),
    );
    for (const share of [0.25 + random() * 0.2, 0.6 + random() * 0.2]) {
      const { child, ended } = lab.start(['run', 'enrich']);
      await until(async () => (await lab.bus.lag(TOPICS.raw, ENRICH_GROUP)) < EVENTS * (1 - share), {
        timeout: 600_000,
        what: `the enricher to read ${Math.round(share * 100)} %`,
      });
      child.kill('SIGKILL');
      await ended;
    }
    const last = lab.start(['run', 'enrich']);
    await settle();
    last.child.kill('SIGTERM');
    assert.equal((await last.ended).code, 0);
    await assertNothingLost(statements, indicators);
  });

  it('agrees with another one that fights for the same 1,000 indicators', async () => {
    // each says something else: an older statement that comes late can then be told from the last word, whatever was read first
    const statements = makeStatements(12_000, 1_000).map((statement, n) => ({
      ...statement,
      confidence: n % 101,
      description: `statement ${n}`,
    }));
    // all of one indicator over all partitions, so that both enrichers have it in hand at once
    await lab.bus.publish(
      TOPICS.raw,
      asRecords(statements, (_, n) => `k${n}`),
    );
    const both = [lab.start(['run', 'enrich']), lab.start(['run', 'enrich'])];
    await settle();
    for (const { child } of both) child.kill('SIGTERM');
    for (const { ended } of both) {
      const { code, stderr } = await ended;
      assert.equal(code, 0, stderr);
    }
    const { documents, current } = await readAll();
    assert.equal(current.size, 1_000);
    assert.deepEqual(new Set(documents.map(({ tipline }) => tipline.id)), new Set(current.keys()));
    const newest = new Map<string, EnrichedDocument>();
    for (const document of documents)
      if ((newest.get(document.tipline.id)?.tipline.revision ?? 0) < document.tipline.revision)
        newest.set(document.tipline.id, document);
    const lastWord = new Map<string, number>();
    for (const { indicator, source, confidence } of statements) lastWord.set(`${indicator} ${source}`, confidence);
    for (const { tipline } of newest.values()) {
      for (const claim of tipline.claims)
        assert.equal(
          claim.confidence,
          lastWord.get(`${tipline.value} ${claim.source}`),
          `${tipline.value} by ${claim.source}`,
        );
      assert.equal(
        tipline.claims.length,
        [...lastWord.keys()].filter((key) => key.startsWith(`${tipline.value} `)).length,
      );
      assert.equal(tipline.revision, current.get(tipline.id));
    }
    assert.equal(documents.filter(({ event }) => event.action === 'new').length >= 1_000, true);
  });
});
