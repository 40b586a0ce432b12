import { isHost, type PrefixIndex } from '../core/indicator/prefix-index.ts';
import type { Change } from './backends/backend.ts';
import type { BlockRow } from './ledger/block-row.ts';

/** One row's part in bringing the firewall in line with the ledger. */
export interface Move {
  readonly row: BlockRow;
  /** Null: only the ledger changes. */
  readonly change: Change | null;
  readonly kernelUntil: number;
  readonly coveredBy: string | null;
  /** True: this is what the row itself wants. False: it only makes room for another, or takes over from it. */
  readonly settles: boolean;
}

/** Moves that belong in one transaction. */
export type MoveGroup = readonly Move[];

/**
 * Works out how the firewall gets to hold what dirty rows want, though it can hold no overlapping networks: of networks within
 * one another the widest is installed and the ledger remembers the others; when the widest goes, those that outlive it take
 * its place in the same transaction. A host that an installed network outlives is not installed itself.
 *
 * @param rows dirty rows: what is to be lifted first, then networks, widest first, then hosts
 * @param networks rows of the networks that the firewall holds; kept up to date while planning
 * @param coveredBy rows that a network stands for
 */
export function planMoves(
  rows: readonly BlockRow[],
  networks: PrefixIndex<BlockRow>,
  coveredBy: (value: string) => readonly BlockRow[],
): MoveGroup[] {
  const groups: MoveGroup[] = [];
  /** The last move of each row in this plan: a row may be moved twice, and the ledger knows of neither yet. */
  const planned = new Map<string, Move>();
  /** Values of the rows that, by this plan, a network will stand for. */
  const standingFor = new Map<string, Set<string>>();

  function noted(move: Move): Move {
    const { value } = move.row;
    const before = planned.get(value)?.coveredBy;
    if (before != null) standingFor.get(before)?.delete(value);
    if (move.coveredBy !== null) {
      const rows = standingFor.get(move.coveredBy) ?? new Set();
      standingFor.set(move.coveredBy, rows.add(value));
    }
    planned.set(value, move);
    return move;
  }

  /** Rows that `network` stands for, once the moves before are made. */
  function leftBy(network: string): BlockRow[] {
    const known = coveredBy(network).filter(({ value }) => !isMovedAway(value, network));
    const rows = new Map(known.map((row) => [row.value, row]));
    for (const value of standingFor.get(network) ?? []) {
      const row = planned.get(value)?.row;
      if (row !== undefined) rows.set(value, row);
    }
    return [...rows.values()].sort((x, y) => x.prefix.length - y.prefix.length);
  }

  function isMovedAway(value: string, network: string): boolean {
    const move = planned.get(value);
    return move !== undefined && move.coveredBy !== network;
  }

  /** Moves that install `row`, or let what is there stand for it; all must be in one transaction. */
  function place(told: BlockRow, settles: boolean): Move[] {
    const row = { ...told, kernelUntil: planned.get(told.value)?.kernelUntil ?? told.kernelUntil };
    if (isHost(row.prefix)) {
      const cover = networks.covering(row.prefix).find((network) => network.until >= row.until);
      if (cover !== undefined && row.kernelUntil === 0) return [noted(standIn(row, cover, settles))];
      return [noted(install(row, settles))];
    }
    const wider = networks.covering(row.prefix).find((network) => network.value !== row.value);
    if (wider !== undefined) return [noted(standIn(row, wider, settles))];
    const narrower = networks.inside(row.prefix).filter((network) => network.value !== row.value);
    for (const network of narrower) networks.delete(network.prefix);
    networks.set(row.prefix, row);
    return [
      ...narrower.map((network) => noted(remove(network, row.value, false))),
      noted(install(row, settles)),
      ...narrower.flatMap((network) => replace(leftBy(network.value))),
      // its own deadline may have come nearer: what it stood for and now outlives it stands for itself
      ...replace(leftBy(row.value).filter(({ prefix, until }) => isHost(prefix) && until > row.until)),
    ];
  }

  /** What a network stood for, when it is there no more. Hosts among them may be many. */
  function replace(rows: readonly BlockRow[]): Move[] {
    return rows.filter(isBlocked).flatMap((row) => place(row, false));
  }

  /** Blocked, or about to be by an earlier move of this plan. */
  function isBlocked({ state, value }: BlockRow): boolean {
    return state === 'enforced' || (state === 'intent-block' && planned.get(value)?.settles === true);
  }

  function lift(row: BlockRow): void {
    if (isHost(row.prefix)) {
      groups.push([noted(remove(row, null, true))]);
      return;
    }
    if (networks.get(row.prefix) === undefined) {
      // an operator's word is done whatever the ledger believes: nothing that is not there is harmed
      const gone = row.code === OPERATOR_LIFTED ? remove(row, null, true) : nothing(row);
      groups.push([gone]);
      return;
    }
    networks.delete(row.prefix);
    const left = leftBy(row.value);
    const succeed = replace(left.filter(({ prefix }) => !isHost(prefix)));
    // Hosts go before, so that at no moment nothing blocks them; they are in another set and disturb nothing.
    for (const move of replace(left.filter(({ prefix }) => isHost(prefix)))) groups.push([move]);
    groups.push([noted(remove(row, null, true)), ...succeed]);
  }

  for (const row of rows) {
    if (row.state === 'intent-unblock' || row.state === 'released') lift(row);
    else groups.push(place(row, true));
  }
  return groups;
}

/** The code of a row that an operator asked to lift. */
export const OPERATOR_LIFTED = 'OPERATOR';

function nothing(row: BlockRow): Move {
  return { row, change: null, kernelUntil: 0, coveredBy: null, settles: true };
}

function install(row: BlockRow, settles: boolean): Move {
  const kind = row.kernelUntil > 0 ? 'renew' : 'add';
  const change = { kind, prefix: row.prefix, until: row.until } as const;
  return { row, change, kernelUntil: row.until, coveredBy: null, settles };
}

function standIn(row: BlockRow, cover: BlockRow, settles: boolean): Move {
  return { row, change: null, kernelUntil: 0, coveredBy: cover.value, settles };
}

function remove(row: BlockRow, coveredBy: string | null, settles: boolean): Move {
  return { row, change: { kind: 'remove', prefix: row.prefix }, kernelUntil: 0, coveredBy, settles };
}
