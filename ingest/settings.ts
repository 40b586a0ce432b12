import { z } from 'zod';
import { parseTlp } from '../core/contract/tlp.ts';
import { typeFromAlias } from '../core/indicator/alias.ts';
import { INDICATOR_TYPES, type IndicatorType } from '../core/indicator/type.ts';
import { duration, feedSection } from '../core/process/config/sections.ts';

export const percent = z.number().min(0, 'must be 0 to 100').max(100, 'must be 0 to 100');

/** A duration as text, or the milliseconds that an earlier reading of the configuration made of it. */
export const milliseconds = z.union([z.int().min(1), duration], {
  error: 'must be a duration such as 30s, 15m, 6h or 7d',
});

const tlp = z.string().transform((text, context) => {
  const level = parseTlp(text);
  if (level !== undefined) return level;
  context.addIssue({ code: 'custom', message: 'must be CLEAR, GREEN, AMBER, AMBER+STRICT or RED' });
  return z.NEVER;
});

const indicatorType = z.string().transform((text, context): IndicatorType => {
  const type = typeFromAlias(text);
  if (type !== undefined) return type;
  context.addIssue({ code: 'custom', message: `must be one of ${INDICATOR_TYPES.join(', ')}` });
  return z.NEVER;
});

/** The keys that every feed has, with the checks that only ingest can make; each feed adds its own to them. */
export const commonKeys = {
  ...feedSection.shape,
  every: milliseconds.default(3_600_000),
  /** For records that bring none. */
  confidence: percent.optional(),
  tlp: tlp.optional(),
  /** The type of records that bring none; without it the enricher infers one. */
  indicator_type: indicatorType.optional(),
};

/** What ingest needs to know of any feed. */
export interface FeedSettings {
  readonly name: string;
  readonly type: string;
  readonly enabled: boolean;
  /** A number fills records that bring none; a rule over columns is the feed's own affair. */
  readonly confidence?: unknown;
  readonly severity?: number | undefined;
  readonly tags: readonly string[];
  readonly tlp?: string | undefined;
  readonly indicator_type?: IndicatorType | undefined;
  readonly trust_source?: boolean | undefined;
}
