import { leavesOf, type PatternLeaf } from './leaves.ts';
import { parsePattern } from './parse.ts';

export type { PatternLeaf } from './leaves.ts';

export type PatternReading =
  | {
      readonly ok: true;
      readonly leaves: readonly PatternLeaf[];
      /** Some condition of the pattern does not stand alone, or is negated; each leaf tells whether it is bound by one. */
      readonly composite: boolean;
      /**
       * Comparisons that give no indicator: LIKE, !=, process:command_line, SHA3-256, … Each value of a set counts, and
       * an empty set counts as one.
       */
      readonly unusable: number;
    }
  | {
      readonly ok: false;
      readonly message: string;
      /** UTF-16 offset, from 0. */
      readonly position: number;
    };

/** The indicators that a pattern of STIX 2.0 or 2.1 names, in its order. Never throws; see `leavesOf` for what stands alone. */
export function readPattern(text: string): PatternReading {
  const parsed = parsePattern(text);
  return parsed.ok ? { ok: true, ...leavesOf(parsed.pattern) } : parsed;
}
