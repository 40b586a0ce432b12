import { RE2Set } from 're2js';

/**
 * Regular expressions of operators, all looked for in one pass. RE2 has no back-tracking, so a value costs time by its length whatever an
 * expression looks like; what RE2 cannot do (back references, look-around) is refused when the list is read.
 */
export interface Patterns {
  readonly size: number;
  find(value: string, visit: (list: number) => boolean): boolean;
}

export const LONGEST_PATTERN = 1_000;
/** One automaton for all, and every document's value runs through it. */
export const MOST_PATTERNS = 1_000;

/** The expression as RE2 writes it, from plain text or from PHP's form `/…/i`; throws what is wrong with it. */
export function patternOf(text: string): string {
  const delimited = /^([/#~])(.*)\1([a-zA-Z]*)$/s.exec(text);
  const [, , body = text, letters = ''] = delimited ?? [];
  const flags = letters.replaceAll('u', '');
  if (/[^ims]/.test(flags)) throw new Error(`the flags ${letters} are not known; i, m, s and u are`);
  const pattern = flags === '' ? body : `(?${flags})${body}`;
  const alone = new RE2Set();
  alone.add(pattern);
  alone.compile();
  if (alone.match('').length > 0) throw new Error('it matches an empty text, so it would call everything harmless');
  return pattern;
}

/** Of expressions that `patternOf` gave. */
export function createPatterns(entries: readonly (readonly [pattern: string, list: number])[]): Patterns {
  const set = new RE2Set();
  for (const [pattern] of entries) set.add(pattern);
  const lists = Uint16Array.from(entries, ([, list]) => list);
  const size = entries.length;
  if (size > 0) set.compile();
  return {
    size,
    find(value, visit) {
      if (size === 0) return false;
      for (const index of set.match(value)) {
        const list = lists[index];
        if (list !== undefined && visit(list)) return true;
      }
      return false;
    },
  };
}
