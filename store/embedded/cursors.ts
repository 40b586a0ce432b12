import type { Database } from '../../core/process/sqlite.ts';
import type { Cursors } from '../port.ts';

/** Small named values; versions count up from 1. Leases are kept apart, so `list` never shows them. */
export function createCursors(db: Database, now: () => number = Date.now): Cursors {
  const statements = {
    get: db.prepare('SELECT body, version FROM cursors WHERE key = ?'),
    insert: db.prepare(
      'INSERT INTO cursors (key, version, body) VALUES (?, 1, ?) ON CONFLICT (key) DO NOTHING RETURNING version',
    ),
    update: db.prepare(
      'UPDATE cursors SET version = version + 1, body = ? WHERE key = ? AND version = ? RETURNING version',
    ),
    list: db.prepare('SELECT key, body FROM cursors WHERE key >= ?1 AND substr(key, 1, length(?1)) = ?1 ORDER BY key'),
    lease: db.prepare(`
      INSERT INTO leases (key, owner, until) VALUES (?1, ?2, ?3)
      ON CONFLICT (key) DO UPDATE SET owner = excluded.owner, until = excluded.until
      WHERE owner = excluded.owner OR until <= ?4`),
    release: db.prepare('DELETE FROM leases WHERE key = ? AND owner = ?'),
  };

  return {
    async get(key) {
      const row = db.read(() => statements.get.get(key));
      return row === undefined ? undefined : { value: JSON.parse(String(row.body)), version: String(row.version) };
    },
    async put(key, value, version) {
      const body = JSON.stringify(value ?? null);
      const row = db.write(() =>
        version === null ? statements.insert.get(key, body) : statements.update.get(body, key, Number(version)),
      );
      return row === undefined ? undefined : String(row.version);
    },
    async list(prefix) {
      const rows = db.read(() => statements.list.all(prefix));
      return new Map(rows.map((row) => [String(row.key), JSON.parse(String(row.body))]));
    },
    async lease(key, owner, ms) {
      const time = now();
      return Number(db.write(() => statements.lease.run(key, owner, time + ms, time)).changes) === 1;
    },
    async release(key, owner) {
      db.write(() => statements.release.run(key, owner));
    },
  };
}
