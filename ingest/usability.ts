import type { Outgoing } from '../bus/port.ts';
import { printable } from './printable.ts';

/**
 * Why a record would be set aside once it is on the bus; undefined when it can be used. `at` is epoch ms. It is the reader's own judgement, which
 * ingest cannot import: whoever puts the workers together passes it in. So a feed knows in its own process what becomes of its records, whichever
 * process enriches them.
 */
export type Judge = (record: Outgoing, at: number) => { readonly code: string; readonly message: string } | undefined;

export interface Usability {
  /** Records that were looked at. */
  readonly looked: number;
  /** Of them, those that would be set aside. */
  readonly refused: number;
  /** Why the first of them would be. */
  readonly first: string | undefined;
}

/** A watch over what a feed publishes; one record in sixty-four is looked at, and all of the first ones of a reading. */
export interface UsabilityWatch {
  /** Another reading begins. What was seen before counts until its first record comes; with `keep` it goes on counting, and fades. */
  begin(keep: boolean): void;
  see(record: Outgoing, at: number): void;
  /** Undefined before any record was looked at. */
  now(): Usability | undefined;
}

const LOOKED_AT_FIRST = 64;
const ONE_IN = 64;
/** Of a feed that never ends the last ones count. */
const MOST_KEPT = 256;

export function createUsabilityWatch(judge: Judge): UsabilityWatch {
  let seen = 0;
  let looked = 0;
  let refused = 0;
  let first: string | undefined;
  let forget = false;
  return {
    begin(keep) {
      forget = !keep;
    },
    see(record, at) {
      if (forget) {
        seen = looked = refused = 0;
        first = undefined;
        forget = false;
      }
      seen += 1;
      if (seen > LOOKED_AT_FIRST && seen % ONE_IN !== 0) return;
      looked += 1;
      const refusal = judge(record, at);
      if (refusal !== undefined) {
        refused += 1;
        first ??= `${textOf(record)}: ${refusal.message} (${refusal.code})`;
      }
      if (looked < MOST_KEPT) return;
      looked /= 2;
      refused = Math.floor(refused / 2);
      if (refused === 0) first = undefined;
    },
    now: () => (looked === 0 ? undefined : { looked, refused, first }),
  };
}

/** What the record would have been about, for people. */
function textOf({ value }: Outgoing): string {
  const text = String(value);
  const told = /"indicator":"((?:[^"\\]|\\.){0,200})/.exec(text)?.[1];
  return `"${printable(told ?? text, 60)}"`;
}

/** More than this share, and the feed is not well: its format or its columns are not what its configuration says. */
const MOST_REFUSED = 1 / 5;

/** What to tell an operator of a feed of which too many records are of no use; undefined when it is well. */
export function unusable({ looked, refused, first }: Usability, name: string): string | undefined {
  if (refused <= looked * MOST_REFUSED) return undefined;
  return `${refused} of ${looked} records that were looked at cannot be used and become dead letters, first: ${first ?? ''}. Do its format, columns and indicator_type fit? Try "tipline feeds test ${name}"`;
}
