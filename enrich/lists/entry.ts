import { canonicalise } from '../../core/indicator/canonical.ts';
import { inferType } from '../../core/indicator/infer.ts';
import type { Indicator } from '../../core/indicator/type.ts';

/** One thing that is never called a threat. */
export interface AllowEntry {
  readonly indicator: Indicator;
  readonly reason: string;
  /** Epoch ms; Infinity = for good. */
  readonly until: number;
  /** Where it stands: `allow.txt:12`, or `tipline allow`. */
  readonly from: string;
}

/** Key of the list that `tipline allow` writes, in the store's cursors, where every enricher reads it. */
export const SHARED_ALLOW_LIST = 'allow-list';

/** Which entries (`type value`) were last acted on, by any enricher; the difference to now is what must be derived again. */
export const ALLOW_LIST_APPLIED = 'allow-list:applied';

/** An entry of the shared list as it is stored. */
export interface SharedAllowEntry {
  type: string;
  value: string;
  reason: string;
  /** ISO 8601, or null for good. */
  until: string | null;
  added_at: string;
}

/**
 * Reads an operator's allow file: one address, CIDR, domain or hash a line, `#` begins a reason. Lines that are none of these are
 * answered as problems with their number; the rest counts all the same, because an allow list that is silently empty blocks friends.
 */
export function readAllowLines(text: string, path: string): { entries: AllowEntry[]; problems: string[] } {
  const entries: AllowEntry[] = [];
  const problems: string[] = [];
  text.split(/\r?\n/).forEach((line, index) => {
    const hashAt = line.indexOf('#');
    const told = (hashAt < 0 ? line : line.slice(0, hashAt)).trim();
    if (told === '') return;
    const canonical = canonicalise(told, inferType(told));
    const from = `${path}:${index + 1}`;
    if (!canonical.ok) problems.push(`${from}: ${canonical.message}`);
    else {
      const reason = hashAt < 0 ? '' : line.slice(hashAt + 1).trim();
      entries.push({
        indicator: canonical.indicator,
        reason: reason || `listed in ${from}`,
        until: Number.POSITIVE_INFINITY,
        from,
      });
    }
  });
  return { entries, problems };
}
