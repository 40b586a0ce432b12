import type { Action } from '../../core/contract/action.ts';
import type { Database } from '../../core/process/sqlite.ts';
import { text } from './block-row.ts';

/** Actions that were done and are to be published: written with the row they tell of, marked once the bus has them. */
export interface ActionOutbox {
  /** An id that is there already is left as it is. */
  add(action: Action, now: number): void;
  /** Oldest first. */
  unpublished(limit: number): { id: string; body: string }[];
  markPublished(ids: readonly string[], now: number): void;
  /** Deletes what was published before this moment. */
  prune(before: number): number;
}

export function createActionOutbox(database: Database): ActionOutbox {
  const add = database.prepare('INSERT OR IGNORE INTO actions (id, body, made_at) VALUES (?, ?, ?)');
  const unpublished = database.prepare('SELECT id, body FROM actions WHERE published_at IS NULL ORDER BY seq LIMIT ?');
  const mark = database.prepare('UPDATE actions SET published_at = ? WHERE id = ?');
  const prune = database.prepare('DELETE FROM actions WHERE published_at < ?');
  return {
    add: (action, now) => void add.run(action.id, JSON.stringify(action), now),
    unpublished: (limit) => unpublished.all(limit).map((row) => ({ id: text(row, 'id'), body: text(row, 'body') })),
    markPublished(ids, now) {
      for (const id of ids) mark.run(now, id);
    },
    prune: (before) => Number(prune.run(before).changes),
  };
}
