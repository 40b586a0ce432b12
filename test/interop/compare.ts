import assert from 'node:assert/strict';
import type { RawIndicator } from '../../core/contract/raw-indicator.ts';

/** What is compared of a record; the rest is ours alone (source, collected_at), or words. */
const COMPARED = [
  'indicator',
  'type',
  'ref',
  'timestamp',
  'confidence',
  'tlp',
  'revoked',
  'composite',
  'malware',
  'first_seen',
  'tags',
] as const satisfies readonly (keyof RawIndicator)[];

/** Of these, what stands in the object itself: the rest comes of others, which a later reading need not bring again. */
const OWN = COMPARED.filter((name) => name !== 'malware' && name !== 'first_seen');

export function wholly(record: RawIndicator): string {
  return JSON.stringify(COMPARED.map((name) => record[name] ?? null));
}

export function ofItself(record: RawIndicator): string {
  return JSON.stringify(OWN.map((name) => record[name] ?? null));
}

/** Both are sets, without anything twice; the message names what is missing and what is too much. */
export function sameSet(got: readonly string[], expected: readonly string[], what: string): void {
  assert.deepEqual(difference(got, expected), { missing: [], invented: [], twice: [] }, what);
}

export function difference(
  got: readonly string[],
  expected: readonly string[],
): { missing: string[]; invented: string[]; twice: string[] } {
  const [have, want] = [new Set(got), new Set(expected)];
  const seen = new Set<string>();
  return {
    missing: [...want].filter((each) => !have.has(each)),
    invented: [...have].filter((each) => !want.has(each)),
    twice: got.filter((each) => seen.size === seen.add(each).size),
  };
}
