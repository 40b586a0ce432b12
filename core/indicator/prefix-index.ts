import { ipRange, type Prefix } from './address.ts';

/**
 * Values under address prefixes, with the two questions a firewall asks: what holds this prefix, and what lies inside it.
 *
 * `covering` costs one hash look-up for each prefix length in use, whatever the number of entries: a few kinds of mask
 * are in use at any time. `inside` is a binary search.
 */
export interface PrefixIndex<T> {
  readonly size: number;
  get(prefix: Prefix): T | undefined;
  set(prefix: Prefix, value: T): void;
  delete(prefix: Prefix): void;
  /** Values of the prefixes that hold all of `prefix`, itself included, widest first. */
  covering(prefix: Prefix): T[];
  /** Values of the prefixes that lie within `prefix`, itself included, in address order. */
  inside(prefix: Prefix): T[];
}

export function createPrefixIndex<T>(entries: Iterable<readonly [Prefix, T]> = []): PrefixIndex<T> {
  const values = new Map<string, T>();
  /** Keys of one family in address order; a wider prefix comes before what it holds. */
  const ordered: Readonly<Record<4 | 6, string[]>> = { 4: [], 6: [] };
  const lengths: Readonly<Record<4 | 6, number[]>> = { 4: new Array(33).fill(0), 6: new Array(129).fill(0) };

  for (const [prefix, value] of entries) {
    const key = keyOf(prefix);
    if (!values.has(key)) {
      ordered[familyOf(prefix)].push(key);
      countLength(prefix, 1);
    }
    values.set(key, value);
  }
  ordered[4].sort(compareText);
  ordered[6].sort(compareText);

  function countLength(prefix: Prefix, by: number): void {
    const counts = lengths[familyOf(prefix)];
    counts[prefix.length] = (counts[prefix.length] ?? 0) + by;
  }

  return {
    get size() {
      return values.size;
    },
    get: (prefix) => values.get(keyOf(prefix)),
    set(prefix, value) {
      const key = keyOf(prefix);
      if (!values.has(key)) {
        const keys = ordered[familyOf(prefix)];
        keys.splice(lowerBound(keys, key), 0, key);
        countLength(prefix, 1);
      }
      values.set(key, value);
    },
    delete(prefix) {
      const key = keyOf(prefix);
      if (!values.delete(key)) return;
      const keys = ordered[familyOf(prefix)];
      keys.splice(lowerBound(keys, key), 1);
      countLength(prefix, -1);
    },
    covering(prefix) {
      const found: T[] = [];
      const counts = lengths[familyOf(prefix)];
      for (let length = 0; length <= prefix.length; length += 1) {
        if (counts[length] === 0) continue;
        const value = values.get(keyOf({ bytes: masked(prefix.bytes, length), length }));
        if (value !== undefined) found.push(value);
      }
      return found;
    },
    inside(prefix) {
      const keys = ordered[familyOf(prefix)];
      const last = keyOf({ bytes: ipRange(prefix).last, length: prefix.bytes.length * 8 });
      const found: T[] = [];
      for (let at = lowerBound(keys, keyOf(prefix)); at < keys.length; at += 1) {
        const key = keys[at];
        if (key === undefined || key > last) break;
        const value = values.get(key);
        if (value !== undefined) found.push(value);
      }
      return found;
    },
  };
}

export function familyOf(prefix: Prefix): 4 | 6 {
  return prefix.bytes.length === 4 ? 4 : 6;
}

/** True for a single address. */
export function isHost(prefix: Prefix): boolean {
  return prefix.length === prefix.bytes.length * 8;
}

/** Sorts like the addresses do, and a wider prefix before a narrower one at the same address. */
function keyOf({ bytes, length }: Prefix): string {
  return (
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex') + String.fromCharCode(33 + length)
  );
}

function masked(bytes: Uint8Array, length: number): Uint8Array {
  const copy = new Uint8Array(bytes);
  for (let at = length >> 3; at < copy.length; at += 1) {
    const kept = Math.max(0, length - at * 8);
    copy[at] = (copy[at] ?? 0) & (0xff00 >> kept);
  }
  return copy;
}

function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] ?? '') < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
