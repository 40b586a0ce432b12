import { ipRange, type Prefix } from '../../../core/indicator/address.ts';

/**
 * Which networks hold an address or a network, in flat arrays for one family. Networks never overlap by halves, so those in the order of
 * their first address are a forest: a binary search finds the last one that begins in time, and what else holds the address is among
 * those that hold that one. A look-up takes as long for a network as for an address.
 */
export interface RangeTable {
  readonly size: number;
  /** Answers `visit` with the list of each network that holds all of `prefix`, narrowest first, until it answers true. */
  find(prefix: Prefix, visit: (list: number) => boolean): boolean;
}

/** A network and the number of its list. */
export type ListedRange = readonly [prefix: Prefix, list: number];

/** `bytes`: 4 for IPv4, 16 for IPv6; all networks are of that family. */
export function createRangeTable(ranges: readonly ListedRange[], bytes: 4 | 16): RangeTable {
  const order = [...ranges].sort(([a], [b]) => compare(a.bytes, 0, b.bytes, 0, bytes) || a.length - b.length);
  const size = order.length;
  const firsts = new Uint8Array(size * bytes);
  const lengths = new Uint8Array(order.length);
  const lists = new Uint16Array(order.length);
  /** The narrowest network before it that holds it. */
  const holders = new Int32Array(order.length).fill(-1);

  order.forEach(([prefix, list], entry) => {
    firsts.set(prefix.bytes, entry * bytes);
    lengths[entry] = prefix.length;
    lists[entry] = list;
    let holder = entry - 1;
    while (holder >= 0 && !holds(holder, prefix)) holder = holders[holder] ?? -1;
    holders[entry] = holder;
  });

  function holds(entry: number, prefix: Prefix): boolean {
    const length = lengths[entry] ?? 0;
    if (length > prefix.length) return false;
    const start = entry * bytes;
    const whole = length >> 3;
    if (compare(firsts, start, prefix.bytes, 0, whole) !== 0) return false;
    const rest = length & 7;
    return rest === 0 || (((firsts[start + whole] ?? 0) ^ (prefix.bytes[whole] ?? 0)) & (0xff00 >> rest) & 0xff) === 0;
  }

  return {
    size,
    find(prefix, visit) {
      if (size === 0) return false;
      const target = prefix.length === bytes * 8 ? prefix.bytes : ipRange(prefix).first;
      let low = 0;
      let high = size;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (compare(firsts, middle * bytes, target, 0, bytes) <= 0) low = middle + 1;
        else high = middle;
      }
      for (let entry = low - 1; entry >= 0; entry = holders[entry] ?? -1) {
        if (holds(entry, prefix) && visit(lists[entry] ?? 0)) return true;
      }
      return false;
    },
  };
}

function compare(a: Uint8Array, aFrom: number, b: Uint8Array, bFrom: number, count: number): number {
  for (let at = 0; at < count; at += 1) {
    const difference = (a[aFrom + at] ?? 0) - (b[bFrom + at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
