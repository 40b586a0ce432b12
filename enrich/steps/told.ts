import { parseTlp, type Tlp } from '../../core/contract/tlp.ts';
import { NOT_PLAIN } from '../../core/indicator/plain-text.ts';

/**
 * Readers of single told fields. Feeds write numbers as text, lists as comma-separated text and truth as 0 and 1; all that is understood.
 * `undefined` = not told, `INVALID` = told, but not this.
 */
export const INVALID = Symbol('invalid');
type Told<T> = T | undefined | typeof INVALID;

/** 0–100, rounded to a whole number: scores are exact in integers. */
export function readPercent(told: unknown): Told<number> {
  if (told === undefined || told === null || told === '') return undefined;
  const value = typeof told === 'string' && told.length <= 20 && /^\s*\d+(\.\d+)?\s*$/.test(told) ? Number(told) : told;
  if (typeof value !== 'number' || !(value >= 0 && value <= 100)) return INVALID;
  return Math.round(value);
}

export function readTruth(told: unknown): Told<boolean> {
  switch (told) {
    case undefined:
    case null:
    case '':
      return undefined;
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
      return INVALID;
  }
}

export function readTlp(told: unknown): Told<Tlp> {
  if (told === undefined || told === null || told === '') return undefined;
  if (typeof told !== 'string') return INVALID;
  return parseTlp(told) ?? INVALID;
}

// what misleads a reader, and halves of characters, which no encoder takes
const UNWANTED = new RegExp(`${NOT_PLAIN.source}|\\p{Surrogate}`, 'gu');
const PLAIN = /^[\x20-\x7e]*$/;

/** Text on one line, without what misleads, at most `most` characters. */
export function cleanText(text: string, most: number): string {
  const cut = text.length > most * 2 ? text.slice(0, most * 2) : text;
  const clean = PLAIN.test(cut) ? cut.trim() : cut.replace(UNWANTED, ' ').trim();
  if (clean.length <= most) return clean;
  return clean.slice(0, most).replace(/[\ud800-\udbff]$/, '');
}

/** '' when not told. */
export function readText(told: unknown, most: number): string | typeof INVALID {
  if (typeof told === 'string') return cleanText(told, most);
  if (told === undefined || told === null) return '';
  if (typeof told === 'number') return String(told);
  return INVALID;
}

const MOST_WORDS = 32;
const WORD_LENGTH = 64;
const NONE: readonly string[] = [];

/** Words (tags, categories, malware names) from an array or from comma-separated text: clean, without doubles, sorted. */
export function readWords(told: unknown): readonly string[] | typeof INVALID {
  if (told === undefined || told === null || told === '') return NONE;
  const parts: unknown = typeof told === 'string' ? told.slice(0, 4096).split(',') : told;
  if (!Array.isArray(parts)) return INVALID;
  if (parts.length === 0) return NONE;
  const words: string[] = [];
  for (const part of parts) {
    const word = readText(part, WORD_LENGTH);
    if (word === INVALID) return INVALID;
    if (word !== '' && !words.includes(word)) words.push(word);
    if (words.length === MOST_WORDS) break;
  }
  return words.length > 1 ? words.sort() : words;
}
