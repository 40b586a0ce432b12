import { createHash } from 'node:crypto';

/**
 * Which events of a source were read, and in which version: what a watermark cannot tell, because events come with old timestamps too.
 * It travels in the feed's cursor, so it is small: ten bytes an event.
 */
export interface EventTable {
  /** Second of the version that was read; undefined when the event was not. */
  known(uuid: string): number | undefined;
  /** True when there is nothing to read: the version is known, or the event is older than all that the table still holds. */
  isRead(uuid: string, stamp: number): boolean;
  set(uuid: string, stamp: number): void;
  /** Forgets all but these; gives how many were forgotten. */
  retain(uuids: Iterable<string>): number;
  readonly size: number;
  /** Events that were read and are too many to be told apart, up to this second; 0 = none. */
  readonly floor: number;
  encode(): StoredTable;
}

/** As it stands in the cursor. */
export interface StoredTable {
  /** base64 of entries of ten bytes: six of the uuid's hash, four of the second. */
  events: string;
  floor: number;
}

/** 15,000 entries are 200 kB of base64 in the cursor; public feeds have some thousand events. */
const MOST_EVENTS = 15_000;
const ENTRY_BYTES = 10;
const HASH_BYTES = 6;
const MOST_STAMP = 2 ** 32 - 1;

/** `most`: entries that are kept; above it the oldest events go, and `floor` tells up to which second. */
export function createEventTable(stored?: StoredTable, most = MOST_EVENTS): EventTable {
  const stamps = new Map<number, number>();
  let floor = stored?.floor ?? 0;
  const bytes = Buffer.from(stored?.events ?? '', 'base64');
  for (let at = 0; at + ENTRY_BYTES <= bytes.length; at += ENTRY_BYTES) {
    stamps.set(bytes.readUIntBE(at, HASH_BYTES), bytes.readUInt32BE(at + HASH_BYTES));
  }

  function trim(): void {
    if (stamps.size <= most) return;
    const oldest = [...stamps].sort(([, a], [, b]) => a - b).slice(0, stamps.size - most);
    for (const [key, stamp] of oldest) {
      stamps.delete(key);
      floor = Math.max(floor, stamp);
    }
  }

  return {
    known: (uuid) => stamps.get(keyOf(uuid)),
    isRead(uuid, stamp) {
      const known = stamps.get(keyOf(uuid));
      return known === undefined ? stamp <= floor : known === stamp;
    },
    set(uuid, stamp) {
      stamps.set(keyOf(uuid), Math.min(stamp, MOST_STAMP));
      // a tenth over, so that sorting is rare
      if (stamps.size > most * 1.1) trim();
    },
    retain(uuids) {
      const kept = new Set<number>();
      for (const uuid of uuids) kept.add(keyOf(uuid));
      let gone = 0;
      for (const key of stamps.keys()) if (!kept.has(key) && stamps.delete(key)) gone += 1;
      return gone;
    },
    get size() {
      return stamps.size;
    },
    get floor() {
      return floor;
    },
    encode() {
      trim();
      const out = Buffer.allocUnsafe(stamps.size * ENTRY_BYTES);
      let at = 0;
      for (const [key, stamp] of stamps) {
        out.writeUIntBE(key, at, HASH_BYTES);
        out.writeUInt32BE(stamp, at + HASH_BYTES);
        at += ENTRY_BYTES;
      }
      return { events: out.toString('base64'), floor };
    },
  };
}

/** 48 bits: of 15,000 events two are one with a chance of 1 in 2,500,000, and then the later of them is read when its second differs. */
function keyOf(uuid: string): number {
  return createHash('sha1').update(uuid.toLowerCase()).digest().readUIntBE(0, HASH_BYTES);
}
