import type { FeedState } from '../ingest/feed-state.ts';
import { table } from './table.ts';

export interface FeedLine {
  name: string;
  type: string;
  /** off: switched off; new: never read; ok; failing: the last reading failed; useless: too many of its records become dead letters; waiting: a quota is used up, or its source asked for patience; held: a list is held back. */
  state: 'off' | 'new' | 'ok' | 'failing' | 'useless' | 'waiting' | 'held';
  last_ok: string | null;
  next: string | null;
  /** Records that the last reading with records brought. */
  records: number;
  /** Of them, those that were over when they were read. */
  expired: number;
  failures: number;
  last_error: FeedState['lastError'];
  /** What is held back, and why. */
  quarantine: { since: string; reason: string; records: number } | null;
  /** The process that read it last, by its name in leases. */
  read_by: string | null;
}

/** Where one process alone can have the store, its name in leases tells nothing. */
const ALONE = 'embedded';

/** How the feeds do. Without an error it fits a terminal of 120 columns, unless names are long; --json has the times in full. */
export function feedTable(lines: readonly FeedLine[]): string {
  const several = lines.some(({ read_by }) => read_by !== null && read_by !== ALONE);
  // expired on arrival: worth a column where it happens
  const anyExpired = lines.some(({ expired }) => expired > 0);
  const rows = lines.map((line) => [
    line.name,
    line.type,
    line.state,
    line.last_ok === null ? 'never' : toMinute(line.last_ok),
    line.next === null ? '' : toMinute(line.next),
    line.records,
    ...(anyExpired ? [line.expired] : []),
    ...(several ? [processOf(line.read_by)] : []),
    line.quarantine?.reason ?? (line.last_error === null ? '' : `${line.last_error.code}: ${line.last_error.message}`),
  ]);
  const head = [
    'FEED',
    'TYPE',
    'STATE',
    'LAST OK (UTC)',
    'NEXT (UTC)',
    'RECORDS',
    ...(anyExpired ? ['EXPIRED'] : []),
    ...(several ? ['READ BY'] : []),
    'LAST ERROR',
  ];
  return table(head, rows);
}

function toMinute(time: string): string {
  return time.slice(0, 16).replace('T', ' ');
}

/** `host:pid`; what stands behind it in leases tells two processes apart that had the same. */
function processOf(owner: string | null): string {
  return owner === null || owner === ALONE ? '' : owner.split(':').slice(0, 2).join(':');
}
