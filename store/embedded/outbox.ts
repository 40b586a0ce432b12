import type { BatchPatience } from '../../bus/port.ts';
import type { Database } from '../../core/process/sqlite.ts';
import type { Outbox, OutboxMail, OutboxRow, Versioned } from '../port.ts';

type Patiently = <T>(work: () => T, patience: BatchPatience | undefined) => Promise<T>;

/** Alerts that wait for a mail, and the mails. Versions count up from 1; a row is never deleted, so none comes back. */
export function createOutbox(db: Database, patiently: Patiently): Outbox {
  const statements = {
    row: db.prepare('SELECT body, version FROM outbox WHERE id = ?'),
    insertRow: db.prepare(
      'INSERT INTO outbox (id, version, state, score, body) VALUES (?, 1, ?, ?, ?) ON CONFLICT (id) DO NOTHING',
    ),
    updateRow: db.prepare(
      'UPDATE outbox SET version = version + 1, state = ?, score = ?, body = ? WHERE id = ? AND version = ?',
    ),
    pending: db.prepare("SELECT body, version FROM outbox WHERE state = 'pending' ORDER BY score DESC, id LIMIT ?"),
    countPending: db.prepare("SELECT count(*) AS count FROM outbox WHERE state = 'pending'"),
    countRows: db.prepare('SELECT count(*) AS count FROM outbox'),
    mail: db.prepare('SELECT body, version FROM mails WHERE id = ?'),
    insertMail: db.prepare(
      'INSERT INTO mails (id, version, created_at, sent_at, body) VALUES (?, 1, ?, ?, ?) ON CONFLICT (id) DO NOTHING',
    ),
    updateMail: db.prepare(
      'UPDATE mails SET version = version + 1, created_at = ?, sent_at = ?, body = ? WHERE id = ? AND version = ?',
    ),
    unsent: db.prepare('SELECT body, version FROM mails WHERE sent_at = 0 ORDER BY created_at, id'),
    countUnsent: db.prepare('SELECT count(*) AS count FROM mails WHERE sent_at = 0'),
    countMails: db.prepare('SELECT count(*) AS count FROM mails'),
  };

  function saveRow({ value, version }: Versioned<OutboxRow>): boolean {
    const { id, state, alert } = value;
    const body = JSON.stringify(value);
    const { changes } =
      version === null
        ? statements.insertRow.run(id, state, alert.threat_score, body)
        : statements.updateRow.run(state, alert.threat_score, body, id, Number(version));
    return Number(changes) === 1;
  }

  return {
    read: (ids, patience) =>
      patiently(() => {
        const rows = new Map<string, Versioned<OutboxRow>>();
        db.read(() => {
          for (const id of ids) {
            const stored = statements.row.get(id);
            if (stored !== undefined) rows.set(id, versioned<OutboxRow>(stored));
          }
        });
        return rows;
      }, patience),
    save: (rows, patience) => patiently(() => db.write(() => rows.map(saveRow)), patience),
    async pending(limit) {
      return db.read(() => ({
        rows: statements.pending.all(limit).map((stored) => versioned<OutboxRow>(stored)),
        total: Number(statements.countPending.get()?.count),
      }));
    },
    async readMail(id) {
      const stored = db.read(() => statements.mail.get(id));
      return stored === undefined ? undefined : versioned<OutboxMail>(stored);
    },
    async saveMail({ value, version }) {
      const { id, createdAt, sentAt } = value;
      const body = JSON.stringify(value);
      const { changes } = db.write(() =>
        version === null
          ? statements.insertMail.run(id, createdAt, sentAt, body)
          : statements.updateMail.run(createdAt, sentAt, body, id, Number(version)),
      );
      return Number(changes) === 1;
    },
    async unsent() {
      return db.read(() => statements.unsent.all()).map((stored) => versioned<OutboxMail>(stored));
    },
    async counts() {
      return db.read(() => ({
        rows: Number(statements.countRows.get()?.count),
        pending: Number(statements.countPending.get()?.count),
        mails: Number(statements.countMails.get()?.count),
        unsent: Number(statements.countUnsent.get()?.count),
      }));
    },
  };
}

function versioned<T>(row: Record<string, unknown>): Versioned<T> {
  return { value: JSON.parse(String(row.body)), version: String(row.version) };
}
