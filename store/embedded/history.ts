import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Database } from '../../core/process/sqlite.ts';
import type { HistoryWrite } from '../port.ts';

/** Rows of one transaction, so that other writers come in between. */
const ROWS_AT_ONCE = 2_000;
/** Keys in memory while a day is deleted. */
const KEYS_AT_ONCE = 100_000;

interface Key {
  id: string;
  number: number;
}

/** What sources said, by day. */
export interface History {
  /** Adds what is not there yet, inside the caller's transaction. Returns how many documents were added. */
  add(writes: readonly HistoryWrite[]): number;
  count(): number;
  /** Deletes the days before `end` (`YYYY-MM-DD`). Returns how many there were. */
  deleteBefore(end: string): Promise<number>;
}

export function createHistory(db: Database): History {
  const statements = {
    has: db.prepare('SELECT 1 FROM history_ids WHERE day = ? AND id = ?'),
    addDocument: db.prepare('INSERT INTO history (document) VALUES (?)'),
    addId: db.prepare('INSERT INTO history_ids (day, id, number) VALUES (?, ?, ?)'),
    count: db.prepare('SELECT count(*) AS count FROM history_ids'),
    oldestDay: db.prepare('SELECT min(day) AS day FROM history_ids'),
    keys: db.prepare('SELECT id, number FROM history_ids WHERE day = ? ORDER BY id LIMIT ?'),
    deleteDocument: db.prepare('DELETE FROM history WHERE number = ?'),
    deleteId: db.prepare('DELETE FROM history_ids WHERE day = ? AND id = ?'),
  };

  function keysOf(day: string): Key[] {
    const keys: Key[] = [];
    for (const { id, number } of statements.keys.iterate(day, KEYS_AT_ONCE)) {
      keys.push({ id: String(id), number: Number(number) });
    }
    return keys;
  }

  async function inSlices(keys: readonly Key[], deleteOne: (key: Key) => void): Promise<void> {
    for (let at = 0; at < keys.length; at += ROWS_AT_ONCE) {
      const slice = keys.slice(at, at + ROWS_AT_ONCE);
      db.write(() => slice.forEach(deleteOne));
      await nextTurn();
    }
  }

  /** Documents go in the order of their numbers, then keys in theirs: a crash in between leaves keys, which find nothing. */
  async function deleteDay(day: string): Promise<void> {
    for (;;) {
      const keys = db.read(() => keysOf(day));
      if (keys.length === 0) return;
      const byNumber = keys.toSorted((a, b) => a.number - b.number);
      await inSlices(byNumber, ({ number }) => void statements.deleteDocument.run(number));
      await inSlices(keys, ({ id }) => void statements.deleteId.run(day, id));
    }
  }

  return {
    add(writes) {
      let added = 0;
      for (const { day, id, document } of writes) {
        if (statements.has.get(day, id) !== undefined) continue;
        const { lastInsertRowid } = statements.addDocument.run(document.toString());
        statements.addId.run(day, id, lastInsertRowid);
        added += 1;
      }
      return added;
    },
    count: () => Number(statements.count.get()?.count),
    async deleteBefore(end) {
      for (let days = 0; ; days += 1) {
        const day = db.read(() => statements.oldestDay.get()?.day);
        if (typeof day !== 'string' || day >= end) return days;
        await deleteDay(day);
      }
    },
  };
}
