/** The ledger's tables; only ever add to the end. Columns are explained in block-row.ts. */
export const LEDGER_MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE blocks (
    value TEXT PRIMARY KEY,
    indicator TEXT NOT NULL,
    type TEXT NOT NULL,
    bytes BLOB NOT NULL,
    length INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    state TEXT NOT NULL,
    until INTEGER NOT NULL,
    kernel_until INTEGER NOT NULL,
    covered_by TEXT,
    score INTEGER NOT NULL,
    source TEXT NOT NULL,
    ref TEXT,
    reason TEXT NOT NULL,
    code TEXT,
    hold_until INTEGER NOT NULL,
    queued_at INTEGER NOT NULL,
    blocked_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    dirty INTEGER NOT NULL,
    seq INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX blocks_dirty ON blocks(state, type) WHERE dirty = 1;
  CREATE INDEX blocks_waiting ON blocks(score DESC, queued_at) WHERE state = 'waiting';
  CREATE INDEX blocks_state_until ON blocks(state, until);
  CREATE INDEX blocks_blocked_at ON blocks(blocked_at);
  CREATE INDEX blocks_covered_by ON blocks(covered_by) WHERE covered_by IS NOT NULL;
  CREATE INDEX blocks_networks ON blocks(state) WHERE type = 'cidr';
  CREATE INDEX blocks_bytes ON blocks(length(bytes), bytes);
  CREATE TABLE actions (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    body TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    published_at INTEGER
  ) STRICT;
  CREATE INDEX actions_unpublished ON actions(seq) WHERE published_at IS NULL;
  CREATE INDEX actions_published ON actions(published_at) WHERE published_at IS NOT NULL;
  CREATE TABLE marks (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  `,
  `
  ALTER TABLE blocks ADD COLUMN life INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE blocks ADD COLUMN feed TEXT;
  `,
  `
  ALTER TABLE blocks ADD COLUMN lane TEXT GENERATED ALWAYS AS (coalesce(feed, source)) VIRTUAL;
  DROP INDEX blocks_waiting;
  CREATE INDEX blocks_waiting ON blocks(lane, score DESC, queued_at) WHERE state = 'waiting';
  CREATE INDEX blocks_standing ON blocks(lane, score) WHERE state IN ('intent-block', 'enforced', 'planned');
  CREATE INDEX blocks_held ON blocks(lane, state, length(bytes), length)
    WHERE state IN ('intent-block', 'enforced', 'planned', 'intent-unblock', 'waiting');
  `,
];
