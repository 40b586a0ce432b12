import { ipRange, type Prefix, prefixContains } from '../../core/indicator/address.ts';
import type { Database } from '../../core/process/sqlite.ts';
import { type Amount, addAmount, amountOf } from '../fuse.ts';
import {
  ACTIVE_STATES,
  type BlockRow,
  type BlockState,
  count,
  readBlockRow,
  type SqlRow,
  STANDING_STATES,
  text,
} from './block-row.ts';
import { countHeld, emptyLoad, type Load } from './load.ts';

export interface BlockFilter {
  readonly states?: readonly BlockState[];
  /** Everything that overlaps this address or network. */
  readonly overlapping?: Prefix;
  readonly limit?: number;
}

/** The rows of a ledger. Every change goes through `put`, inside a transaction that read the row. */
export interface BlockRows {
  get(value: string): BlockRow | undefined;
  put(row: BlockRow): void;
  /** Notes what the firewall holds for a row, and nothing else: much cheaper than `put`, which touches every index. */
  putHeld(row: Pick<BlockRow, 'value' | 'kernelUntil' | 'coveredBy' | 'dirty'>): void;
  /** Rows that the firewall may not show as they are: what is to be lifted, then networks, widest first, then hosts. */
  dirty(limit: number): BlockRow[];
  /** Rows that a wider network stands for. */
  coveredBy(value: string): BlockRow[];
  /** Networks that the firewall holds, as far as is known. */
  networksInKernel(): BlockRow[];
  /** Everything that the firewall holds, as far as is known, in pages; rows may be written between two pages. */
  inKernel(): IterableIterator<BlockRow[]>;
  /** True if the firewall holds anything beyond this moment, as far as is known. */
  holdsKernel(moment: number): boolean;
  /** Lanes in which something waits. */
  waitingLanes(): string[];
  /** What waits in a lane, highest score first. */
  waitingIn(lane: string, limit: number): BlockRow[];
  /** What a lane holds of this, lowest score first; what waits before what stands. */
  least(lane: string, about: keyof Amount, limit: number): BlockRow[];
  /** Rows in these states that end at or before this moment. */
  ending(states: readonly BlockState[], before: number, limit: number): BlockRow[];
  /** Networks that end at or before this moment and stand for narrower rows. */
  endingCovers(before: number): BlockRow[];
  /** In pages; rows may be written between two pages. */
  inState(state: BlockState): IterableIterator<BlockRow[]>;
  load(): Load;
  counts(): Record<BlockState, number>;
  /** Blocks begun after `moment` and not after `now`, by lane. */
  startedSince(moment: number, now: number): Map<string, number>;
  list(filter: BlockFilter): BlockRow[];
  /** The clock was set by so many ms: all that was meant as a length of time goes along. */
  shift(ms: number): void;
  /** No block ends after this moment. */
  cap(moment: number): void;
  /** Deletes what ended, or was refused, before this moment and is not held free. */
  prune(before: number, now: number): number;
  /** The firewall is known to hold nothing: everything enforced is to be installed again. */
  forgetKernel(): void;
}

const PAGE = 2000;

const COLUMNS =
  'value, indicator, type, bytes, length, life, revision, state, until, kernel_until, covered_by, score, feed, source, ref, reason, code, hold_until, queued_at, blocked_at, changed_at, dirty, seq';

export function createBlockRows(database: Database): BlockRows {
  const select = (rest: string) => database.prepare(`SELECT ${COLUMNS} FROM blocks ${rest}`);
  // Without statistics SQLite takes the index of states for all of these, and reads every row of a state.
  const get = select('WHERE value = ?');
  const put = database.prepare(
    `INSERT INTO blocks (${COLUMNS}) VALUES (${COLUMNS.replaceAll(/\w+/g, '?')}) ON CONFLICT (value) DO UPDATE SET
       ${COLUMNS.replaceAll(/\w+/g, (column) => `${column} = excluded.${column}`)}`,
  );
  const putHeld = database.prepare('UPDATE blocks SET kernel_until = ?, covered_by = ?, dirty = ? WHERE value = ?');
  const dirtyUnblocks = select(
    `INDEXED BY blocks_dirty WHERE dirty = 1 AND state IN ('intent-unblock', 'released') ORDER BY type LIMIT ?`,
  );
  const dirtyNetworks = select(
    `WHERE dirty = 1 AND state IN ('intent-block', 'enforced') AND type = 'cidr' ORDER BY length LIMIT ?`,
  );
  const dirtyHosts = select(`WHERE dirty = 1 AND state IN ('intent-block', 'enforced') AND type = 'ip' LIMIT ?`);
  const covered = select('WHERE covered_by = ? ORDER BY length');
  const networks = select(`WHERE type = 'cidr' AND kernel_until > 0`);
  const inKernel = select('WHERE kernel_until > 0 AND value > ? ORDER BY value LIMIT ?');
  const holdsKernel = database.prepare('SELECT 1 FROM blocks WHERE kernel_until > ? LIMIT 1');
  // one step of the index a lane, where DISTINCT would read all that waits
  const nextLane = `SELECT min(lane) FROM blocks INDEXED BY blocks_waiting WHERE state = 'waiting'`;
  const waitingLanes = database.prepare(
    `WITH RECURSIVE lanes(lane) AS
       (${nextLane} UNION ALL SELECT (${nextLane} AND blocks.lane > lanes.lane) FROM lanes WHERE lanes.lane IS NOT NULL)
     SELECT lane FROM lanes WHERE lane IS NOT NULL`,
  );
  const waitingIn = select(
    `INDEXED BY blocks_waiting WHERE state = 'waiting' AND lane = ? ORDER BY score DESC, queued_at LIMIT ?`,
  );
  const least = (about: string) => ({
    waiting: select(
      `INDEXED BY blocks_waiting WHERE state = 'waiting' AND lane = ? AND ${about} ORDER BY score, queued_at DESC LIMIT ?`,
    ),
    standing: select(
      `INDEXED BY blocks_standing WHERE state IN (${quoted(STANDING_STATES)}) AND lane = ? AND ${about} ORDER BY score LIMIT ?`,
    ),
  });
  const leastOf = {
    rows: least('1'),
    cidrs: least(`type = 'cidr'`),
    addresses4: least('length(bytes) = 4'),
    nets6: least('length(bytes) = 16'),
  } as const satisfies Record<keyof Amount, ReturnType<typeof least>>;
  const ending = select('WHERE state = ? AND until <= ? LIMIT ?');
  const endingCovers = select(
    `AS wide WHERE state = 'enforced' AND until <= ? AND type = 'cidr'
       AND EXISTS (SELECT 1 FROM blocks AS narrow WHERE narrow.covered_by = wide.value AND narrow.until > wide.until)`,
  );
  const inState = select('WHERE +state = ? AND value > ? ORDER BY value LIMIT ?');
  const byState = database.prepare('SELECT state, count(*) AS n FROM blocks GROUP BY state');
  const held = database.prepare(
    `SELECT lane, state, length(bytes) AS size, length, count(*) AS n FROM blocks INDEXED BY blocks_held
       WHERE state IN (${quoted([...ACTIVE_STATES, 'waiting'])}) GROUP BY 1, 2, 3, 4`,
  );
  const startedSince = database.prepare(
    'SELECT lane, count(*) AS n FROM blocks WHERE blocked_at > ? AND blocked_at <= ? GROUP BY lane',
  );
  const within = select('WHERE length(bytes) = ? AND bytes BETWEEN ? AND ? ORDER BY bytes, length');
  const widerNetworks = select(`WHERE type = 'cidr' AND length(bytes) = ? AND length < ?`);
  const prune = database.prepare(
    `DELETE FROM blocks WHERE state IN ('released', 'refused') AND changed_at < ? AND hold_until < ? AND kernel_until = 0`,
  );
  const forget = database.prepare(
    `UPDATE blocks SET kernel_until = 0, covered_by = NULL, dirty = CASE state WHEN 'enforced' THEN 1 ELSE dirty END
       WHERE kernel_until > 0 OR covered_by IS NOT NULL OR state = 'enforced'`,
  );

  const shifted = ['until', 'kernel_until', 'hold_until', 'queued_at', 'blocked_at'];
  const shift = database.prepare(
    `UPDATE blocks SET ${shifted.map((column) => `${column} = CASE ${column} WHEN 0 THEN 0 ELSE max(1, ${column} + ?1) END`)}`,
  );
  const cap = database.prepare(
    `UPDATE blocks SET until = ?1, seq = seq + 1, dirty = CASE state WHEN 'enforced' THEN 1 ELSE dirty END
       WHERE state IN (${quoted([...STANDING_STATES, 'waiting'])}) AND until > ?1`,
  );

  function counts(): Record<BlockState, number> {
    const result: Record<BlockState, number> = {
      waiting: 0,
      'intent-block': 0,
      enforced: 0,
      planned: 0,
      'intent-unblock': 0,
      released: 0,
      refused: 0,
    };
    for (const row of byState.all()) Object.assign(result, { [String(row.state)]: count(row, 'n') });
    return result;
  }

  return {
    get(value) {
      const row = get.get(value);
      return row === undefined ? undefined : readBlockRow(row);
    },
    put(row) {
      const { bytes, length } = row.prefix;
      put.run(
        ...[
          row.value,
          row.indicator,
          row.type,
          bytes,
          length,
          row.life,
          row.revision,
          row.state,
          row.until,
          row.kernelUntil,
        ],
        ...[row.coveredBy, row.score, row.feed, row.source, row.ref, row.reason, row.code, row.holdUntil, row.queuedAt],
        ...[row.blockedAt, row.changedAt, row.dirty ? 1 : 0, row.seq],
      );
    },
    putHeld: ({ value, kernelUntil, coveredBy, dirty }) =>
      void putHeld.run(kernelUntil, coveredBy, dirty ? 1 : 0, value),
    dirty(limit) {
      const rows = dirtyUnblocks.all(limit);
      if (rows.length < limit) rows.push(...dirtyNetworks.all(limit - rows.length));
      if (rows.length < limit) rows.push(...dirtyHosts.all(limit - rows.length));
      return rows.map(readBlockRow);
    },
    coveredBy: (value) => covered.all(value).map(readBlockRow),
    networksInKernel: () => networks.all().map(readBlockRow),
    inKernel: () => pages((after) => inKernel.all(after, PAGE)),
    holdsKernel: (moment) => holdsKernel.get(moment) !== undefined,
    waitingLanes: () => waitingLanes.all().map((row) => text(row, 'lane')),
    waitingIn: (lane, limit) => waitingIn.all(lane, limit).map(readBlockRow),
    least(lane, about, limit) {
      const rows = leastOf[about].waiting.all(lane, limit);
      if (rows.length < limit) rows.push(...leastOf[about].standing.all(lane, limit - rows.length));
      return rows.map(readBlockRow);
    },
    ending: (states, before, limit) => states.flatMap((state) => ending.all(state, before, limit).map(readBlockRow)),
    endingCovers: (before) => endingCovers.all(before).map(readBlockRow),
    inState: (state) => pages((after) => inState.all(state, after, PAGE)),
    load() {
      const load = emptyLoad();
      for (const row of held.all()) {
        const prefix = { bytes: new Uint8Array(count(row, 'size')), length: count(row, 'length') };
        const times = count(row, 'n');
        countHeld(load, text(row, 'lane'), prefix, times);
        if (row.state !== 'waiting') addAmount(load.active, amountOf(prefix), times);
      }
      return load;
    },
    counts,
    startedSince: (moment, now) =>
      new Map(startedSince.all(moment, now).map((row) => [text(row, 'lane'), count(row, 'n')])),
    list({ states = [], overlapping, limit = 1000 }) {
      const wanted = (row: BlockRow): boolean => states.length === 0 || states.includes(row.state);
      if (overlapping !== undefined) {
        const { first, last } = ipRange(overlapping);
        const wider = widerNetworks.all(first.length, overlapping.length).map(readBlockRow);
        const narrower = within.all(first.length, first, last).map(readBlockRow);
        return [
          ...wider.filter((row) => prefixContains(row.prefix, overlapping)),
          ...narrower.filter((row) => row.prefix.length >= overlapping.length),
        ]
          .filter(wanted)
          .slice(0, limit);
      }
      const where = states.length === 0 ? '' : `WHERE state IN (${quoted(states)})`;
      return select(`${where} ORDER BY score DESC, until DESC LIMIT ?`).all(limit).map(readBlockRow);
    },
    prune: (before, now) => Number(prune.run(before, now).changes),
    shift: (ms) => void shift.run(ms),
    cap: (moment) => void cap.run(moment),
    forgetKernel: () => void forget.run(),
  };
}

/** Keyset paging by value, which no write changes. */
function* pages(after: (value: string) => SqlRow[]): Generator<BlockRow[]> {
  for (let last = ''; ; ) {
    const page = after(last).map(readBlockRow);
    const end = page.at(-1);
    if (end === undefined) return;
    yield page;
    last = end.value;
  }
}

/** For the closed set of states alone. */
function quoted(states: readonly BlockState[]): string {
  return states.map((state) => `'${state}'`).join(', ');
}
