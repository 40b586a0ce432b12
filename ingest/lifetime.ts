import { z } from 'zod';
import { LONGEST_LIFE } from '../core/contract/raw-indicator.ts';
import { isoOf, LAST_MOMENT, momentOf, readTime } from '../core/contract/told-time.ts';
import { INDICATOR_TYPES, type IndicatorType } from '../core/indicator/type.ts';
import { milliseconds } from './setting-values.ts';

/** One time for all, or by type; types that are not named live as long as `enrich` lets them. */
export const lifetime = z.union([milliseconds, z.partialRecord(z.enum(INDICATOR_TYPES), milliseconds)], {
  error: 'must be a duration such as 14d, or durations by type such as { ip: 7d, url: 14d }',
});

export type Lifetime = z.output<typeof lifetime>;

export const lifetimeFrom = z.enum(['seen', 'import']);
export type LifetimeFrom = z.output<typeof lifetimeFrom>;

export interface AgeingSettings {
  readonly lifetime?: Lifetime | undefined;
  readonly lifetime_from?: LifetimeFrom | undefined;
}

/** Ms that a statement counts without being told again where its feed says nothing else; undefined: of no type that is known. */
export type LifetimeOf = (type: IndicatorType | undefined) => number;

/** What is looked at and filled in; nothing of it is checked yet. */
interface Dated {
  last_seen?: unknown;
  timestamp?: unknown;
  collected_at?: unknown;
  valid_from?: unknown;
  valid_until?: unknown;
  revoked?: unknown;
}

/** How the records of one feed age. */
export interface Ageing {
  /** Changes the record: says when it ends, as far as the feed's settings do. */
  grant(record: Dated, type: IndicatorType | undefined): void;
  /** Is it over at the moment that it was read, so that it never counts for anything? A withdrawal is not meant to. */
  isOver(record: Dated, type: IndicatorType | undefined): boolean;
}

/** Built once a feed. */
export function createAgeing({ lifetime: own, lifetime_from }: AgeingSettings, lifetimeOf: LifetimeOf): Ageing {
  const livesAt = (type: IndicatorType | undefined): number | undefined =>
    typeof own === 'number' ? own : type === undefined ? undefined : own?.[type];

  return {
    grant(record, type) {
      if (lifetime_from === 'import') {
        grantFromImport(record, livesAt(type) ?? lifetimeOf(type));
        return;
      }
      const lives = livesAt(type);
      if (lives !== undefined && readTime(record.valid_until) === 'absent')
        record.valid_until = endOf(seenAt(record), record, lives);
    },
    isOver(record, type) {
      const now = momentOf(record.collected_at);
      const seen = seenAt(record);
      if (record.revoked === true || now === undefined || seen === undefined) return false;
      const until = momentOf(record.valid_until);
      const begins = Math.max(seen, momentOf(record.valid_from) ?? 0);
      const said = Math.max(begins, momentOf(record.timestamp) ?? now);
      return (until === undefined ? begins + lifetimeOf(type) : Math.min(until, said + LONGEST_LIFE)) <= now;
    },
  };
}

/**
 * The record is taken for one that is told now: the time of its source says when the threat was seen last. So are withdrawals, or what was told
 * now could not be taken back. What says itself when it ends is left as it is.
 */
function grantFromImport(record: Dated, lives: number): void {
  const ends = readTime(record.valid_until) !== 'absent';
  if (ends && record.revoked !== true) return;
  if (record.timestamp !== undefined) record.last_seen ??= record.timestamp;
  delete record.timestamp;
  if (!ends) record.valid_until = endOf(momentOf(record.collected_at), record, lives);
}

/** ISO 8601. */
function endOf(from: number | undefined, { valid_from }: Dated, lives: number): string | undefined {
  return from === undefined
    ? undefined
    : isoOf(Math.min(Math.max(from, momentOf(valid_from) ?? 0) + lives, LAST_MOMENT));
}

/** When it was last seen, by what it says. */
function seenAt({ last_seen, timestamp, collected_at }: Dated): number | undefined {
  return momentOf(last_seen) ?? momentOf(timestamp) ?? momentOf(collected_at);
}
