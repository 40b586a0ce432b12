import { z } from 'zod';
import { parseTlp, TLP_LEVELS, type Tlp } from '../core/contract/tlp.ts';
import type { IndicatorType } from '../core/indicator/type.ts';
import type { Rule } from './refusal.ts';
import { indicatorType } from './setting-values.ts';

/** Longer values meet no pattern: the operator's expression must not cost more the longer a hostile text is. */
const MOST_MATCHED = 2048;

/** A repeated group that holds a repetition takes exponential time on some text, and the text is the attacker's. */
const NESTED_REPETITION = /\([^()]*[*+}][^()]*\)\s*[*+{]/;

const pattern = z
  .string()
  .min(1)
  .max(500)
  .superRefine((text, context) => {
    try {
      new RegExp(text, 'iu');
    } catch {
      context.addIssue({ code: 'custom', message: 'must be a regular expression of JavaScript' });
      return;
    }
    if (NESTED_REPETITION.test(text)) {
      context.addIssue({ code: 'custom', message: 'must not repeat a group that repeats something itself' });
    }
  });

/** A record meets it when it meets any of the three. */
export const selection = z.strictObject({
  types: z.array(indicatorType).max(50).default([]).describe('Types of indicators.'),
  tags: z.array(z.string().min(1).max(200)).max(500).default([]).describe('Tags that a record has, in any case.'),
  match: pattern
    .optional()
    .describe('A regular expression that the indicator meets in any place; only the first 2,048 characters count.'),
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
  const expression = match === undefined ? undefined : new RegExp(match, 'iu');
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
