import { RE2JS } from 're2js';
import { z } from 'zod';
import { parseTlp, TLP_LEVELS, type Tlp } from '../core/contract/tlp.ts';
import type { IndicatorType } from '../core/indicator/type.ts';
import type { Rule } from './refusal.ts';
import { indicatorType } from './setting-values.ts';

/** What a value is looked at for; canonical indicators may be twice as long. */
const MOST_MATCHED = 2048;

/**
 * The operator's expression as RE2 runs it: in time linear in the text, which is the attacker's. The engine of JavaScript backtracks, and no
 * look at an expression tells reliably whether it will (`((a+))+$` and `(a|a)+$` do). re2js is RE2 in JavaScript, so it runs wherever Node does,
 * where RE2 itself needs a compiler or a binary for each platform. A value of 50 characters costs about 0.3 µs, one of 2,048 about 20 µs.
 */
function linear(expression: string): RE2JS {
  return RE2JS.compile(RE2JS.translateRegExp(expression), RE2JS.CASE_INSENSITIVE);
}

const pattern = z
  .string()
  .min(1)
  .max(500)
  .superRefine((text, context) => {
    try {
      linear(text);
    } catch (error) {
      const why = error instanceof Error ? error.message.replace('error parsing regexp: ', '') : String(error);
      context.addIssue({
        code: 'custom',
        message: `must be a regular expression of RE2, which has no look-around, no back-references and repeats at most 1,000 times: ${why}`,
      });
    }
  });

/** A record meets it when it meets any of the three. */
export const selection = z.strictObject({
  types: z.array(indicatorType).max(50).default([]).describe('Types of indicators.'),
  tags: z.array(z.string().min(1).max(200)).max(500).default([]).describe('Tags that a record has, in any case.'),
  match: pattern
    .optional()
    .describe(
      'A regular expression (RE2, in any case) that the indicator meets in any place; only the first 2,048 characters count.',
    ),
});

type Selection = z.output<typeof selection>;

export interface AdmissionSettings {
  readonly include?: Selection | undefined;
  readonly exclude?: Selection | undefined;
  readonly tlp_max?: Tlp | undefined;
}

/** What is looked at; nothing of it is checked yet. */
interface Candidate {
  readonly indicator?: unknown;
  readonly tags?: unknown;
  readonly tlp?: unknown;
}

/** The rule that keeps a record of that type out; undefined when it may go on. */
export type Admission = (record: Candidate, type: IndicatorType | undefined) => Rule | undefined;

/** Built once a feed. A feed without rules admits everything, at no cost. */
export function createAdmission({ include, exclude, tlp_max }: AdmissionSettings): Admission | undefined {
  if (include === undefined && exclude === undefined && tlp_max === undefined) return undefined;
  const wanted = include === undefined ? undefined : meets(include);
  const unwanted = exclude === undefined ? undefined : meets(exclude);
  const ceiling = tlp_max === undefined ? TLP_LEVELS.length : TLP_LEVELS.indexOf(tlp_max);
  return (record, of) => {
    if (wanted !== undefined && !wanted(record, of)) return 'include';
    if (unwanted?.(record, of) === true) return 'exclude';
    const tlp = typeof record.tlp === 'string' ? parseTlp(record.tlp) : undefined;
    return tlp === undefined || TLP_LEVELS.indexOf(tlp) <= ceiling ? undefined : 'tlp_max';
  };
}

function meets({ types, tags, match }: Selection): (record: Candidate, of: IndicatorType | undefined) => boolean {
  const ofTypes = new Set<IndicatorType>(types);
  const withTags = new Set(tags.map((tag) => tag.toLowerCase()));
  const expression = match === undefined ? undefined : linear(match);
  return (record, of) => {
    if (of !== undefined && ofTypes.has(of)) return true;
    if (withTags.size > 0 && wordsOf(record.tags).some((tag) => withTags.has(tag))) return true;
    return (
      expression !== undefined &&
      typeof record.indicator === 'string' &&
      expression.test(record.indicator.slice(0, MOST_MATCHED))
    );
  };
}

function wordsOf(tags: unknown): string[] {
  const words = typeof tags === 'string' ? tags.split(',') : Array.isArray(tags) ? tags : [];
  return words.flatMap((tag) => (typeof tag === 'string' ? tag.trim().toLowerCase() : []));
}
