import { z } from 'zod';
import { INDICATOR_TYPES, type IndicatorType } from '../core/indicator/type.ts';
import { milliseconds } from './setting-values.ts';

/** One time for all, or by type; types that are not named live as long as `enrich` lets them. */
export const lifetime = z.union([milliseconds, z.partialRecord(z.enum(INDICATOR_TYPES), milliseconds)], {
  error: 'must be a duration such as 14d, or durations by type such as { ip: 7d, url: 14d }',
});

export type Lifetime = z.output<typeof lifetime>;

interface Dated {
  readonly last_seen?: unknown;
  readonly timestamp?: unknown;
  readonly collected_at?: unknown;
}

/** Until when a record is valid that says nothing of it (ISO 8601): its lifetime from when it was last seen. */
export function validUntil(record: Dated, type: IndicatorType | undefined, lifetimes: Lifetime): string | undefined {
  const lives = typeof lifetimes === 'number' ? lifetimes : type === undefined ? undefined : lifetimes[type];
  if (lives === undefined) return undefined;
  const seen = timeOf(record.last_seen) ?? timeOf(record.timestamp) ?? timeOf(record.collected_at);
  return seen === undefined ? undefined : new Date(seen + lives).toISOString();
}

/** No time zone means UTC, as everywhere. What is no text in ISO 8601 is not looked at. */
function timeOf(told: unknown): number | undefined {
  if (typeof told !== 'string' || !/^\d{4}-\d{2}-\d{2}/.test(told)) return undefined;
  const hasZone = told.length === 10 || /(z|utc|gmt|[+-]\d{2}:?\d{2})$/i.test(told);
  const time = Date.parse(hasZone ? told : `${told}Z`);
  return Number.isFinite(time) && time < 8.64e15 / 2 ? time : undefined;
}
