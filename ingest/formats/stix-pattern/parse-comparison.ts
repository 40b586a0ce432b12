import { type Cursor, isToken } from './cursor.ts';
import { PatternSyntaxError } from './syntax-error.ts';
import type { CompareOperator, Comparison, Literal, MatchOperator, ObjectPath, PathStep } from './tree.ts';

/** No object of STIX is deeper than a dozen. */
const MOST_STEPS = 100;

const COMPARE: ReadonlyMap<string, CompareOperator> = new Map([
  ['=', '='],
  ['==', '='],
  ['!=', '!='],
  ['<>', '!='],
  ['<', '<'],
  ['<=', '<='],
  ['>', '>'],
  ['>=', '>='],
]);
const MATCH: ReadonlyMap<string, MatchOperator> = new Map([
  ['LIKE', 'LIKE'],
  ['MATCHES', 'MATCHES'],
  ['ISSUBSET', 'ISSUBSET'],
  ['ISSUPERSET', 'ISSUPERSET'],
]);

/** What stands inside a bracket: AND binds tighter than OR. Ends before the token that belongs to neither. */
export function parseComparison(cursor: Cursor): Comparison {
  return chain(cursor, 'or', () => chain(cursor, 'and', () => parseTest(cursor)));
}

function chain(cursor: Cursor, kind: 'or' | 'and', parsePart: () => Comparison): Comparison {
  const first = parsePart();
  const keyword = kind.toUpperCase();
  if (!isToken(cursor.peek(), 'keyword', keyword)) return first;
  const parts = [first];
  while (cursor.takeIf('keyword', keyword)) parts.push(parsePart());
  return { kind, parts };
}

function parseTest(cursor: Cursor): Comparison {
  if (cursor.takeIf('symbol', '(')) {
    const inner = cursor.deeper(() => parseComparison(cursor));
    cursor.expect('symbol', ')');
    return inner;
  }
  if (isToken(cursor.peek(), 'keyword', 'EXISTS') || isToken(cursor.peek(), 'keyword', 'NOT')) {
    cursor.countComparison();
    const negated = cursor.takeIf('keyword', 'NOT');
    cursor.expect('keyword', 'EXISTS');
    return { kind: 'exists', negated, path: parsePath(cursor) };
  }
  if (cursor.peek().kind !== 'name') cursor.refuse('a comparison');
  return parseOperation(cursor);
}

function parseOperation(cursor: Cursor): Comparison {
  const first = cursor.peek();
  const path = parsePath(cursor);
  const negated = cursor.takeIf('keyword', 'NOT');
  const token = cursor.peek();
  if (isToken(token, 'keyword', 'IN')) {
    cursor.take();
    return { kind: 'in', path, negated, values: parseSet(cursor) };
  }
  cursor.countComparison(first);
  const match = token.kind === 'keyword' ? MATCH.get(token.word) : undefined;
  if (match !== undefined) {
    cursor.take();
    return { kind: 'match', path, negated, operator: match, text: parseText(cursor) };
  }
  const compare = token.kind === 'symbol' ? COMPARE.get(token.symbol) : undefined;
  if (compare === undefined) return cursor.refuse('a comparison operator');
  cursor.take();
  const ordered = compare !== '=' && compare !== '!=';
  return { kind: 'compare', path, negated, operator: compare, value: parseLiteral(cursor, ordered) };
}

/** The object's type may hold hyphens without quotes. A key should not, but `hashes.SHA-256` is common and can mean nothing else. */
function parsePath(cursor: Cursor): ObjectPath {
  const object = cursor.peek();
  if (object.kind !== 'name') return cursor.refuse("an object path such as 'url:value'");
  cursor.take();
  cursor.expect('symbol', ':');
  const steps: PathStep[] = [parseKey(cursor)];
  for (;;) {
    if (steps.length > MOST_STEPS) {
      throw new PatternSyntaxError(`the object path has more than ${MOST_STEPS} steps`, object.start);
    }
    if (cursor.takeIf('symbol', '.')) steps.push(parseKey(cursor));
    else if (cursor.takeIf('symbol', '[')) steps.push(parseIndex(cursor));
    else return { object: object.name, steps };
  }
}

function parseKey(cursor: Cursor): PathStep {
  const token = cursor.peek();
  if (token.kind === 'name') {
    cursor.take();
    return { kind: 'key', name: token.name };
  }
  if (token.kind === 'literal' && token.literal.kind === 'string') {
    cursor.take();
    return { kind: 'key', name: token.literal.text };
  }
  return cursor.refuse('the name of a property');
}

function parseIndex(cursor: Cursor): PathStep {
  const token = cursor.peek();
  if (isToken(token, 'symbol', '*')) {
    cursor.take();
    cursor.expect('symbol', ']');
    return { kind: 'any' };
  }
  if (token.kind === 'literal' && token.literal.kind === 'integer') {
    cursor.take();
    cursor.expect('symbol', ']');
    return { kind: 'index', index: token.literal.text };
  }
  return cursor.refuse("a whole number or '*'");
}

function parseSet(cursor: Cursor): Literal[] {
  cursor.expect('symbol', '(');
  const values: Literal[] = [];
  cursor.countComparison();
  if (cursor.takeIf('symbol', ')')) return values;
  for (;;) {
    values.push(parseLiteral(cursor, false));
    if (cursor.takeIf('symbol', ')')) return values;
    if (!cursor.takeIf('symbol', ',')) return cursor.refuse("',' or ')'");
    cursor.countComparison();
  }
}

function parseText(cursor: Cursor): string {
  const token = cursor.peek();
  if (token.kind !== 'literal' || token.literal.kind !== 'string') return cursor.refuse('a string in single quotes');
  cursor.take();
  return token.literal.text;
}

/** `ordered`: the operator is one of order, which true and false have not. */
function parseLiteral(cursor: Cursor, ordered: boolean): Literal {
  const token = cursor.peek();
  if (token.kind !== 'literal') return cursor.refuse('a value such as a number or a string in single quotes');
  if (ordered && token.literal.kind === 'boolean') return cursor.refuse('a value that has an order');
  cursor.take();
  return token.literal;
}
