import { type Cursor, createCursor, isToken } from './cursor.ts';
import { parseComparison } from './parse-comparison.ts';
import { PatternSyntaxError } from './syntax-error.ts';
import { isTimestamp } from './tokens.ts';
import type { Joint, Observation, Qualifier } from './tree.ts';

export type ParsedPattern =
  | { readonly ok: true; readonly pattern: Observation }
  /** `position` is an offset in UTF-16 units, from 0. */
  | { readonly ok: false; readonly message: string; readonly position: number };

/** In UTF-16 units: as many comparisons as are read at most (20,000), each with a SHA-512. */
export const MOST_PATTERN_LENGTH = 4 * 1024 ** 2;

/**
 * The tree of a pattern in the language of STIX 2.0 or 2.1, or what is wrong with it and where. Never throws, takes time
 * in proportion to the length, and gives nothing up halfway: the first fault refuses the pattern.
 */
export function parsePattern(text: string): ParsedPattern {
  if (text.length > MOST_PATTERN_LENGTH) {
    const message = `the pattern is longer than ${MOST_PATTERN_LENGTH} characters`;
    return { ok: false, message, position: MOST_PATTERN_LENGTH };
  }
  try {
    const cursor = createCursor(text);
    const pattern = parseObservations(cursor);
    if (cursor.peek().kind !== 'end') cursor.refuse('the end of the pattern');
    return { ok: true, pattern };
  } catch (error) {
    if (error instanceof PatternSyntaxError) return { ok: false, message: error.message, position: error.position };
    throw error;
  }
}

function parseObservations(cursor: Cursor): Observation {
  return chain(cursor, 'followed-by', 'FOLLOWEDBY', () =>
    chain(cursor, 'or', 'OR', () => chain(cursor, 'and', 'AND', () => parseQualified(cursor))),
  );
}

function chain(cursor: Cursor, kind: Joint, keyword: string, parsePart: () => Observation): Observation {
  const first = parsePart();
  if (!isToken(cursor.peek(), 'keyword', keyword)) return first;
  const parts = [first];
  while (cursor.takeIf('keyword', keyword)) parts.push(parsePart());
  return { kind, parts };
}

/**
 * Qualifiers bind tighter than any operator: in `[a] AND [b] WITHIN 5 SECONDS` it is `[b]` that has five seconds. The text of the specification
 * wants each kind once, its grammar takes any number; authors write what the grammar takes, and what it names stays the same.
 */
function parseQualified(cursor: Cursor): Observation {
  const inner = parseBracket(cursor);
  const qualifiers: Qualifier[] = [];
  for (;;) {
    const next = cursor.peek();
    const kind = next.kind === 'keyword' ? QUALIFIERS.get(next.word) : undefined;
    if (kind === undefined) break;
    qualifiers.push(parseQualifier(cursor, kind));
  }
  return qualifiers.length === 0 ? inner : { kind: 'qualified', inner, qualifiers };
}

function parseBracket(cursor: Cursor): Observation {
  if (cursor.takeIf('symbol', '(')) {
    const inner = cursor.deeper(() => parseObservations(cursor));
    cursor.expect('symbol', ')');
    return inner;
  }
  if (!cursor.takeIf('symbol', '[')) return cursor.refuse("'[' or '('");
  const test = parseComparison(cursor);
  cursor.expect('symbol', ']');
  return { kind: 'bracket', test };
}

const QUALIFIERS: ReadonlyMap<string, Qualifier['kind']> = new Map([
  ['WITHIN', 'within'],
  ['REPEATS', 'repeats'],
  ['START', 'start-stop'],
]);

/** The keyword that begins it is the next token. */
function parseQualifier(cursor: Cursor, kind: Qualifier['kind']): Qualifier {
  cursor.take();
  switch (kind) {
    case 'within': {
      const seconds = parseAmount(cursor, 'a number of seconds', true);
      cursor.expect('keyword', 'SECONDS');
      return { kind, seconds };
    }
    case 'repeats': {
      const times = parseAmount(cursor, 'a whole number of times', false);
      cursor.expect('keyword', 'TIMES');
      return { kind, times };
    }
    case 'start-stop': {
      const start = parseTime(cursor);
      cursor.expect('keyword', 'STOP');
      return { kind, start, stop: parseTime(cursor) };
    }
    default: {
      const never: never = kind;
      return never;
    }
  }
}

function parseAmount(cursor: Cursor, what: string, fractions: boolean): string {
  const token = cursor.peek();
  const literal = token.kind === 'literal' ? token.literal : undefined;
  const fits = literal?.kind === 'integer' || (fractions && literal?.kind === 'float');
  if (!fits || literal.text.startsWith('-')) return cursor.refuse(what);
  cursor.take();
  return literal.text;
}

/** STIX 2.0 wrote these times as strings, `START '2016-…'`. */
function parseTime(cursor: Cursor): string {
  const token = cursor.peek();
  const literal = token.kind === 'literal' ? token.literal : undefined;
  const fits = literal?.kind === 'timestamp' || (literal?.kind === 'string' && isTimestamp(literal.text));
  if (!fits) return cursor.refuse("a time such as t'2024-01-31T09:00:00Z'");
  cursor.take();
  return literal.text;
}
