import { type Fields, isFields } from '../../../core/contract/fields.ts';
import { parseIp, parsePrefix } from '../../../core/indicator/address.ts';
import type { Installed } from '../backend.ts';
import { FAMILY, TABLE_NAME } from './table.ts';

/** Our table in a listing of libnftables' JSON (libnftables-json(5)). */
export interface TableListing {
  /** Table, sets, chains and rules without handles and counts: differs when somebody changed them. */
  readonly fingerprint: string;
  /** Packets by named counter. */
  readonly packets: ReadonlyMap<string, number>;
}

/** Undefined when the listing does not hold our table; others are passed over. */
export function tableIn(json: string): TableListing | undefined {
  const ours = entriesOf(json).filter(isOurs);
  if (!ours.some(({ kind }) => kind === 'table')) return undefined;
  const shape = ours
    .filter(({ kind }) => kind !== 'counter')
    .map(({ kind, entry: { handle: _, ...rest } }) => ({ kind, ...rest }));
  const packets = ours
    .filter(({ kind }) => kind === 'counter')
    .map(({ entry }) => [String(entry.name), Number(entry.packets)] as const);
  return { fingerprint: JSON.stringify(shape), packets: new Map(packets) };
}

/**
 * Elements of the sets in `nft -j list set`. With a timeout: `{elem: {val, timeout, expires}}` (whole seconds left), without
 * one just the value; a network is `{prefix: {addr, len}}`. What is none of these (a range that somebody added) is left out.
 */
export function installedIn(json: string, now: number): Installed[] {
  return entriesOf(json).flatMap(({ kind, entry }) => {
    const elements = kind === 'set' && Array.isArray(entry.elem) ? entry.elem : [];
    return elements.flatMap((element: unknown): Installed[] => {
      const timed = isFields(element) && isFields(element.elem) ? element.elem : undefined;
      const prefix = prefixOf(timed === undefined ? element : timed.val);
      if (prefix === undefined) return [];
      const expires = timed?.expires;
      return [{ prefix, until: typeof expires === 'number' ? now + expires * 1000 : Number.POSITIVE_INFINITY }];
    });
  });
}

interface Listed {
  readonly kind: string;
  readonly entry: Fields;
}

function entriesOf(json: string): Listed[] {
  const parsed: unknown = JSON.parse(json);
  const list = isFields(parsed) && Array.isArray(parsed.nftables) ? parsed.nftables : [];
  return list.flatMap((item: unknown) => {
    const [pair] = isFields(item) ? Object.entries(item) : [];
    return pair !== undefined && isFields(pair[1]) ? [{ kind: pair[0], entry: pair[1] }] : [];
  });
}

function isOurs({ kind, entry }: Listed): boolean {
  return entry.family === FAMILY && (kind === 'table' ? entry.name : entry.table) === TABLE_NAME;
}

function prefixOf(value: unknown): Installed['prefix'] | undefined {
  if (typeof value === 'string') {
    const bytes = parseIp(value);
    return bytes === undefined ? undefined : { bytes, length: bytes.length * 8 };
  }
  const prefix = isFields(value) ? value.prefix : undefined;
  return isFields(prefix) ? parsePrefix(`${String(prefix.addr)}/${String(prefix.len)}`) : undefined;
}
