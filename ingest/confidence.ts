import { z } from 'zod';
import { percent } from './setting-values.ts';

/** What becomes of a source's own confidence. A number is for records that bring none. */
export const confidenceRule = z.strictObject({
  default: percent.optional().describe('For records that bring none.'),
  map: z
    .array(z.tuple([z.number(), percent]))
    .min(1)
    .max(100)
    .transform((steps) => steps.toSorted(([a], [b]) => a - b))
    .optional()
    .describe(
      "Pairs of the source's own value and what it means here: of at least that value. Below the first there is no confidence.",
    ),
  cap: percent.optional().describe('No record of the feed has more than this.'),
});

export const confidence = z.union([percent, confidenceRule], {
  error: 'must be a number from 0 to 100, or a section with default, map or cap',
});

interface Rule {
  /** With it the format has done what `map` says. */
  readonly column?: unknown;
  readonly default?: unknown;
  readonly map?: unknown;
  readonly cap?: unknown;
}

/** The confidence of a record that told `told`. What is no number stays as it is: the enricher tells why it is refused. */
export function confidenceOf(told: unknown, setting: unknown): unknown {
  if (typeof setting === 'number') return told ?? setting;
  if (typeof setting !== 'object' || setting === null) return told;
  const rule: Rule = setting;
  const value = told === undefined || told === null || told === '' ? undefined : Number(told);
  if (Number.isNaN(value)) return told;
  const meant =
    value === undefined || rule.column !== undefined || !Array.isArray(rule.map) ? value : stepOf(value, rule.map);
  const confident = meant ?? (typeof rule.default === 'number' ? rule.default : undefined);
  return confident === undefined || typeof rule.cap !== 'number' ? confident : Math.min(confident, rule.cap);
}

function stepOf(value: number, steps: readonly (readonly [number, number])[]): number | undefined {
  return steps.findLast(([from]) => value >= from)?.[1];
}
