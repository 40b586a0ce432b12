import { setImmediate as nextTurn } from 'node:timers/promises';
import type { BatchPatience } from '../../bus/port.ts';
import type { EnrichedDocument } from '../../core/contract/enriched-document.ts';
import type { Database } from '../../core/process/sqlite.ts';
import type { IndicatorStore, IndicatorWrite, StoredState, WriteOutcome } from '../port.ts';
import { type CurrentColumns, columnsOf, stateOf } from './columns.ts';
import type { History } from './history.ts';

/** Rows of one transaction: with 2 KB documents it holds up the event loop for some 50 ms. */
const ROWS_AT_ONCE = 1_000;

type Patiently = <T>(work: () => T, patience: BatchPatience) => Promise<T>;

/** Reading and writing by id: what the enricher does once a batch. */
export function createStates(
  db: Database,
  history: History,
  patiently: Patiently,
): Pick<IndicatorStore, 'readStates' | 'write' | 'get'> {
  const document = db.prepare('SELECT document FROM current WHERE id = ?');
  // External versions: a revision replaces lower ones only, so a late or repeated write changes nothing.
  const put = db.prepare(`
    INSERT INTO current (id, revision, type, status, score, composite, changed_at, expires_at, recheck_at,
                         range_first, range_last, host, sources, document)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET
      revision = excluded.revision, status = excluded.status, score = excluded.score, composite = excluded.composite,
      changed_at = excluded.changed_at, expires_at = excluded.expires_at, recheck_at = excluded.recheck_at,
      sources = excluded.sources, document = excluded.document
    WHERE excluded.revision > current.revision
  `);

  function readSlice(ids: readonly string[], into: Map<string, StoredState>): void {
    for (const id of ids) {
      const text = document.get(id)?.document;
      if (typeof text === 'string') into.set(id, stateOf(text));
    }
  }

  function writeOne(write: IndicatorWrite): WriteOutcome {
    const text = write.current?.toString();
    const columns = text === undefined ? undefined : columnsOf(write.id, text);
    if (columns !== undefined && 'unfit' in columns) {
      return { kind: 'rejected', code: 'DOCUMENT_UNFIT', message: columns.unfit, currentWritten: false };
    }
    // History goes first and counts even if the current document loses: the claim was made all the same.
    const historyCreated = history.add(write.history);
    if (text !== undefined && columns !== undefined && !replace(write, columns, text)) return { kind: 'lost' };
    return { kind: 'written', historyCreated };
  }

  function replace(write: IndicatorWrite, columns: CurrentColumns, text: string): boolean {
    const { changes } = put.run(
      write.id,
      write.revision,
      columns.type,
      columns.status,
      columns.score,
      columns.composite,
      columns.changedAt,
      columns.expiresAt,
      columns.recheckAt,
      columns.rangeFirst,
      columns.rangeLast,
      columns.host,
      columns.sources,
      text,
    );
    return Number(changes) === 1;
  }

  return {
    async readStates(ids, patience) {
      const states = new Map<string, StoredState>();
      for (let at = 0; at < ids.length; at += ROWS_AT_ONCE) {
        if (at > 0) await patience.heartbeat();
        const slice = ids.slice(at, at + ROWS_AT_ONCE);
        await patiently(() => db.read(() => readSlice(slice, states)), patience);
      }
      return states;
    },
    async write(writes, patience) {
      const outcomes: WriteOutcome[] = [];
      for (let at = 0; at < writes.length; at += ROWS_AT_ONCE) {
        if (at > 0) await patience.heartbeat();
        const slice = writes.slice(at, at + ROWS_AT_ONCE);
        outcomes.push(...(await patiently(() => db.write(() => slice.map(writeOne)), patience)));
      }
      await nextTurn();
      return outcomes;
    },
    async get(id) {
      const text = db.read(() => document.get(id)?.document);
      return typeof text === 'string' ? parseDocument(text) : undefined;
    },
  };
}

/** A stored document; what `write` let in is one. */
export function parseDocument(text: string): EnrichedDocument {
  return JSON.parse(text);
}
