import { z } from 'zod';
import { TiplineError } from '../core/process/errors.ts';
import { milliseconds } from './setting-values.ts';

/** What one reading may take. A source that never ends must not keep its feed from everything else. */
export const limits = z.strictObject({
  pages: z
    .int()
    .min(1)
    .max(10_000_000)
    .optional()
    .describe('Pages of a reading that hold records; those of a list or document hold 1,000.'),
  records: z
    .int()
    .min(1)
    .max(1_000_000_000)
    .optional()
    .describe('Records of a reading. The page with which there are more of them is left out as a whole.'),
  time: milliseconds.optional().describe('Time of a reading.'),
});

export type Limits = z.output<typeof limits>;

const LONGEST_MS = 6 * 3_600_000;

/**
 * Called with each page before it is published; throws FEED_LIMIT when it is one too many. What was delivered before stays delivered; of a whole
 * list that is nothing.
 */
export function createLimitCheck(
  { pages, records, time = LONGEST_MS }: Limits,
  startedAt: number,
  wholeList: boolean,
): (page: readonly unknown[], now: number) => void {
  let pagesSeen = 0;
  let recordsSeen = 0;
  const kept = wholeList ? 'nothing of it is published' : 'what came before is published';
  const beyond = (what: string, key: keyof Limits): TiplineError =>
    new TiplineError(
      'FEED_LIMIT',
      `the reading ${what}; ${kept}. Raise limits.${key} when the source is meant to be so large`,
      { retryable: true },
    );
  return (page, now) => {
    // one that holds nothing else than the place to go on from is none of the source's
    if (page.length > 0) pagesSeen += 1;
    recordsSeen += page.length;
    if (pages !== undefined && pagesSeen > pages) throw beyond(`has more than ${pages} pages`, 'pages');
    if (records !== undefined && recordsSeen > records) throw beyond(`has more than ${records} records`, 'records');
    if (now - startedAt > time) throw beyond(`takes longer than ${Math.round(time / 1000)} s`, 'time');
  };
}
