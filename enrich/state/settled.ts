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
/** key (high, low), hash (high, low), timestamp, lastSeen, validUntil, firstSeen: eight doubles. */
const FIELDS = 8;
const BYTES_PER_SLOT = FIELDS * 8;

export function createSettled(bytes: number): Settled {
  const buckets = 2 ** Math.max(4, Math.floor(Math.log2(bytes / (BYTES_PER_SLOT * SLOTS))));
  const table = new Float64Array(buckets * SLOTS * FIELDS);
  const nextVictim = new Uint8Array(buckets);

  /** Offset of the bucket in the table. */
  const bucketOf = (low: number): number => (low % buckets) * SLOTS * FIELDS;

  const find = (bucket: number, high: number, low: number): number => {
    for (let slot = bucket; slot < bucket + SLOTS * FIELDS; slot += FIELDS) {
      if (table[slot] === high && table[slot + 1] === low) return slot;
    }
    return -1;
  };

  return {
    knows(id, claim, quantum) {
      const [high, low] = keyOf(id, claim);
      const slot = find(bucketOf(low), high, low);
      if (slot < 0) return false;
      const at = (field: number): number => table[slot + field] ?? 0;
      if (Date.parse(earliestOf(claim)) < at(7)) return false;
      const timestamp = Date.parse(claim.timestamp);
      if (timestamp < at(4)) return true;
      if (at(2) !== hex(claim.hash, 0) || at(3) !== hex(claim.hash, 12)) return false;
      const moved = Math.max(Math.abs(Date.parse(claim.lastSeen) - at(5)), Math.abs(endOf(claim) - at(6)));
      // as in changeOf: what was granted for a short time is renewed in a part of it
      const step = at(6) === 0 ? quantum : Math.min(quantum, Math.max(0, at(6) - at(4)) / 4);
      return moved < step;
    },
    remember(id, claim, firstSeen) {
      const [high, low] = keyOf(id, claim);
      const bucket = bucketOf(low);
      let slot = find(bucket, high, low);
      if (slot < 0) slot = find(bucket, 0, 0);
      if (slot < 0) {
        const index = low % buckets;
        const victim = nextVictim[index] ?? 0;
        slot = bucket + victim * FIELDS;
        nextVictim[index] = (victim + 1) % SLOTS;
      }
      table[slot] = high;
      table[slot + 1] = low;
      table[slot + 2] = hex(claim.hash, 0);
      table[slot + 3] = hex(claim.hash, 12);
      table[slot + 4] = Date.parse(claim.timestamp);
      table[slot + 5] = Date.parse(claim.lastSeen);
      table[slot + 6] = endOf(claim);
      table[slot + 7] = Date.parse(firstSeen);
    },
    clear() {
      table.fill(0);
    },
  };
}

/** 96 bits of the id, which is a hash, mixed with (source, ref). */
function keyOf(id: string, claim: Claim): [number, number] {
  const voice = voiceOf(claim.source, claim.ref);
  return [hex(id, 0), (hex(id, 12) + voice) % Number.MAX_SAFE_INTEGER];
}

/** 48 bits. */
function hex(text: string, from: number): number {
  return Number.parseInt(text.slice(from, from + 12), 16);
}

function endOf(claim: Claim): number {
  return claim.validUntil === undefined ? 0 : Date.parse(claim.validUntil);
}

let lastSource = '';
let lastRef = '';
let lastVoice = 0;

/** 53 bits of (source, ref); the same source comes many times in a row. */
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
  lastVoice = (high >>> 11) * 2 ** 32 + (low >>> 0);
  return lastVoice;
}
