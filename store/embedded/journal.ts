import type { BatchPatience } from '../../bus/port.ts';
import type { Database } from '../../core/process/sqlite.ts';
import type { Journal, JournalEntry } from '../port.ts';

const ROWS_AT_ONCE = 1_000;

type Patiently = <T>(work: () => T, patience: BatchPatience) => Promise<T>;

/** What happened: copies of actions and dead letters. */
export function createJournal(db: Database, patiently: Patiently): Journal {
  const insert = db.prepare(`
    INSERT INTO journal (kind, id, day, at, indicator, document) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (kind, id) DO NOTHING`);
  const actionsOf = db.prepare(`
    SELECT document FROM journal WHERE indicator = ? AND kind = 'actions' ORDER BY at DESC, number DESC LIMIT ?`);

  function insertAll(kind: string, entries: readonly JournalEntry[]): number {
    let created = 0;
    for (const { id, day, document } of entries) {
      const text = document.toString();
      const { at, indicator } = columnsOf(text, day);
      created += Number(insert.run(kind, id, day, at, indicator, text).changes);
    }
    return created;
  }

  return {
    async append(kind, entries, patience) {
      let created = 0;
      for (let at = 0; at < entries.length; at += ROWS_AT_ONCE) {
        if (at > 0) await patience.heartbeat();
        const slice = entries.slice(at, at + ROWS_AT_ONCE);
        created += await patiently(() => db.write(() => insertAll(kind, slice)), patience);
      }
      return created;
    },
    async actionsOf(indicatorId, limit) {
      return db.read(() => actionsOf.all(indicatorId, limit)).map((row) => JSON.parse(String(row.document)));
    },
  };
}

/** When, and about which indicator; an entry that does not say so is kept all the same. */
function columnsOf(text: string, day: string): { at: string; indicator: string | null } {
  let document: { '@timestamp'?: unknown; indicator?: { id?: unknown } } | null = null;
  try {
    document = JSON.parse(text);
  } catch {
    // Others can write to the topics that are copied here.
  }
  const at = document?.['@timestamp'];
  const id = document?.indicator?.id;
  return { at: typeof at === 'string' ? at : day, indicator: typeof id === 'string' ? id : null };
}
