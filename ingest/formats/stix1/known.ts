import { createLog } from '../log.ts';
import { ownCopy } from '../own-copy.ts';
import { createSpill, type Spill } from '../spill.ts';
import { isReference, type Leaf, type Part, type Reference } from './part.ts';
import type { TtpFacts } from './ttp.ts';

/** What the documents read so far have defined, by key: see `Reference`, and `t:` for TTPs. */
export interface Known {
  /** A definition with the same array as the one before costs next to nothing: an observable is mostly what its only object is. */
  define(key: string, parts: readonly Part[]): void;
  /** Gives its key; one without an id is given a number. */
  defineTtp(id: string | undefined, facts: TtpFacts): string;
  ttp(key: string): TtpFacts | undefined;
  /** Puts parts aside under a number of our own. One that was put aside before must be the last. */
  fold(parts: readonly Part[]): Reference;
  /**
   * The values behind some parts, each with the mark it has from all references on the way to it. A thing that is reached again adds nothing
   * and is not opened again, so neither circles nor references that multiply cost anything.
   */
  leaves(parts: readonly Part[], journey: Journey): Generator<Leaf>;
  /** How many values have been defined. */
  readonly size: number;
  close(): void;
}

/** Keys, and what all of them are. */
type Definition = [keys: string[], parts: readonly Part[]];

/** What came up on the way through references. */
export interface Journey {
  /** Keys that were opened; the value tells whether all behind it counts together only. */
  readonly visited: Map<string, boolean>;
  /** Keys that nothing defines. */
  readonly missing: Set<string>;
}

export function newJourney(): Journey {
  return { visited: new Map(), missing: new Set() };
}

/** For each kind of thing that is referred to. */
const INDEX_BYTES = 4 * 1024 ** 2;
const FOLDED_BYTES = 4 * 1024 ** 2;
const TTP_BYTES = 4 * 1024 ** 2;
const MOST_REFERENCES = 100_000;
const RECENT_TTPS = 256;
const MOST_KEYS = 8;

/**
 * Most documents define thousands of things that nothing refers to. So definitions are only written down, until the first reference to a thing
 * of their kind is followed; then all of that kind are put into an index, and from there on each at once.
 */
export function createKnown(folder: string | undefined): Known {
  const place = folder === undefined ? {} : { folder };
  const log = createLog<Definition>(folder);
  let last: Definition | undefined;
  /** By the first letter of the keys. */
  const indexes = new Map<string, Spill>();
  const folds: Spill = createSpill({ maxMemory: FOLDED_BYTES, ...place });
  const ttps: Spill = createSpill({ maxMemory: TTP_BYTES, ...place });
  const recentTtps = new Map<string, TtpFacts>();
  let numbers = 0;
  let size = 0;

  function define(key: string, parts: readonly Part[]): void {
    if (last !== undefined && last[1] === parts && last[0].length < MOST_KEYS) {
      last[0].push(key);
      return;
    }
    writeDown();
    size += parts.length;
    last = [[key], parts];
  }

  function writeDown(): void {
    if (last === undefined) return;
    const [keys, parts] = last;
    const unindexed = indexes.size === 0 ? keys : keys.filter((key) => !indexes.has(kindOf(key)));
    if (unindexed.length > 0) log.add([unindexed, parts]);
    if (unindexed.length < keys.length) {
      const text = JSON.stringify(parts);
      for (const key of keys) indexes.get(kindOf(key))?.set(ownCopy(key), text);
    }
    last = undefined;
  }

  function partsOf(key: string): readonly Part[] | undefined {
    const text = (key.startsWith('f:') ? folds : indexOf(kindOf(key))).get(key);
    return text === undefined ? undefined : (JSON.parse(text) as Part[]);
  }

  function indexOf(kind: string): Spill {
    writeDown();
    let index = indexes.get(kind);
    if (index !== undefined) return index;
    index = createSpill({ maxMemory: INDEX_BYTES, ...place });
    for (const [keys, parts] of log.values()) {
      for (const key of keys) if (kindOf(key) === kind) index.set(ownCopy(key), JSON.stringify(parts));
    }
    indexes.set(kind, index);
    return index;
  }

  function ownKey(): string {
    numbers += 1;
    return `f:${numbers}`;
  }

  function ttp(key: string): TtpFacts | undefined {
    const recent = recentTtps.get(key);
    if (recent !== undefined) return recent;
    const text = ttps.get(key);
    if (text === undefined) return undefined;
    const facts = JSON.parse(text) as TtpFacts;
    if (recentTtps.size >= RECENT_TTPS) recentTtps.clear();
    recentTtps.set(ownCopy(key), facts);
    return facts;
  }

  return {
    define,
    defineTtp(id, facts) {
      const key = id === undefined ? ownKey() : ownCopy(`t:${id}`);
      ttps.set(key, JSON.stringify(facts));
      recentTtps.delete(key);
      return key;
    },
    ttp,
    fold(parts) {
      const key = ownKey();
      folds.set(key, JSON.stringify(parts));
      return { r: key };
    },
    *leaves(parts, journey) {
      const open = [{ parts, at: 0, together: false }];
      for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
        const part = top.parts[top.at];
        top.at += 1;
        if (part === undefined) {
          open.pop();
          continue;
        }
        const together = top.together || part.c === 1;
        if (!isReference(part)) {
          yield together && part.c !== 1 ? { ...part, c: 1 } : part;
          continue;
        }
        const before = journey.visited.get(part.r);
        // only what counted together before and now stands for itself has something new to say
        if (before === false || before === together) continue;
        const inside = journey.visited.size < MOST_REFERENCES ? partsOf(part.r) : undefined;
        if (inside === undefined) {
          if (journey.missing.size < MOST_REFERENCES) journey.missing.add(part.r);
          continue;
        }
        journey.visited.set(part.r, together);
        // a chain, each link of which ends with the next, is as long as the document
        if (top.at === top.parts.length) open.pop();
        open.push({ parts: inside, at: 0, together });
      }
    },
    get size() {
      return size;
    },
    close() {
      for (const store of [log, ttps, folds, ...indexes.values()]) store.close();
    },
  };
}

function kindOf(key: string): string {
  return key.charAt(0);
}
