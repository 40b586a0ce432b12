import { printable } from '../../printable.ts';
import { PatternSyntaxError } from './syntax-error.ts';
import type { Literal } from './tree.ts';

/** `start` and `end` are offsets in UTF-16 units. */
export type Token = { readonly start: number; readonly end: number } & (
  | { readonly kind: 'end' }
  /** Case matters: `and` is a name. */
  | { readonly kind: 'keyword'; readonly word: string }
  /** May hold hyphens. */
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'symbol'; readonly symbol: string }
  | { readonly kind: 'literal'; readonly literal: Literal }
);

const KEYWORDS: ReadonlySet<string> = new Set([
  ...['AND', 'OR', 'NOT', 'FOLLOWEDBY', 'LIKE', 'MATCHES', 'ISSUBSET', 'ISSUPERSET', 'EXISTS', 'IN', 'LAST'],
  ...['START', 'STOP', 'WITHIN', 'SECONDS', 'REPEATS', 'TIMES', 'true', 'false'],
]);

// Sticky, and each but one character class behind the other, so that no text costs more than twice its length.
const WORD = /[a-zA-Z_][a-zA-Z0-9_-]*/y;
const NUMBER = /[+-]?(?:[0-9]*\.[0-9]+|[0-9]+)/y;
const SYMBOL = /[<>=!]=|<>|[[\](),.:*=<>]/y;
const TIMESTAMP =
  /^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?Z$/;
const HEX = /^(?:[0-9a-fA-F]{2})*$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
// The white space of the grammar: not that of JavaScript, which has U+FEFF and lacks U+0085.
const SPACE = /[ \t\r\n\v\f\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/y;

/** True for `2024-01-31T09:00:00.5Z`. Each part is in its range; the calendar is not asked (31 June passes). */
export function isTimestamp(text: string): boolean {
  return TIMESTAMP.test(text);
}

/** True for what stands in a path without quotes and cannot be taken for a keyword. */
export function isBareName(text: string): boolean {
  return /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(text) && !KEYWORDS.has(text);
}

/** The token at or behind an offset; white space and comments are passed over. Throws a PatternSyntaxError. */
export function nextToken(text: string, from: number): Token {
  const start = endOfSpace(text, from);
  if (start >= text.length) return { kind: 'end', start, end: start };
  if (text.charAt(start) === "'") {
    const { value, end } = readString(text, start, start);
    return { kind: 'literal', literal: { kind: 'string', text: value }, start, end };
  }
  const word = matchAt(WORD, text, start);
  if (word !== undefined) {
    const end = start + word.length;
    if (text.charAt(end) === "'" && /^[thb]$/.test(word)) return typedLiteral(text, word, start);
    if (word === 'true' || word === 'false') {
      return { kind: 'literal', literal: { kind: 'boolean', value: word === 'true' }, start, end };
    }
    return KEYWORDS.has(word) ? { kind: 'keyword', word, start, end } : { kind: 'name', name: word, start, end };
  }
  const number = matchAt(NUMBER, text, start);
  if (number !== undefined) {
    return { kind: 'literal', literal: numberOf(number, start), start, end: start + number.length };
  }
  const symbol = matchAt(SYMBOL, text, start);
  if (symbol !== undefined) return { kind: 'symbol', symbol, start, end: start + symbol.length };
  throw new PatternSyntaxError(
    `${quoted(String.fromCodePoint(text.codePointAt(start) ?? 0))} has no meaning here`,
    start,
  );
}

/** A token as a message names it. */
export function describeToken(text: string, token: Token): string {
  if (token.kind === 'end') return 'the end of the pattern';
  const source = text.slice(token.start, Math.min(token.end, token.start + 40));
  if (token.kind === 'literal' && source.includes("'")) return `the value ${printable(source, 40)}`;
  return quoted(source);
}

function quoted(source: string): string {
  return `'${printable(source, 40)}'`;
}

function endOfSpace(text: string, from: number): number {
  let at = from;
  for (;;) {
    const space = matchAt(SPACE, text, at);
    if (space !== undefined) at += space.length;
    else if (text.startsWith('//', at)) at = endOfLine(text, at);
    else if (text.startsWith('/*', at)) {
      const close = text.indexOf('*/', at + 2);
      if (close < 0) throw new PatternSyntaxError("the comment that begins here is not closed by '*/'", at);
      at = close + 2;
    } else return at;
  }
}

function endOfLine(text: string, from: number): number {
  let at = from;
  while (at < text.length && text.charAt(at) !== '\n' && text.charAt(at) !== '\r') at += 1;
  return at;
}

/** The text between the quote at `open` and the next bare one; `start` is where the token began. */
function readString(text: string, open: number, start: number): { value: string; end: number } {
  let value = '';
  let from = open + 1;
  for (let at = from; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === "'") return { value: value + text.slice(from, at), end: at + 1 };
    if (char !== '\\') continue;
    const escaped = text.charAt(at + 1);
    if (escaped !== "'" && escaped !== '\\') {
      if (escaped === '') break;
      throw new PatternSyntaxError(
        `a backslash in a string stands before ' or another backslash only, not before ${quoted(escaped)}`,
        at,
      );
    }
    value += text.slice(from, at);
    from = at + 1;
    at += 1;
  }
  throw new PatternSyntaxError('the string that begins here has no closing quote', start);
}

/** `t'…'`, `h'…'` and `b'…'`, which know no escapes. */
function typedLiteral(text: string, letter: string, start: number): Token {
  const close = text.indexOf("'", start + 2);
  if (close < 0) throw new PatternSyntaxError('the value that begins here has no closing quote', start);
  const content = text.slice(start + 2, close);
  const end = close + 1;
  switch (letter) {
    case 't':
      if (!isTimestamp(content)) throw new PatternSyntaxError("a time is written t'2024-01-31T09:00:00Z'", start);
      return { kind: 'literal', literal: { kind: 'timestamp', text: content }, start, end };
    case 'h':
      if (!HEX.test(content)) throw new PatternSyntaxError('a hex value is pairs of hex digits', start);
      return { kind: 'literal', literal: { kind: 'hex', digits: content.toLowerCase() }, start, end };
    default:
      if (content.length % 4 !== 0 || !BASE64.test(content)) {
        throw new PatternSyntaxError('a binary value is base 64 with its padding', start);
      }
      return { kind: 'literal', literal: { kind: 'binary', base64: content }, start, end };
  }
}

function numberOf(source: string, start: number): Literal {
  const sign = source.startsWith('-') ? '-' : '';
  const digits = source.replace(/^[+-]/, '');
  const dot = digits.indexOf('.');
  if (dot < 0) {
    if (digits.length > 1 && digits.startsWith('0')) {
      throw new PatternSyntaxError('a whole number has no leading zeros', start);
    }
    return { kind: 'integer', text: sign + digits };
  }
  // the grammar allows leading zeros here, and none at all
  const whole = digits.slice(0, dot).replace(/^0+/, '');
  return { kind: 'float', text: `${sign}${whole === '' ? '0' : whole}${digits.slice(dot)}` };
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}
