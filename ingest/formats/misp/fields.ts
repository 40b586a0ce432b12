import { isFields } from '../../../core/contract/fields.ts';
import { momentOf, isoOf as toIso } from '../../../core/contract/told-time.ts';

/* In the JSON of MISP numbers and truth come as they are or as text, which differs by version and export. */

/** The objects of a list. PHP writes a list with a gap as an object with numbers for names, which is taken too. */
export function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return isFields(value) ? Object.values(value) : [];
}

/** '' when there is none. */
export function textOf(value: unknown, most: number): string {
  if (typeof value === 'string') return (value.length > most ? value.slice(0, most) : value).trim();
  return typeof value === 'number' ? String(value) : '';
}

/** Undefined for what is no finite number. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'string' || value.length > 24 || !/^\s*-?\d+(\.\d+)?\s*$/.test(value)) return undefined;
  return Number(value);
}

export function truthOf(value: unknown, absent: boolean): boolean {
  switch (value) {
    case true:
    case 1:
    case '1':
    case 'true':
      return true;
    case false:
    case 0:
    case '0':
    case 'false':
      return false;
    default:
      return absent;
  }
}

/** Whole seconds since 1970; 0 when it is not told. */
export function stampOf(value: unknown): number {
  const seconds = numberOf(value);
  return seconds !== undefined && seconds > 0 && seconds < LATEST_SECONDS ? Math.floor(seconds) : 0;
}

/** The last second that an ISO text of four digits for the year can tell. */
const LATEST_SECONDS = 253_402_300_799;

export function isoOf(stamp: number): string {
  return toIso(stamp * 1000);
}

/**
 * first_seen and last_seen: ISO 8601 with an offset, or microseconds since 1970 (as they stand in MISP's database and in some exports),
 * seconds with ancient ones. Undefined for anything else: a time that cannot be read must not cost the record.
 */
export function timeOf(value: unknown): string | undefined {
  const number = numberOf(value);
  const moment = momentOf(number !== undefined && number >= MICROSECONDS_FROM ? number / 1000 : value);
  return moment === undefined || moment >= LATEST_SECONDS * 1000 ? undefined : toIso(moment);
}

/** As milliseconds they would lie behind the year 5138. */
const MICROSECONDS_FROM = 1e14;
