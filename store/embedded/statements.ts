import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Database } from '../../core/process/sqlite.ts';
import type { HistoryDocument, IndicatorStore } from '../port.ts';

const PAGE = 1_000;

/**
 * History by the ids of indicators. It is filed by day, so the ids are put in order first, once, in a table that only this connection sees: what
 * is written later comes into the states by itself.
 */
export function createStatements(db: Database): IndicatorStore['statements'] {
  let sorted = false;

  function sort(): void {
    if (sorted) return;
    db.prepare('CREATE TEMP TABLE IF NOT EXISTS statements (id TEXT, number INTEGER)').run();
    db.prepare('DELETE FROM statements').run();
    db.prepare(
      "INSERT INTO statements SELECT coalesce(json_extract(document, '$.tipline.id'), ''), number FROM history",
    ).run();
    db.prepare('CREATE INDEX IF NOT EXISTS temp.statements_by_id ON statements (id, number)').run();
    sorted = true;
  }

  return async function* statements({ from, to }) {
    sort();
    const page = db.prepare(`
      SELECT statements.id, number, document FROM statements JOIN history USING (number)
      WHERE (statements.id, number) > (?, ?) AND statements.id < ? ORDER BY statements.id, number LIMIT ?`);
    let id = from;
    let number = -1;
    for (;;) {
      // ids are hexadecimal
      const rows = db.read(() => page.all(id, number, to ?? 'g', PAGE));
      const last = rows.at(-1);
      if (last === undefined) return;
      yield rows.map((row) => JSON.parse(String(row.document)) as HistoryDocument);
      id = String(last.id);
      number = Number(last.number);
      await nextTurn();
    }
  };
}
