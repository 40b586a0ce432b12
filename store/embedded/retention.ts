import type { StatementSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Database } from '../../core/process/sqlite.ts';
import type { IndicatorStore, StoreSummary } from '../port.ts';
import type { History } from './history.ts';

/** Rows of one transaction, so that other writers come in between. They lie all over the file, so each costs some pages. */
const ROWS_AT_ONCE = 500;

/** Counting, and deleting what is too old. */
export function createRetention(db: Database, history: History): Pick<IndicatorStore, 'summary' | 'prune'> {
  const statements = {
    byType: db.prepare('SELECT type, status, count(*) AS count FROM current GROUP BY type, status'),
    journal: db.prepare('SELECT kind, count(*) AS count FROM journal GROUP BY kind'),
    deleteStates: db.prepare(`
      DELETE FROM current WHERE number IN
        (SELECT number FROM current WHERE status <> 'active' AND expires_at < ? LIMIT ?)`),
    deleteJournal: db.prepare(`
      DELETE FROM journal WHERE number IN (SELECT number FROM journal WHERE kind = ? AND day < ? LIMIT ?)`),
    deleteMails: db.prepare(`
      DELETE FROM mails WHERE id IN (SELECT id FROM mails WHERE sent_at > 0 AND sent_at < ? LIMIT ?)`),
  };

  /** Runs a DELETE with a limit as last parameter until it finds no more. Returns how many rows went. */
  async function deleteAll(statement: StatementSync, ...values: (string | number)[]): Promise<number> {
    for (let deleted = 0; ; ) {
      const changes = Number(db.write(() => statement.run(...values, ROWS_AT_ONCE)).changes);
      deleted += changes;
      if (changes < ROWS_AT_ONCE) return deleted;
      await nextTurn();
    }
  }

  return {
    async summary() {
      return db.read(() => {
        const byType: StoreSummary['byType'] = {};
        const byStatus: StoreSummary['byStatus'] = {};
        let current = 0;
        for (const row of statements.byType.all()) {
          const count = Number(row.count);
          add(byType, String(row.type), count);
          add(byStatus, String(row.status), count);
          current += count;
        }
        const journal = new Map(statements.journal.all().map((row) => [row.kind, Number(row.count)]));
        return {
          current,
          history: history.count(),
          byType,
          byStatus,
          deadLetters: journal.get('deadletters') ?? 0,
          actions: journal.get('actions') ?? 0,
        };
      });
    },
    async prune({ historyBefore, expiredBefore, actionsBefore, deadLettersBefore }) {
      const historyDays = await history.deleteBefore(dayOf(historyBefore));
      const states = await deleteAll(statements.deleteStates, expiredBefore);
      await deleteAll(statements.deleteJournal, 'actions', dayOf(actionsBefore));
      await deleteAll(statements.deleteJournal, 'deadletters', dayOf(deadLettersBefore));
      // A mail that was sent is an action; its row keeps what alerting must know of it.
      await deleteAll(statements.deleteMails, actionsBefore);
      return { historyDays, states };
    },
  };
}

function add(counts: Partial<Record<string, number>>, name: string, count: number): void {
  counts[name] = (counts[name] ?? 0) + count;
}

/** UTC day `YYYY-MM-DD`. */
function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
