import type { Gate } from './gate.ts';

/** A source whose feed keeps its place in a way of its own, and what it has said. */
export interface Style {
  /** How the place is kept, in the words of the report. */
  readonly called: string;
  readonly feed: Readonly<Record<string, unknown> & { name: string; type: string }>;
  /** All that the source ever said, each value written down before anybody could ask for it. */
  readonly told: ReadonlySet<string>;
  /** Of a list that tells absences. */
  readonly list?: {
    /** Stood there for so short a time that nobody need have read it. */
    readonly fleeting: ReadonlySet<string>;
    /** Stands there now. */
    readonly now: ReadonlySet<string>;
  };
  /** Says more, enough for `deliveries`. */
  grow(): void;
  /** Ends what it was in the middle of saying. */
  finish?(): void;
  /** The server; files have none. */
  readonly gate?: Gate;
  /** Pages or files that were given out so far. */
  pages(): number;
  /** A reading of what is new makes at least so many deliveries. */
  readonly deliveries: number;
  /** After how many of them a place is kept; else at their end, or at that of a part of them. */
  readonly keptBehind: number | 'end';
  /** False where a reading that finds nothing new brings the newest again. */
  readonly exact: boolean;
  /** The part of a stored cursor that is the same however often reading was disturbed. */
  place(cursor: unknown): unknown;
}

/** How often the sources are asked. */
export const EVERY = '500ms';

/** Addresses of a block of one source's own. */
export function address(block: number, number: number): string {
  return `${45 + (number >> 16)}.${block}.${(number >> 8) & 255}.${number & 255}`;
}

/** Says values by ascending number, and writes them down. */
export function createTeller(value: (number: number) => string): { told: Set<string>; more(count: number): string[] } {
  const told = new Set<string>();
  return {
    told,
    more(count) {
      const values = Array.from({ length: count }, (_, index) => value(told.size + index));
      for (const each of values) told.add(each);
      return values;
    },
  };
}

export const asIs = (cursor: unknown): unknown => cursor;
