import type { StatementSync } from 'node:sqlite';
import { TiplineError } from '../../core/process/errors.ts';
import type { Database } from '../../core/process/sqlite.ts';
import type { Incoming, Outgoing } from '../port.ts';

/**
 * The topics as tables. A record's row id is `topic number * 2^40 + offset`, so that a topic is one stretch of one B-tree,
 * appended to at its end and trimmed at its beginning. The next offset stands in `bus_topics`, because it must go on
 * counting when everything before it was trimmed.
 */
export const BUS_MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE bus_topics (
    number INTEGER PRIMARY KEY,
    topic TEXT NOT NULL UNIQUE,
    retention_ms INTEGER NOT NULL,
    next INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE bus_records (
    id INTEGER PRIMARY KEY,
    timestamp INTEGER NOT NULL,
    key TEXT NOT NULL,
    headers TEXT,
    value BLOB NOT NULL
  ) STRICT;
  CREATE TABLE bus_groups (
    topic INTEGER NOT NULL,
    name TEXT NOT NULL,
    next INTEGER NOT NULL,
    PRIMARY KEY (topic, name)
  ) STRICT, WITHOUT ROWID;
  `,
];

/** Ids stay below 2^53, so a topic's number has 13 bits. */
const OFFSETS = 2 ** 40;
const MOST_TOPICS = 2 ** 13 - 1;

/** A topic's records are those with offsets in [start, end). */
export interface Bounds {
  start: number;
  end: number;
}

/** What trimming did to a topic. */
export interface Trimmed {
  records: number;
  /** Records that a group had not read yet, by group. */
  unread: ReadonlyMap<string, number>;
  /** True when there may be more to trim. */
  more: boolean;
}

export interface RecordLog {
  /** Its number, or undefined when the topic does not exist. */
  find(topic: string): number | undefined;
  /** False when the topic is there already. */
  create(topic: string, retentionMs: number): boolean;
  topics(): { topic: string; number: number; retentionMs: number }[];
  /** All records or none. */
  append(number: number, records: readonly Outgoing[], now: number): void;
  /** Records from offset `from` on: at most `most`, and no more than fit `bytes` except that the first always comes. */
  read(number: number, from: number, most: number, bytes: number): Incoming[];
  bounds(number: number): Bounds;
  /** The offset that the group reads next; undefined when it never committed. */
  position(number: number, group: string): number | undefined;
  commit(number: number, group: string, next: number): void;
  /** How many records from offset `from` on were appended before `before` (epoch ms), if the clock never went backwards. */
  countBefore(number: number, from: number, before: number): number;
  /** Deletes up to `most` records from the beginning of the topic that are older than `before` (epoch ms). */
  trim(number: number, before: number, most: number): Trimmed;
}

export function createRecordLog(db: Database): RecordLog {
  const statements = {
    find: db.prepare('SELECT number FROM bus_topics WHERE topic = ?'),
    create: db.prepare(
      `INSERT INTO bus_topics (number, topic, retention_ms, next)
       VALUES ((SELECT coalesce(max(number), 0) + 1 FROM bus_topics), ?, ?, 0) ON CONFLICT (topic) DO NOTHING`,
    ),
    topics: db.prepare('SELECT topic, number, retention_ms FROM bus_topics ORDER BY topic'),
    next: db.prepare('SELECT next FROM bus_topics WHERE number = ?'),
    advance: db.prepare('UPDATE bus_topics SET next = ? WHERE number = ?'),
    insert: db.prepare('INSERT INTO bus_records (id, timestamp, key, headers, value) VALUES (?, ?, ?, ?, ?)'),
    read: db.prepare(
      'SELECT id, timestamp, key, headers, value FROM bus_records WHERE id >= ? AND id < ? ORDER BY id LIMIT ?',
    ),
    first: db.prepare('SELECT min(id) AS id FROM bus_records WHERE id >= ? AND id < ?'),
    position: db.prepare('SELECT next FROM bus_groups WHERE topic = ? AND name = ?'),
    positions: db.prepare('SELECT name, next FROM bus_groups WHERE topic = ?'),
    commit: db.prepare(
      `INSERT INTO bus_groups (topic, name, next) VALUES (?, ?, ?)
       ON CONFLICT (topic, name) DO UPDATE SET next = excluded.next`,
    ),
    timestamp: db.prepare('SELECT timestamp FROM bus_records WHERE id = ?'),
    delete: db.prepare('DELETE FROM bus_records WHERE id >= ? AND id < ?'),
  };
  const known = new Map<string, number>();

  function bounds(number: number): Bounds {
    const end = Number(statements.next.get(number)?.next ?? 0);
    const first = statements.first.get(number * OFFSETS, (number + 1) * OFFSETS)?.id;
    return { start: typeof first === 'number' ? first - number * OFFSETS : end, end };
  }

  function countBefore(number: number, from: number, before: number): number {
    const { start, end } = bounds(number);
    const first = Math.max(start, from);
    let [low, high] = [first, end];
    // Halving: a backlog of millions costs some twenty look-ups.
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (Number(statements.timestamp.get(number * OFFSETS + middle)?.timestamp) < before) low = middle + 1;
      else high = middle;
    }
    return low - first;
  }

  function unreadBelow(number: number, start: number, end: number): Map<string, number> {
    const unread = new Map<string, number>();
    for (const row of statements.positions.all(number)) {
      const next = Math.max(Number(row.next), start);
      if (next < end) unread.set(String(row.name), end - next);
    }
    return unread;
  }

  return {
    find(topic) {
      const cached = known.get(topic);
      if (cached !== undefined) return cached;
      const number = db.read(() => statements.find.get(topic)?.number);
      if (typeof number !== 'number') return undefined;
      known.set(topic, number);
      return number;
    },
    create(topic, retentionMs) {
      return db.write(() => {
        if (statements.topics.all().length >= MOST_TOPICS) {
          throw new TiplineError('BUS_TOO_MANY_TOPICS', `the embedded bus holds at most ${MOST_TOPICS} topics`, {
            retryable: false,
          });
        }
        return statements.create.run(topic, retentionMs).changes > 0;
      });
    },
    topics() {
      const rows = db.read(() => statements.topics.all());
      return rows.map((row) => ({
        topic: String(row.topic),
        number: Number(row.number),
        retentionMs: Number(row.retention_ms),
      }));
    },
    append(number, records, now) {
      db.write(() => {
        let id = number * OFFSETS + Number(statements.next.get(number)?.next);
        for (const { key, value, headers } of records) {
          const bytes = typeof value === 'string' ? Buffer.from(value) : value;
          statements.insert.run(id, now, key, headers === undefined ? null : JSON.stringify(headers), bytes);
          id += 1;
        }
        statements.advance.run(id - number * OFFSETS, number);
      });
    },
    read(number, from, most, bytes) {
      const base = number * OFFSETS;
      return db.read(() => take(statements.read, base, base + from, base + OFFSETS, most, bytes));
    },
    bounds: (number) => db.read(() => bounds(number)),
    position(number, group) {
      const next = db.read(() => statements.position.get(number, group)?.next);
      return typeof next === 'number' ? next : undefined;
    },
    commit(number, group, next) {
      db.write(() => statements.commit.run(number, group, next));
    },
    countBefore: (number, from, before) => db.read(() => countBefore(number, from, before)),
    trim(number, before, most) {
      // Looks before it takes the write lock: mostly there is nothing to trim.
      if (db.read(() => countBefore(number, 0, before)) === 0) return { records: 0, unread: new Map(), more: false };
      return db.write(() => {
        const base = number * OFFSETS;
        const { start } = bounds(number);
        const old = countBefore(number, 0, before);
        const end = start + Math.min(old, most);
        const records = Number(statements.delete.run(base, base + end).changes);
        return { records, unread: unreadBelow(number, start, end), more: old > most };
      });
    },
  };
}

function take(
  statement: StatementSync,
  base: number,
  from: number,
  to: number,
  most: number,
  bytes: number,
): Incoming[] {
  const records: Incoming[] = [];
  let size = 0;
  for (const row of statement.iterate(from, to, most)) {
    const blob = row.value;
    if (!(blob instanceof Uint8Array)) throw new TypeError('bus_records.value holds no bytes');
    size += blob.length;
    if (size > bytes && records.length > 0) break;
    records.push({
      key: String(row.key),
      value: Buffer.from(blob.buffer, blob.byteOffset, blob.byteLength),
      offset: Number(row.id) - base,
      timestamp: Number(row.timestamp),
      headers: typeof row.headers === 'string' ? JSON.parse(row.headers) : {},
    });
  }
  return records;
}
