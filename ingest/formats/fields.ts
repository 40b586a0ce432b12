import type { Fields } from '../../core/contract/fields.ts';
import { isoOf, momentOf } from '../../core/contract/told-time.ts';

/*
 * An object that a source wrote is read through the functions here alone. Sources rename their fields, write numbers as text and lists as `a,b`, and have words for nothing. So each reader takes all names that
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

const ISO = /^\s*\d{4}-/;

/** A time as ISO 8601 in UTC: with zone or without (UTC), `2026-11-24 06:00:00 UTC`, or a date alone. A day that does not exist is none. */
export function timeIn(fields: Fields, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = own(fields, name);
    const moment = typeof value === 'string' && ISO.test(value) ? momentOf(value) : undefined;
    if (moment !== undefined) return isoOf(moment);
  }
  return undefined;
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
