/** An object that a source wrote. Nothing in it is checked, so it is read through the functions here alone. */
export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/*
 * Sources rename their fields, write numbers as text and lists as `a,b`, and have words for nothing. So each reader takes all names that
 * a field was ever seen under, and answers undefined where none of them says anything: what cannot be read costs the field, not the record.
 */

const NOTHING: ReadonlySet<string> = new Set(['', '-', 'none', 'null', 'n/a', 'na', 'unknown']);

/** The first of the names that says something, as text. */
export function textIn(fields: Fields, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const text = textOf(own(fields, name));
    if (text !== undefined) return text;
  }
  return undefined;
}

/** A list, or text with commas between. */
export function wordsIn(fields: Fields, ...names: readonly string[]): string[] {
  for (const name of names) {
    const value = own(fields, name);
    const parts: readonly unknown[] = Array.isArray(value) ? value : (textOf(value)?.split(',') ?? []);
    const words = parts.slice(0, MOST_WORDS).flatMap((part) => textOf(part) ?? []);
    if (words.length > 0) return words;
  }
  return [];
}

export function numberIn(fields: Fields, ...names: readonly string[]): number | undefined {
  const number = Number(textIn(fields, ...names) ?? Number.NaN);
  return Number.isFinite(number) ? number : undefined;
}

/** 0 to 100, else undefined. */
export function percentIn(fields: Fields, ...names: readonly string[]): number | undefined {
  const number = numberIn(fields, ...names);
  return number !== undefined && number >= 0 && number <= 100 ? number : undefined;
}

/** `true`, 1, `yes` and their like are true; undefined for what is neither that nor its opposite. */
export function truthIn(fields: Fields, ...names: readonly string[]): boolean | undefined {
  for (const name of names) {
    const value = own(fields, name);
    if (typeof value === 'boolean') return value;
    const text = textOf(value)?.toLowerCase() ?? '';
    if (text === 'true' || text === '1' || text === 'yes') return true;
    if (text === 'false' || text === '0' || text === 'no') return false;
  }
  return undefined;
}

const TIME =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2}))?(?:[.,](\d{1,9}))?)?\s*(?:Z|UTC|GMT|([+-]\d{2}):?(\d{2}))?$/i;

/** A time as ISO 8601 in UTC: with zone or without (UTC), `2026-11-24 06:00:00 UTC`, or a date alone. A day that does not exist is none. */
export function timeIn(fields: Fields, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = own(fields, name);
    const time = typeof value === 'string' && value.length <= 40 ? isoOf(value.trim()) : undefined;
    if (time !== undefined) return time;
  }
  return undefined;
}

function isoOf(text: string): string | undefined {
  const match = TIME.exec(text);
  if (match === null) return undefined;
  const [, year = '', month = '', day = '', hour = '00', minute = '00', second = '00', fraction = '', ahead, minutes] =
    match;
  // Date.parse would take 2026-02-30 for 2 March
  if (Number(month) > 12 || Number(day) < 1 || Number(day) > daysOf(Number(year), Number(month))) return undefined;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const utc = `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.slice(0, 3).padEnd(3, '0')}Z`;
  if (ahead === undefined) return utc;
  const moment = Date.parse(utc.replace('Z', `${ahead}:${minutes}`));
  return Number.isNaN(moment) ? undefined : new Date(moment).toISOString();
}

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Of a month from 1 on; none in a month that there is not. */
function daysOf(year: number, month: number): number {
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return leap ? 29 : (DAYS[month - 1] ?? 0);
}

/** What is left of a context when the fields that say nothing are taken out; undefined when that is nothing. */
export function contextOf(told: Readonly<Record<string, unknown>>): Record<string, unknown> | undefined {
  const entries = Object.entries(told).filter(
    ([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0),
  );
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

const MOST_WORDS = 200;

function own(fields: Fields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  return text.length <= 7 && NOTHING.has(text.toLowerCase()) ? undefined : text;
}
