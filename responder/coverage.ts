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

  /** Moves that install `row`, or let what is there stand for it; all must be in one transaction. */
  function place(row: BlockRow, settles: boolean): Move[] {
    if (isHost(row.prefix)) {
      const cover = networks.covering(row.prefix).find((network) => network.until >= row.until);
      if (cover !== undefined && row.kernelUntil === 0) return [standIn(row, cover, settles)];
      return [install(row, settles)];
    }
    const wider = networks.covering(row.prefix).find((network) => network.value !== row.value);
    if (wider !== undefined) return [standIn(row, wider, settles)];
    const narrower = networks.inside(row.prefix).filter((network) => network.value !== row.value);
    for (const network of narrower) networks.delete(network.prefix);
    networks.set(row.prefix, row);
    return [
      ...narrower.map((network) => remove(network, row.value, false)),
      install(row, settles),
      ...narrower.flatMap((network) => replace(coveredBy(network.value))),
      // its own deadline may have come nearer: what it stood for and now outlives it stands for itself
      ...replace(coveredBy(row.value).filter(({ prefix, until }) => isHost(prefix) && until > row.until)),
    ];
  }

  /** What a network stood for, when it is there no more. Hosts among them may be many. */
  function replace(rows: readonly BlockRow[]): Move[] {
    return rows.filter((row) => row.state === 'enforced').flatMap((row) => place(row, false));
  }

  function lift(row: BlockRow): void {
    if (isHost(row.prefix)) {
      groups.push([remove(row, null, true)]);
      return;
    }
    if (networks.get(row.prefix) === undefined) {
      groups.push([{ row, change: null, kernelUntil: 0, coveredBy: null, settles: true }]);
      return;
    }
    networks.delete(row.prefix);
    const left = coveredBy(row.value);
    const succeed = replace(left.filter(({ prefix }) => !isHost(prefix)));
    // Hosts go before, so that at no moment nothing blocks them; they are in another set and disturb nothing.
    for (const move of replace(left.filter(({ prefix }) => isHost(prefix)))) groups.push([move]);
    groups.push([remove(row, null, true), ...succeed]);
  }

  for (const row of rows) {
    if (row.state === 'intent-unblock') lift(row);
    else groups.push(place(row, true));
  }
  return groups;
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
