import type { Cursors, Versioned } from '../../store/port.ts';

/** Cursors in memory, with a switch for the store being away. */
export interface MemoryCursors extends Cursors {
  readonly values: Map<string, Versioned<unknown>>;
  away: boolean;
  puts: number;
}

export function createMemoryCursors(): MemoryCursors {
  const values = new Map<string, Versioned<unknown>>();
  /** Leases that never run out. */
  const holders = new Map<string, string>();
  let version = 0;
  const cursors: MemoryCursors = {
    values,
    away: false,
    puts: 0,
    async get(key) {
      if (cursors.away) throw new Error('the store is away');
      return structuredClone(values.get(key));
    },
    async put(key, value, expected) {
      if (cursors.away) throw new Error('the store is away');
      if ((values.get(key)?.version ?? null) !== expected) return undefined;
      version += 1;
      cursors.puts += 1;
      values.set(key, { value: structuredClone(value), version: String(version) });
      return String(version);
    },
    async list(prefix) {
      return new Map([...values].filter(([key]) => key.startsWith(prefix)).map(([key, { value }]) => [key, value]));
    },
    async lease(key, owner) {
      const holder = holders.get(key) ?? owner;
      if (holder === owner) holders.set(key, owner);
      return holder === owner;
    },
    async release(key, owner) {
      if (holders.get(key) === owner) holders.delete(key);
    },
  };
  return cursors;
}
