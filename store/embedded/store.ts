import type { BatchPatience } from '../../bus/port.ts';
import { databasePath, databaseToAsk } from '../../core/process/data-folder.ts';
import { TiplineError } from '../../core/process/errors.ts';
import type { Health } from '../../core/process/health.ts';
import type { Log } from '../../core/process/log.ts';
import { outlast } from '../../core/process/outlast.ts';
import { openDatabase } from '../../core/process/sqlite.ts';
import type { Store } from '../port.ts';
import { createCursors } from './cursors.ts';
import { createHistory } from './history.ts';
import { createStates } from './indicators.ts';
import { createJournal } from './journal.ts';
import { createOutbox } from './outbox.ts';
import { createRetention } from './retention.ts';
import { STORE_MIGRATIONS } from './schema.ts';
import { createSearch } from './search.ts';
import { createStatements } from './statements.ts';

export interface EmbeddedStoreOptions {
  /** The data folder. */
  data: string;
  log: Log;
  health: Health;
  /** For questions alone: where there is no database yet, none is made. */
  asking?: boolean;
  /** For an operator who waits: may use what is kept back on a full disk. */
  urgent?: boolean;
}

/**
 * A store for one machine, in the SQLite file that the embedded bus uses too. Several processes may have it open: calls
 * are short transactions. Tables are made when it is opened, so that every command works on a new folder.
 *
 * What has a batch's patience waits while the disk is full or the file is locked; other calls throw a retryable error.
 */
export function openEmbeddedStore({ data, log, health, asking = false, urgent = false }: EmbeddedStoreOptions): Store {
  const path = databasePath(data);
  const db = openDatabase({
    path: asking ? databaseToAsk(data) : path,
    area: 'store',
    migrations: STORE_MIGRATIONS,
    cacheMiB: 32,
    urgent,
  });
  const history = createHistory(db);
  let created = [...db.created];
  let open = true;
  health.report('store', 'up');

  async function patiently<T>(work: () => T, patience: BatchPatience | undefined): Promise<T> {
    if (!open) throw new TiplineError('STORE_CLOSED', 'the store is closed', { retryable: false });
    if (patience === undefined) return work();
    const { signal } = patience;
    return outlast(work, { part: 'store', health, log, signal, heartbeat: () => patience.heartbeat() });
  }

  return {
    indicators: {
      description: `embedded ${path}`,
      ...createStates(db, history, patiently),
      ...createSearch(db),
      ...createRetention(db, history),
      statements: createStatements(db),
      refresh: async () => {},
    },
    outbox: createOutbox(db, patiently),
    cursors: createCursors(db),
    journal: createJournal(db, patiently),
    async setup() {
      const tables = created;
      created = [];
      return tables;
    },
    // nobody else makes tables in our file
    strangers: async () => [],
    advice: async () => [],
    async check() {
      db.write(() => undefined);
    },
    async close() {
      open = false;
      db.close();
    },
  };
}
