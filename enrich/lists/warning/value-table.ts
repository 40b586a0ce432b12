/**
 * Which lists name a value: a hash table in a few flat arrays. Hundreds of thousands of entries as objects or as keys of a Map would be
 * walked by every full collection of the heap, and cost some hundred bytes each; here an entry is its characters and fourteen bytes.
 * The characters are compared, so that nobody can make up a value that merely has the hash of a harmless one.
 */
export interface ValueTable {
  readonly size: number;
  /** Answers `visit` with each list that names text[from…], until it answers true. */
  find(text: string, from: number, visit: (list: number) => boolean): boolean;
}

/** A value and the number of its list; numbers are below 65,536. */
export type Listed = readonly [value: string, list: number];

export function createValueTable(entries: readonly Listed[]): ValueTable {
  // nothing below may hold on to the entries, which are many and meant to be collected
  const size = entries.length;
  const slots = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(8, entries.length * 2)))).fill(-1);
  const last = slots.length - 1;
  const starts = new Uint32Array(entries.length + 1);
  const lists = new Uint16Array(entries.length);
  /** The next entry of the same value, by another list. */
  const next = new Int32Array(entries.length).fill(-1);
  const units = new Uint16Array(entries.reduce((sum, [value]) => sum + value.length, 0));

  let at = 0;
  entries.forEach(([value, list], entry) => {
    starts[entry] = at;
    for (let index = 0; index < value.length; index += 1, at += 1) units[at] = value.charCodeAt(index);
    starts[entry + 1] = at;
    lists[entry] = list;
    const slot = slotOf(value, 0);
    const first = slots[slot] ?? -1;
    if (first >= 0) next[entry] = first;
    slots[slot] = entry;
  });

  /** Where the value stands, or the free slot where it would. */
  function slotOf(text: string, from: number): number {
    let slot = hashOf(text, from) & last;
    for (;;) {
      const entry = slots[slot] ?? -1;
      if (entry < 0 || equals(entry, text, from)) return slot;
      slot = (slot + 1) & last;
    }
  }

  function equals(entry: number, text: string, from: number): boolean {
    const start = starts[entry] ?? 0;
    const length = (starts[entry + 1] ?? 0) - start;
    if (length !== text.length - from) return false;
    for (let index = 0; index < length; index += 1) {
      if (units[start + index] !== text.charCodeAt(from + index)) return false;
    }
    return true;
  }

  return {
    size,
    find(text, from, visit) {
      if (size === 0) return false;
      for (let entry = slots[slotOf(text, from)] ?? -1; entry >= 0; entry = next[entry] ?? -1) {
        if (visit(lists[entry] ?? 0)) return true;
      }
      return false;
    },
  };
}

/** FNV-1a over UTF-16 units, mixed once more: the slots are the low bits. */
function hashOf(text: string, from: number): number {
  let hash = 0x811c9dc5;
  for (let at = from; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash ^= hash >>> 15;
  return Math.imul(hash, 0x2c1b3c6d) >>> 7;
}
