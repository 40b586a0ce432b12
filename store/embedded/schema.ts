/**
 * Tables of the embedded store. Documents are kept as JSON text, so that an operator can ask SQLite's JSON functions; the
 * columns beside them are what look-ups need. The document stands last in its row: a long one continues on pages of its
 * own, which are not read while the columns before it are compared.
 *
 * Tables with documents have integer row ids and an index for their text key. WITHOUT ROWID would put whole documents into
 * the inner pages of the key's tree. History keeps its keys in a table of their own rather than an index: a day is deleted
 * from each in the order in which it lies there, which is six times as fast as jumping about in one of them.
 */
export const STORE_MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE current (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    type TEXT NOT NULL,
    status TEXT NOT NULL,
    score INTEGER NOT NULL,
    composite INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    recheck_at INTEGER,          -- epoch ms, as all times here
    range_first BLOB,            -- ip and cidr: see lookup-keys.ts
    range_last BLOB,
    host TEXT,                   -- domain, url, email: see lookup-keys.ts
    sources TEXT NOT NULL,       -- JSON array
    document TEXT NOT NULL
  ) STRICT;
  CREATE INDEX current_by_score ON current (score);
  CREATE INDEX current_by_type ON current (type, status);
  CREATE INDEX current_by_recheck ON current (recheck_at) WHERE recheck_at IS NOT NULL;
  CREATE INDEX current_by_expiry ON current (expires_at) WHERE status <> 'active';
  CREATE INDEX current_by_range ON current (range_first) WHERE range_first IS NOT NULL;
  CREATE INDEX current_by_host ON current (host) WHERE host IS NOT NULL;

  CREATE TABLE history (
    number INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used again: a key may outlive its document
    document TEXT NOT NULL
  ) STRICT;
  CREATE TABLE history_ids (
    day TEXT NOT NULL,           -- YYYY-MM-DD
    id TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (day, id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE outbox (
    id TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    state TEXT NOT NULL,
    score INTEGER NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX outbox_pending ON outbox (score) WHERE state = 'pending';

  CREATE TABLE mails (
    id TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    sent_at INTEGER NOT NULL,    -- 0: not yet
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX mails_unsent ON mails (created_at) WHERE sent_at = 0;

  CREATE TABLE cursors (
    key TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    body TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE leases (
    key TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    until INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE journal (
    number INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    day TEXT NOT NULL,
    at TEXT NOT NULL,            -- ISO 8601
    indicator TEXT,              -- actions about one
    document TEXT NOT NULL,
    UNIQUE (kind, id)
  ) STRICT;
  CREATE INDEX journal_by_day ON journal (kind, day);
  CREATE INDEX journal_by_indicator ON journal (indicator, at) WHERE indicator IS NOT NULL;
  `,
];
