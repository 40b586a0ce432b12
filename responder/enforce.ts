import { createPrefixIndex } from '../core/indicator/prefix-index.ts';
import type { Backend, Change, Outcome } from './backends/backend.ts';
import { type Move, type MoveGroup, planMoves } from './coverage.ts';
import type { BlockRow } from './ledger/block-row.ts';
import type { Ledger } from './ledger/ledger.ts';
import { recordMoves, type Tally } from './record.ts';

export interface EnforceContext {
  readonly ledger: Ledger;
  readonly backend: Backend;
  readonly actor: string;
  readonly seam: (point: string) => void;
  readonly now: () => number;
  /** No block is longer, ms. */
  readonly longest: number;
  readonly tally: Tally;
}

/** Rows that are planned together. */
const MOST_ROWS = 5000;

/**
 * Brings the firewall in line with all dirty rows. Their intents are on disk already; each transaction is written
 * down, with its actions, before the next begins. Repeating it after a crash at any point ends in the same place.
 */
export async function enforceDirty(context: EnforceContext): Promise<void> {
  const { ledger, backend } = context;
  for (let first = true; ; first = false) {
    const rows = ledger.rows.dirty(MOST_ROWS);
    if (rows.length === 0) return;
    if (first) context.seam('responder:after-intent');
    const groups = backend.enforces ? plan(ledger, rows) : rows.map(onPaper);
    for (const moves of transactions(groups, backend.maxChanges)) {
      if (!(await perform(moves, context))) break;
    }
  }
}

function plan(ledger: Ledger, rows: readonly BlockRow[]): MoveGroup[] {
  const networks = createPrefixIndex(ledger.rows.networksInKernel().map((row) => [row.prefix, row] as const));
  return planMoves(rows, networks, (value) => ledger.rows.coveredBy(value));
}

/** In dry-run the firewall is left alone, also what an earlier run in mode enforce left there. */
function onPaper(row: BlockRow): MoveGroup {
  return [{ row, change: null, kernelUntil: row.kernelUntil, coveredBy: row.coveredBy, settles: true }];
}

async function perform(moves: readonly Move[], context: EnforceContext): Promise<boolean> {
  const { ledger, backend, actor, seam, now, tally } = context;
  const moment = now();
  // a clock that was set since the row was written makes no block longer
  const latest = moment + context.longest;
  const changes: Change[] = [];
  for (const { change } of moves) {
    if (change === null) continue;
    changes.push(change.kind === 'remove' ? change : { ...change, until: Math.min(change.until, latest) });
  }
  const applied = changes.length === 0 ? [] : await backend.apply(changes, moment);
  seam('responder:after-nft');

  let next = 0;
  const outcomes = moves.map(({ change }): Outcome => {
    const outcome = change === null ? undefined : applied[next++];
    return outcome ?? { ok: true };
  });
  const asPlanned = ledger.write(() =>
    recordMoves(moves, outcomes, { ledger, actor, enforces: backend.enforces, now: now(), tally }),
  );
  seam('responder:after-enforced');
  return asPlanned;
}

/** Packs groups into transactions of about `most` changes; a group is never torn apart. */
function* transactions(groups: readonly MoveGroup[], most: number): Generator<Move[]> {
  let moves: Move[] = [];
  let changes = 0;
  for (const group of groups) {
    const size = group.reduce((sum, { change }) => sum + (change === null ? 0 : 1), 0);
    if (moves.length > 0 && (changes + size > most || moves.length >= most)) {
      yield moves;
      moves = [];
      changes = 0;
    }
    moves.push(...group);
    changes += size;
  }
  if (moves.length > 0) yield moves;
}
