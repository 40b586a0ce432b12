import { parseIso } from '../../core/contract/told-time.ts';
import type { Indicator } from '../../core/indicator/type.ts';
import { endOf, movedEnough } from './change.ts';
import type { Claim } from './claim.ts';
import { earliestOf } from './merge.ts';

/**
 * Remembers which claims are settled: written to the store, published, and equal to what was told last. A record that says the same again
 * needs no read of the store, which makes steady feeds nearly free.
 *
 * A table of fixed size in flat arrays: buckets of eight slots, of a full bucket one entry goes in turn. What it forgets is read from
 * the store again. What it holds was true when it was written, and what other workers add to the state leaves it true; a claim that newer
 * ones pushed out of a full state, or that was pruned, is told of anew once its sighting has moved.
 *
 * The key is quick and could be made to collide by whoever chooses the texts; nothing is known without an equal content hash, so a
 * collision costs a read of the store, never a record.
 */
export interface Settled {
  /** True when the record certainly changes nothing. `quantum` as in changeOf. */
  knows(indicator: Indicator, claim: Claim, quantum: number): boolean;
  remember(indicator: Indicator, claim: Claim, firstSeen: string): void;
  clear(): void;
}

const SLOTS = 8;
/** hash, timestamp, lastSeen, validUntil, firstSeen: five doubles beside the key. */
const FIELDS = 5;
const BYTES_PER_SLOT = (FIELDS + 1) * 8;

export function createSettled(bytes: number): Settled {
  const buckets = 2 ** Math.max(4, Math.floor(Math.log2(bytes / (BYTES_PER_SLOT * SLOTS))));
  // the keys of a bucket lie together: one line of the processor's cache
  const keys = new Float64Array(buckets * SLOTS);
  const values = new Float64Array(buckets * SLOTS * FIELDS);
  const nextVictim = new Uint8Array(buckets);

  /** The slot that holds `key`, or -1. */
  const find = (bucket: number, key: number): number => {
    const start = bucket * SLOTS;
    for (let slot = start; slot < start + SLOTS; slot += 1) if (keys[slot] === key) return slot;
    return -1;
  };

  return {
    knows(indicator, claim, quantum) {
      const key = keyOf(indicator, claim);
      const slot = find(key % buckets, key);
      if (slot < 0) return false;
      const base = slot * FIELDS;
      if (values[base] !== hashBits(claim.hash)) {
        // what the source says now is not settled yet, so saying the old again is a change too
        keys[slot] = 0;
        return false;
      }
      const timestamp = values[base + 1] ?? 0;
      const lastSeen = values[base + 2] ?? 0;
      const validUntil = values[base + 3] ?? 0;
      if (parseIso(earliestOf(claim)) < (values[base + 4] ?? 0)) return false;
      if (parseIso(claim.timestamp) < timestamp) return true;
      return !movedEnough(timestamp, lastSeen, validUntil, parseIso(claim.lastSeen), endOf(claim), quantum);
    },
    remember(indicator, claim, firstSeen) {
      const key = keyOf(indicator, claim);
      const bucket = key % buckets;
      let slot = find(bucket, key);
      if (slot < 0) slot = find(bucket, 0);
      if (slot < 0) {
        const victim = nextVictim[bucket] ?? 0;
        slot = bucket * SLOTS + victim;
        nextVictim[bucket] = (victim + 1) % SLOTS;
      }
      const base = slot * FIELDS;
      keys[slot] = key;
      values[base] = hashBits(claim.hash);
      values[base + 1] = parseIso(claim.timestamp);
      values[base + 2] = parseIso(claim.lastSeen);
      values[base + 3] = endOf(claim);
      // an earlier one of an outsider moves nothing where ours have spoken, and what it told already is no news
      values[base + 4] = Math.min(parseIso(firstSeen), parseIso(earliestOf(claim)));
    },
    clear() {
      keys.fill(0);
    },
  };
}

/** A number for (type, value, feed, source, ref), quick and not safe against who chooses the texts; never 0, which marks an empty slot. */
function keyOf({ type, value }: Indicator, { feed, source, ref }: Claim): number {
  const high = mix(mix(0x811c9dc5, value), type);
  const low = mix(mix(mix(high ^ 0x1b873593, ref), source), feed);
  return (high >>> 16) * 2 ** 32 + (low >>> 0) + 1;
}

function mix(seed: number, text: string): number {
  let hash = seed;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash ^ (hash >>> 15);
}

/** The first 52 bits. */
function hashBits(hash: string): number {
  return Number.parseInt(hash.slice(0, 13), 16);
}
