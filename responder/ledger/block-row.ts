import type { SQLOutputValue } from 'node:sqlite';
import type { Prefix } from '../../core/indicator/address.ts';

/**
 * - waiting: wanted, held back by the fuse
 * - intent-block: to be blocked now (the firewall may hold it already: a crash can lie between)
 * - enforced: blocked; with `kernelUntil` 0 by a wider network, `coveredBy`
 * - planned: would be blocked, in dry-run
 * - intent-unblock: to be lifted now
 * - released: was blocked, or is held free by an operator until `holdUntil`
 * - refused: by guard, fuse or firewall, `code` says why
 */
export const BLOCK_STATES = [
  'waiting',
  'intent-block',
  'enforced',
  'planned',
  'intent-unblock',
  'released',
  'refused',
] as const;
export type BlockState = (typeof BLOCK_STATES)[number];

/** States that count against the fuse. */
export const ACTIVE_STATES: readonly BlockState[] = ['intent-block', 'enforced', 'planned', 'intent-unblock'];

/** Blocked, planned, or about to be, and not about to be lifted. */
export const STANDING_STATES: readonly BlockState[] = ['intent-block', 'enforced', 'planned'];

export function isStanding({ state }: { readonly state: BlockState }): boolean {
  return STANDING_STATES.includes(state);
}

export function isActive(state: BlockState): boolean {
  return ACTIVE_STATES.includes(state);
}

/** Counts against the fuse, or waits for it. */
export function isHeld({ state }: { readonly state: BlockState }): boolean {
  return state === 'waiting' || isActive(state);
}

/** One address or network that the responder was ever told to act on. Times are epoch ms. */
export interface BlockRow {
  /** Canonical text of the prefix: the key. */
  readonly value: string;
  readonly indicator: string;
  readonly type: 'ip' | 'cidr';
  readonly prefix: Prefix;
  /** Life and revision of the indicator that were last acted on; nothing that is not after them counts any more. */
  readonly life: number;
  readonly revision: number;
  readonly state: BlockState;
  /** When the block ends by itself. */
  readonly until: number;
  /** What the firewall is known to hold; 0: nothing of its own. */
  readonly kernelUntil: number;
  readonly coveredBy: string | null;
  readonly score: number;
  /** The claim it was made for; a row of before claims named their feed has none. */
  readonly feed: string | null;
  readonly source: string;
  readonly ref: string | null;
  /** Why it is in this state, in words; and the code of a refusal or release. */
  readonly reason: string;
  readonly code: string | null;
  /** An operator lifted it: not to be blocked again before. */
  readonly holdUntil: number;
  readonly queuedAt: number;
  readonly blockedAt: number;
  readonly changedAt: number;
  /** The firewall may not show this row as it is; of a released one: it may still hold it. */
  readonly dirty: boolean;
  /** Goes up with every change of what is wanted, so that a change made meanwhile is not overwritten. */
  readonly seq: number;
}

/** A row as SQLite gives it. */
export type SqlRow = Record<string, SQLOutputValue>;

export function readBlockRow(row: SqlRow): BlockRow {
  const type = text(row, 'type');
  return {
    value: text(row, 'value'),
    indicator: text(row, 'indicator'),
    type: type === 'cidr' ? 'cidr' : 'ip',
    prefix: { bytes: bytes(row, 'bytes'), length: number(row, 'length') },
    life: number(row, 'life'),
    revision: number(row, 'revision'),
    state: stateOf(text(row, 'state')),
    until: number(row, 'until'),
    kernelUntil: number(row, 'kernel_until'),
    coveredBy: textOrNull(row, 'covered_by'),
    score: number(row, 'score'),
    feed: textOrNull(row, 'feed'),
    source: text(row, 'source'),
    ref: textOrNull(row, 'ref'),
    reason: text(row, 'reason'),
    code: textOrNull(row, 'code'),
    holdUntil: number(row, 'hold_until'),
    queuedAt: number(row, 'queued_at'),
    blockedAt: number(row, 'blocked_at'),
    changedAt: number(row, 'changed_at'),
    dirty: number(row, 'dirty') === 1,
    seq: number(row, 'seq'),
  };
}

function stateOf(word: string): BlockState {
  const state = BLOCK_STATES.find((one) => one === word);
  if (state === undefined) throw new TypeError(`ledger: unknown state ${word}`);
  return state;
}

/** A number from a row that must exist. */
export function count(row: SqlRow | undefined, column: string): number {
  return row === undefined ? 0 : number(row, column);
}

export function text(row: SqlRow, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw new TypeError(`ledger: ${column} is not text`);
  return value;
}

function textOrNull(row: SqlRow, column: string): string | null {
  return row[column] === null ? null : text(row, column);
}

function number(row: SqlRow, column: string): number {
  const value = row[column];
  if (typeof value !== 'number') throw new TypeError(`ledger: ${column} is not a number`);
  return value;
}

function bytes(row: SqlRow, column: string): Uint8Array {
  const value = row[column];
  if (!(value instanceof Uint8Array)) throw new TypeError(`ledger: ${column} is not bytes`);
  return value;
}
