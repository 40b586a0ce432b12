import { PatternSyntaxError } from './syntax-error.ts';
import { describeToken, nextToken, type Token } from './tokens.ts';

/** Parentheses in one another, those between brackets and those inside one counted together. */
const MOST_DEPTH = 100;
/** Comparisons of one pattern; each value of a set is one. */
const MOST_COMPARISONS = 20_000;

/** One token at a time, and the caps of one parse. All throw a PatternSyntaxError. */
export interface Cursor {
  /** The next token, not yet taken. */
  peek(): Token;
  take(): Token;
  /** True, and taken, if the keyword or symbol comes next. */
  takeIf(kind: 'keyword' | 'symbol', text: string): boolean;
  expect(kind: 'keyword' | 'symbol', text: string): void;
  /** Refuses the next token. `what` follows "expected". */
  refuse(what: string): never;
  /** Runs `inner` one parenthesis deeper; the one that opened it is the token taken last. */
  deeper<T>(inner: () => T): T;
  /** Counts one comparison; `token` is where it stands, the next one unless given. */
  countComparison(token?: Token): void;
}

export function createCursor(text: string): Cursor {
  let next = nextToken(text, 0);
  let lastStart = 0;
  let depth = 0;
  let comparisons = 0;

  function take(): Token {
    const taken = next;
    lastStart = taken.start;
    next = nextToken(text, taken.end);
    return taken;
  }

  function takeIf(kind: 'keyword' | 'symbol', wanted: string): boolean {
    if (!isToken(next, kind, wanted)) return false;
    take();
    return true;
  }

  function refuse(what: string): never {
    throw new PatternSyntaxError(`expected ${what} but found ${describeToken(text, next)}`, next.start);
  }

  return {
    peek: () => next,
    take,
    takeIf,
    refuse,
    expect(kind, wanted) {
      if (!takeIf(kind, wanted)) refuse(`'${wanted}'`);
    },
    deeper(inner) {
      if (depth === MOST_DEPTH) {
        throw new PatternSyntaxError(`more than ${MOST_DEPTH} parentheses stand in one another`, lastStart);
      }
      depth += 1;
      const result = inner();
      depth -= 1;
      return result;
    },
    countComparison(token = next) {
      comparisons += 1;
      if (comparisons > MOST_COMPARISONS) {
        throw new PatternSyntaxError(`the pattern holds more than ${MOST_COMPARISONS} comparisons`, token.start);
      }
    },
  };
}

/** True for this keyword or symbol. */
export function isToken(token: Token, kind: 'keyword' | 'symbol', text: string): boolean {
  if (kind === 'keyword') return token.kind === 'keyword' && token.word === text;
  return token.kind === 'symbol' && token.symbol === text;
}
