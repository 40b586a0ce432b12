import type { SQLInputValue } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type EnrichedDocument, feedOf } from '../../core/contract/enriched-document.ts';
import { indicatorId } from '../../core/indicator/id.ts';
import { INDICATOR_TYPES, type IndicatorType } from '../../core/indicator/type.ts';
import type { Database } from '../../core/process/sqlite.ts';
import type { Covering, IndicatorStore, SearchQuery, StoredValue } from '../port.ts';
import { parseDocument } from './indicators.ts';
import { enclosingRanges, hostsBelow, hostsWithin, rangeKey } from './lookup-keys.ts';

const LIMIT = 100;
const MOST = 10_000;
const PAGE = 500;

type Search = Pick<IndicatorStore, 'search' | 'active' | 'ofFeed' | 'findExpiring' | 'findCovered' | 'values'>;

/** Look-ups by anything but the id. Between pages nothing is held open, so what changes meanwhile may be seen or not. */
export function createSearch(db: Database): Search {
  const statements = {
    byId: db.prepare('SELECT document FROM current WHERE id = ?'),
    byRange: db.prepare("SELECT id, document FROM current WHERE range_first = ? AND range_last = ? AND type = 'cidr'"),
    after: db.prepare('SELECT number, document FROM current WHERE number > ? ORDER BY number LIMIT ?'),
    expiring: db.prepare(
      'SELECT id, recheck_at FROM current WHERE recheck_at <= ? ORDER BY recheck_at, number LIMIT ?',
    ),
    active: db.prepare(`
      SELECT number, score, document FROM current
      WHERE score >= ? AND (score, number) < (?, ?) AND status = 'active' AND composite = 0
      ORDER BY score DESC, number DESC LIMIT ?`),
    within: db.prepare(`
      SELECT number, id, range_first AS key FROM current
      WHERE range_first <= ? AND (range_first, number) > (?, ?) AND range_last <= ?
      ORDER BY range_first, number LIMIT ?`),
    below: db.prepare(`
      SELECT number, id, host AS key FROM current WHERE host < ? AND (host, number) > (?, ?)
      ORDER BY host, number LIMIT ?`),
    values: db.prepare(`
      SELECT number, id, document ->> '$.tipline.type' AS type, document ->> '$.tipline.value' AS value,
             document ->> '$.tipline.benign' AS benign
      FROM current WHERE number > ? ORDER BY number LIMIT ?`),
    exactHost: db.prepare(`
      SELECT number, id, host AS key FROM current WHERE host = ? AND number > ? ORDER BY number LIMIT ?`),
  };

  function byValue(query: SearchQuery, value: string): EnrichedDocument[] {
    const types: readonly IndicatorType[] = query.type === undefined ? INDICATOR_TYPES : [query.type];
    const texts: unknown[] = types.map((type) => statements.byId.get(indicatorId({ type, value }))?.document);
    if (query.type === undefined || query.type === 'cidr') {
      for (const range of enclosingRanges('ip', value)) {
        texts.push(statements.byRange.get(range.first, range.last)?.document);
      }
    }
    const found = texts.filter((text) => typeof text === 'string').map(parseDocument);
    return found
      .filter((document) => matches(document, query))
      .sort((a, b) => b.tipline.threat_score - a.tipline.threat_score)
      .slice(0, limitOf(query));
  }

  function byTerms(query: SearchQuery): EnrichedDocument[] {
    const terms: string[] = [];
    const values: SQLInputValue[] = [];
    const term = (sql: string, value: SQLInputValue | undefined): void => {
      if (value === undefined) return;
      terms.push(sql);
      values.push(value);
    };
    term('type = ?', query.type);
    term('status = ?', query.status);
    term('score >= ?', query.minScore);
    term('EXISTS (SELECT 1 FROM json_each(sources) AS source WHERE source.value = ?)', query.source);
    const where = terms.length === 0 ? '' : `WHERE ${terms.join(' AND ')}`;
    // Sorted by numbers alone: documents are read only of those that remain.
    const found = db
      .prepare(
        `SELECT document FROM current WHERE number IN
           (SELECT number FROM current ${where} ORDER BY score DESC, number DESC LIMIT ?)
         ORDER BY score DESC, number DESC`,
      )
      .all(...values, limitOf(query));
    return found.map((row) => parseDocument(String(row.document)));
  }

  async function* covered(entry: Covering): AsyncGenerator<string[]> {
    if (entry.type === 'ip' || entry.type === 'cidr') yield* overlapping(entry);
    else if (entry.type === 'domain') yield* under(entry.value);
    else {
      const id = indicatorId(entry);
      if (db.read(() => statements.byId.get(id)) !== undefined) yield [id];
    }
  }

  async function* overlapping(entry: Covering): AsyncGenerator<string[]> {
    const range = rangeKey(entry.type, entry.value);
    if (range === undefined) return;
    const [, ...larger] = enclosingRanges(entry.type, entry.value);
    const around = db.read(() => larger.flatMap(({ first, last }) => statements.byRange.all(first, last)));
    if (around.length > 0) yield around.map((row) => String(row.id));
    yield* pages((key, number) => statements.within.all(range.last, key, number, range.last, PAGE), range.first);
    const urls = hostsWithin(range);
    yield* pages((key, number) => statements.below.all(urls.to, key, number, PAGE), urls.from);
  }

  async function* under(domain: string): AsyncGenerator<string[]> {
    const { own, from, to } = hostsBelow(domain);
    yield* pages((_, number) => statements.exactHost.all(own, number, PAGE), own);
    yield* pages((key, number) => statements.below.all(to, key, number, PAGE), from);
  }

  /** Pages of a query ordered by (key, number), each from after the last row of the one before; keys begin at `start`. */
  async function* pages(
    query: (key: SQLInputValue, number: number) => Record<string, SQLInputValue>[],
    start: SQLInputValue,
  ): AsyncGenerator<string[]> {
    let key = start;
    let number = -1;
    for (;;) {
      const rows = db.read(() => query(key, number));
      const last = rows.at(-1);
      if (last === undefined) return;
      yield rows.map((row) => String(row.id));
      if (rows.length < PAGE) return;
      key = last.key ?? null;
      number = Number(last.number);
      await nextTurn();
    }
  }

  async function* active(minScore: number): AsyncGenerator<EnrichedDocument[]> {
    let score = Number.MAX_SAFE_INTEGER;
    let number = 0;
    for (;;) {
      const rows = db.read(() => statements.active.all(minScore, score, number, PAGE));
      const last = rows.at(-1);
      if (last === undefined) return;
      yield rows.map((row) => parseDocument(String(row.document)));
      if (rows.length < PAGE) return;
      score = Number(last.score);
      number = Number(last.number);
      await nextTurn();
    }
  }

  async function* values(): AsyncGenerator<StoredValue[]> {
    let number = -1;
    for (;;) {
      const rows = db.read(() => statements.values.all(number, PAGE));
      const last = rows.at(-1);
      if (last === undefined) return;
      yield rows.flatMap(({ id, type: told, value, benign }): StoredValue[] => {
        const type = INDICATOR_TYPES.find((known) => known === told);
        if (type === undefined) return [];
        return [{ id: String(id), type, value: String(value), ...(benign === null ? {} : { benign: String(benign) }) }];
      });
      if (rows.length < PAGE) return;
      number = Number(last.number);
      await nextTurn();
    }
  }

  /** Reads all: it is asked for once, when the data folder has lost what was listed last. */
  async function* ofFeed(feed: string): AsyncGenerator<EnrichedDocument[]> {
    const name = JSON.stringify(feed);
    for (let number = -1; ; ) {
      const rows = db.read(() => statements.after.all(number, PAGE));
      const last = rows.at(-1);
      if (last === undefined) return;
      const page = rows
        .map((row) => String(row.document))
        // a name that stands nowhere spares reading the rest
        .filter((text) => text.includes(name))
        .map(parseDocument)
        .filter(({ tipline }) => tipline.claims.some((claim) => feedOf(claim) === feed));
      if (page.length > 0) yield page;
      number = Number(last.number);
      await nextTurn();
    }
  }

  return {
    search: async (query) => db.read(() => (query.value === undefined ? byTerms(query) : byValue(query, query.value))),
    active,
    findExpiring: async (before, limit) =>
      db
        .read(() => statements.expiring.all(before, limit))
        .map((row) => ({ id: String(row.id), recheckAt: Number(row.recheck_at) })),
    ofFeed,
    findCovered: covered,
    values,
  };
}

function limitOf(query: SearchQuery): number {
  // SQLite takes a limit below zero for none.
  return Math.min(Math.max(query.limit ?? LIMIT, 0), MOST);
}

function matches({ tipline }: EnrichedDocument, { status, minScore, source }: SearchQuery): boolean {
  return (
    (status === undefined || tipline.status === status) &&
    (minScore === undefined || tipline.threat_score >= minScore) &&
    (source === undefined || tipline.sources.includes(source))
  );
}
