import type { BatchPatience } from '../bus/port.ts';
import type {
  EnrichedDocument,
  EventAction,
  SlimClaim,
  Status,
  TiplinePart,
} from '../core/contract/enriched-document.ts';
import type { IndicatorType } from '../core/indicator/type.ts';

/**
 * The store keeps state and history. Two adapters: `elasticsearch/` and `embedded/` (SQLite).
 *
 * An outage is not an error of a call: `read` and `write` wait with jittered back-off, keep the batch alive through
 * `patience.heartbeat()`, report themselves unhealthy and go on when the server is back. They throw only a
 * TiplineError that waiting cannot mend, or when `patience.signal` is aborted.
 */
export interface StoredState {
  /** The `tipline` root of the current document, whole. */
  tipline: TiplinePart;
  /** `@timestamp`: time of the last change (ISO 8601). */
  changedAt: string;
  /** `threat.indicator.first_seen`: the earliest ever told, also by claims that are no longer kept. */
  firstSeen: string;
  /** `event.action` and `event.provider` of the last change. */
  action: EventAction;
  provider: string;
}

/** One indicator's part in a batch: its current document and the claims that go into history. */
export interface IndicatorWrite {
  id: string;
  /** Above the revision that was read; the write is lost if the store holds this one or a later one. */
  revision: number;
  /** JSON text of the EnrichedDocument; null when only history is written again after a crash. A string spares the hot path a Buffer. */
  current: string | Buffer | null;
  history: readonly HistoryWrite[];
}

export interface HistoryWrite {
  /** hash of (source, ref, indicator, content): the same statement twice is one document. */
  id: string;
  /** UTC day `YYYY-MM-DD` that the claim belongs to. */
  day: string;
  /** UTC day it goes to when that day is write-blocked. */
  fallbackDay: string;
  /** JSON text. */
  document: string | Buffer;
}

/**
 * - written: all of it is in the store (a history document that was there already counts as written);
 * - lost: another writer was first, or our own reply got lost: read again and merge again;
 * - rejected: the store refuses a document for what it is; nothing else of the batch is affected. `currentWritten`: only history
 *   was refused, and the current document is in the store all the same (with `current: null`, as it was): publish it, or store
 *   and topic disagree.
 */
export type WriteOutcome =
  | { kind: 'written'; historyCreated: number }
  | { kind: 'lost' }
  | { kind: 'rejected'; code: string; message: string; currentWritten: boolean };

/** One document a line; `value` finds itself in canonical form, and an address the CIDRs that hold it. */
export interface SearchQuery {
  /** Canonical value. */
  value?: string;
  type?: IndicatorType;
  status?: Status;
  /** At least. */
  minScore?: number;
  source?: string;
  limit?: number;
}

export interface StoreSummary {
  current: number;
  history: number;
  byType: Partial<Record<IndicatorType, number>>;
  byStatus: Partial<Record<Status, number>>;
  deadLetters: number;
  actions: number;
}

/** An allow-list entry in canonical form; see IndicatorStore.findCovered. */
export interface Covering {
  type: IndicatorType;
  value: string;
}

/** What a changed warning list is held against; see IndicatorStore.values. */
export interface StoredValue {
  id: string;
  type: IndicatorType;
  value: string;
  benign?: string;
}

/** An indicator of which something lapses or begins. */
export interface Expiring {
  readonly id: string;
  /** Epoch ms: of one indicator a later one is another lapse. */
  readonly recheckAt: number;
}

/** What a rebuild reads of a history document; others can write into our indices, so nothing of it is taken for granted. */
export interface HistoryDocument {
  event?: { created?: string };
  tipline?: {
    id: string;
    type: IndicatorType;
    value: string;
    claim?: SlimClaim & { context?: Record<string, unknown> };
  };
}

export interface IndicatorStore {
  /** Which adapter, with address and version, for the log. */
  readonly description: string;
  /** States by id; what does not exist is absent. At most 10,000 ids. */
  readStates(ids: readonly string[], patience: BatchPatience): Promise<Map<string, StoredState>>;
  /** One outcome a write, in order. History of all is written no later than its current document is visible as written. */
  write(writes: readonly IndicatorWrite[], patience: BatchPatience): Promise<WriteOutcome[]>;
  get(id: string): Promise<EnrichedDocument | undefined>;
  /** Makes everything written so far visible to search, find and count. */
  refresh(): Promise<void>;
  /** Exact value; for an address also the CIDRs that hold it. Highest score first. */
  search(query: SearchQuery): Promise<EnrichedDocument[]>;
  /** All active documents, not composite, in pages; a new responder starts from this. */
  active(minScore: number): AsyncIterable<EnrichedDocument[]>;
  /**
   * All documents with a claim of the feed (`feedOf`) that is live or begins later, in pages: what it says, as far as enrichment has come. Others of
   * its documents may be among them. Reads most of what is stored.
   */
  ofFeed(feed: string): AsyncIterable<EnrichedDocument[]>;
  /** Indicators whose `tipline.recheck_at` is not after `before` (epoch ms), soonest first; without that field never. */
  findExpiring(before: number, limit: number): Promise<Expiring[]>;
  /**
   * Ids of the indicators an allow-list entry covers, each once: for an address or CIDR what overlaps it, and URLs whose host is
   * an address in it; for a domain itself, what is below it, and the URLs and e-mail addresses of both; else the value itself.
   */
  findCovered(entry: Covering): AsyncIterable<string[]>;
  /** All indicators in pages, by id, with the warning list that their document names. */
  values(): AsyncIterable<StoredValue[]>;
  /** History of the indicators whose id is not below `from` and below `to`, in pages and in no order. Days that are closed are left out. */
  statements(range: { from: string; to: string | undefined }): AsyncIterable<HistoryDocument[]>;
  /** `documents` counts of both indices and the journal. */
  summary(): Promise<StoreSummary>;
  /** Deletes history days before `historyBefore` and states that expired before `expiredBefore` (epoch ms), and journal days likewise. Returns what went. */
  prune(limits: {
    historyBefore: number;
    expiredBefore: number;
    actionsBefore: number;
    deadLettersBefore: number;
  }): Promise<{ historyDays: number; states: number }>;
}

/** What a mail says of one alerted indicator; JSON-safe. */
export interface AlertRow {
  id: string;
  type: IndicatorType;
  value: string;
  threat_score: number;
  confidence: number;
  severity: number;
  /** The feed that took the claim it is alerted for. */
  feed?: string;
  /** That feed takes what outsiders send: it blocks nothing. */
  outside?: true;
  sources: string[];
  tags: string[];
  why: string;
  country?: string;
  as?: string;
  first_seen?: string;
  last_seen?: string;
  expires_at?: string;
  malware?: string[];
  tlp?: string;
  description?: string;
  /** Alerted before: this is a repeat. */
  again: boolean;
}

/**
 * One row an (indicator, policy). `open` says whether the indicator is alertable now: a row that was closed and opens
 * again is alerted anew. States: pending (waits for a mail) -> mailed (is in `mail`) ; `mail` null while pending.
 */
export interface OutboxRow {
  /** `policy:indicator id`. */
  id: string;
  policy: string;
  /** Life and revision of the document that was decided on. Rows of before lives were told of have none. */
  life?: number;
  revision: number;
  /** `tipline.born` of the document: an indicator that was pruned and came back counts its revisions from 1 again. */
  born: string;
  open: boolean;
  state: 'pending' | 'mailed' | 'quiet';
  /** Epoch ms of the last alert; 0 = never. */
  alertedAt: number;
  /** Id of the mail that took the row, or null. */
  mail: string | null;
  alert: AlertRow;
}

/**
 * A mail; stored before it takes rows and before it is sent, so a repeat after a crash has the same Message-ID and body.
 * While it still takes rows its `text` is empty.
 */
export interface OutboxMail {
  id: string;
  messageId: string;
  createdAt: number;
  /** Epoch ms of the acceptance by the mail server; 0 = not yet. */
  sentAt: number;
  attempts: number;
  subject: string;
  text: string;
  html: string;
  /** Number of indicators it speaks of. */
  indicators: number;
  /** Ids of the rows it takes, written down before they are taken; up to 100,000, never searched. */
  rows: string[];
}

/** A value with the version that a compare-and-set must name; `version` is opaque, null = does not exist. */
export interface Versioned<T> {
  value: T;
  version: string | null;
}

export interface Outbox {
  read(ids: readonly string[], patience?: BatchPatience): Promise<Map<string, Versioned<OutboxRow>>>;
  /** Compare-and-set of each row by itself; false = somebody else was first. */
  save(rows: readonly Versioned<OutboxRow>[], patience?: BatchPatience): Promise<boolean[]>;
  /** Pending rows with the highest score first, with the number of all pending rows. Sees everything saved before. */
  pending(limit: number): Promise<{ rows: Versioned<OutboxRow>[]; total: number }>;
  readMail(id: string): Promise<Versioned<OutboxMail> | undefined>;
  saveMail(mail: Versioned<OutboxMail>): Promise<boolean>;
  /** Mails that are not sent, oldest first. */
  unsent(): Promise<Versioned<OutboxMail>[]>;
  counts(): Promise<{ rows: number; pending: number; mails: number; unsent: number }>;
}

/** Small named values with compare-and-set: feed cursors, leases, the shared allow list. */
export interface Cursors {
  get(key: string): Promise<Versioned<unknown> | undefined>;
  /** Returns the new version, or undefined when somebody else was first. */
  put(key: string, value: unknown, version: string | null): Promise<string | undefined>;
  list(prefix: string): Promise<Map<string, unknown>>;
  /** True when `owner` holds the lease `key` until now + `ms`; takes it when it is free, its own, or run out. */
  lease(key: string, owner: string, ms: number): Promise<boolean>;
  release(key: string, owner: string): Promise<void>;
}

export type JournalKind = 'actions' | 'deadletters';

export interface JournalEntry {
  id: string;
  /** UTC day `YYYY-MM-DD`. */
  day: string;
  /** JSON text. */
  document: Buffer;
}

/** Daily copies of `ioc.actions` and `ioc.dlq`; an id that is there already is left as it is. */
export interface Journal {
  append(kind: JournalKind, entries: readonly JournalEntry[], patience: BatchPatience): Promise<number>;
  /** Actions about one indicator, newest first. */
  actionsOf(indicatorId: string, limit: number): Promise<unknown[]>;
}

/** What `cli/` opens: all ports of one adapter. */
export interface Store {
  readonly indicators: IndicatorStore;
  readonly outbox: Outbox;
  readonly cursors: Cursors;
  readonly journal: Journal;
  /**
   * Creates indices and templates (or tables) that are missing; returns their names. `beside`: history takes names of its own, because
   * others have indices where it would be; the store remembers that. Throws STORE_FOREIGN_INDEX where others are in the way.
   */
  setup(options?: { beside?: boolean }): Promise<string[]>;
  /** What an operator may want to set otherwise, in words; asked for when the store was set up. */
  advice(): Promise<readonly string[]>;
  /** What others have where tipline's is or would be: never touched. `hinders`: nothing can be written until an operator acts. */
  strangers(): Promise<readonly { message: string; hinders: boolean }[]>;
  /** Throws a TiplineError that says what is wrong when the store cannot be used (version, credentials, missing set-up). */
  check(): Promise<void>;
  close(): Promise<void>;
}
