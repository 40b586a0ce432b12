import { z } from 'zod';
import { parseTlp } from '../core/contract/tlp.ts';
import { typeFromAlias } from '../core/indicator/alias.ts';
import { INDICATOR_TYPES, type IndicatorType } from '../core/indicator/type.ts';
import { reached } from '../core/process/config/hosts.ts';
import { duration } from '../core/process/config/values.ts';

/** The kinds of values that the settings of feeds have. */

export const percent = z.number().min(0, 'must be 0 to 100').max(100, 'must be 0 to 100');

/** Where a feed is fetched. */
export const sourceUrl = reached(z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }));

/** A duration as text, or the milliseconds that an earlier reading of the configuration made of it. */
export const milliseconds = z.union([z.int().min(1), duration], {
  error: 'must be a duration such as 30s, 15m, 6h or 7d',
});

export const tlpLevel = z.string().transform((text, context) => {
  const level = parseTlp(text);
  if (level !== undefined) return level;
  context.addIssue({ code: 'custom', message: 'must be CLEAR, GREEN, AMBER, AMBER+STRICT or RED' });
  return z.NEVER;
});

/** One of our types, or a name that feeds use for it. */
export const indicatorType = z.string().transform((text, context): IndicatorType => {
  const type = typeFromAlias(text);
  if (type !== undefined) return type;
  context.addIssue({ code: 'custom', message: `must be one of ${INDICATOR_TYPES.join(', ')}` });
  return z.NEVER;
});
