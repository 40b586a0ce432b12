import { join } from 'node:path';
import { openDatabase } from '../../core/process/sqlite.ts';
import { type ActionOutbox, createActionOutbox } from './action-outbox.ts';
import { text } from './block-row.ts';
import { type BlockRows, createBlockRows } from './block-rows.ts';
import { LEDGER_MIGRATIONS } from './migrations.ts';

/**
 * What one responder blocks, means to block and refused, with the actions it has yet to publish. Intents are on disk before
 * the firewall is touched, so whatever dies, the next start knows what was meant. Several processes may open
 * it: the responder, and commands that look or ask for an unblock.
 */
export interface Ledger {
  readonly path: string;
  readonly rows: BlockRows;
  readonly actions: ActionOutbox;
  /** One transaction, on disk when it returns. */
  write<T>(body: () => T): T;
  mark(name: Mark): string | undefined;
  setMark(name: Mark, value: string): void;
  close(): void;
}

/** - loaded: a new responder has read the store; - clock: how far wall time was from the steady clock. */
type Mark = 'loaded' | 'clock';

/** Where the ledger of the responder `name` is. */
export function ledgerPath(data: string, name: string): string {
  return join(data, `responder-${name}.db`);
}

export function openLedger(path: string): Ledger {
  const database = openDatabase({ path, area: 'responder', migrations: LEDGER_MIGRATIONS, urgent: true });
  const mark = database.prepare('SELECT value FROM marks WHERE name = ?');
  const setMark = database.prepare('INSERT OR REPLACE INTO marks VALUES (?, ?)');
  return {
    path,
    rows: createBlockRows(database),
    actions: createActionOutbox(database),
    write: (body) => database.write(body),
    mark(name) {
      const row = mark.get(name);
      return row === undefined ? undefined : text(row, 'value');
    },
    setMark: (name, value) => void setMark.run(name, value),
    close: () => database.close(),
  };
}
