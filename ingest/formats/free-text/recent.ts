import { hash } from 'node:crypto';

/** Remembers what was added, at least the last 50,000 and at most 100,000 of it: a document may be of any length. */
export interface Recent {
  /** False if it is remembered. */
  add(text: string): boolean;
}

const GENERATION = 50_000;
/** A longer key is remembered by its digest. */
const LONGEST_KEY = 100;

export function createRecent(): Recent {
  let young = new Set<string>();
  let old = new Set<string>();
  return {
    add(text) {
      const key = text.length > LONGEST_KEY ? hash('sha256', text, 'base64') : text;
      if (young.has(key)) return false;
      const known = old.has(key);
      young.add(key);
      if (young.size >= GENERATION) {
        old = young;
        young = new Set();
      }
      return !known;
    },
  };
}
