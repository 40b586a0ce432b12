import { parseIso } from '../steps/time.ts';
import type { Claim } from './claim.ts';
import { earliestOf } from './merge.ts';

/**
 * Remembers which claims are settled: written to the store, published, and equal to what was told last. A record that says the same again
 * needs no read of the store, which makes steady feeds nearly free.
 *
 * A table of fixed size in flat arrays: buckets of four slots, the oldest entry of a full bucket goes. What it forgets is read from
 * the store again; what it holds was true when it was written and stays so, because states only grow: another worker can
 * have added to the state, but cannot have taken the claim out of it.
 */
export interface Settled {
  /** True when the record certainly changes nothing. `quantum` as in changeOf. */
  knows(id: string, claim: Claim, quantum: number): boolean;
  remember(id: string, claim: Claim, firstSeen: string): void;
  clear(): void;
}

const SLOTS = 4;
/** key, hash, timestamp, lastSeen, validUntil, firstSeen: six doubles. */
const FIELDS = 6;
const BYTES_PER_SLOT = FIELDS * 8;

export function createSettled(bytes: number): Settled {
  const buckets = 2 ** Math.max(4, Math.floor(Math.log2(bytes / (BYTES_PER_SLOT * SLOTS))));
  const table = new Float64Array(buckets * SLOTS * FIELDS);
  const nextVictim = new Uint8Array(buckets);

  /** Offset in the table of the slot that holds `key`, or -1. */
  const find = (bucket: number, key: number): number => {
    const start = bucket * SLOTS * FIELDS;
    for (let slot = start; slot < start + SLOTS * FIELDS; slot += FIELDS) if (table[slot] === key) return slot;
    return -1;
  };

  return {
    knows(id, claim, quantum) {
      const key = keyOf(id, claim);
      const slot = find(key % buckets, key);
      if (slot < 0) return false;
      const at = (field: number): number => table[slot + field] ?? 0;
      if (parseIso(earliestOf(claim)) < at(5)) return false;
      if (parseIso(claim.timestamp) < at(2)) return true;
      if (at(1) !== hex(claim.hash)) return false;
      const moved = Math.max(Math.abs(parseIso(claim.lastSeen) - at(3)), Math.abs(endOf(claim) - at(4)));
      // as in changeOf: what was granted for a short time is renewed in a part of it
      const step = at(4) === 0 ? quantum : Math.min(quantum, Math.max(0, at(4) - at(2)) / 4);
      return moved < step;
    },
    remember(id, claim, firstSeen) {
      const key = keyOf(id, claim);
      const bucket = key % buckets;
      let slot = find(bucket, key);
      if (slot < 0) slot = find(bucket, 0);
      if (slot < 0) {
        const victim = nextVictim[bucket] ?? 0;
        slot = (bucket * SLOTS + victim) * FIELDS;
        nextVictim[bucket] = (victim + 1) % SLOTS;
      }
      table[slot] = key;
      table[slot + 1] = hex(claim.hash);
      table[slot + 2] = parseIso(claim.timestamp);
      table[slot + 3] = parseIso(claim.lastSeen);
      table[slot + 4] = endOf(claim);
      table[slot + 5] = parseIso(firstSeen);
    },
    clear() {
      table.fill(0);
    },
  };
}

/** 52 bits of the id, which is a hash, mixed with (source, ref); never 0, which marks an empty slot. */
function keyOf(id: string, claim: Claim): number {
  return ((hex(id) + voiceOf(claim.source, claim.ref)) % (Number.MAX_SAFE_INTEGER - 1)) + 1;
}

/** The first 52 bits. */
function hex(text: string): number {
  return Number.parseInt(text.slice(0, 13), 16);
}

/** Epoch ms; 0 = none told. */
function endOf(claim: Claim): number {
  return claim.validUntil === undefined ? 0 : parseIso(claim.validUntil);
}

let lastSource = '';
let lastRef = '';
let lastVoice = 0;

/** 52 bits of (source, ref); the same source comes many times in a row. */
function voiceOf(source: string, ref: string): number {
  if (source === lastSource && ref === lastRef) return lastVoice;
  let high = 0x811c9dc5;
  let low = 0x1b873593;
  for (const text of [source, '\0', ref]) {
    for (let i = 0; i < text.length; i += 1) {
      const code = text.charCodeAt(i);
      high = Math.imul(high ^ code, 0x01000193);
      low = Math.imul(low ^ code, 0x85ebca6b);
    }
  }
  lastSource = source;
  lastRef = ref;
  lastVoice = (high >>> 12) * 2 ** 32 + (low >>> 0);
  return lastVoice;
}
