/** What stands at a place: a text as it is, anything else by its kind. */
export type OutlineValue =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'array' | 'object' | 'scalar' };

export interface JsonOutline {
  readonly root: 'array' | 'object' | undefined;
  /** The first value at each place, by its path with `[]` for all elements: `response[].Event.id`. Nested 6 deep at most. */
  readonly values: ReadonlyMap<string, OutlineValue>;
  /** The first names in the document's own object. */
  readonly names: readonly string[];
}

const MOST_DEPTH = 6;
const MOST_VALUES = 2000;
const MOST_NAMES = 20;
const LONGEST_TEXT = 200;

/**
 * The shape of a JSON document by its beginning, which may be cut off anywhere: read as far as it is JSON. Only what stands where is of
 * interest, so values are skipped rather than parsed.
 */
export function outlineOf(text: string): JsonOutline {
  const values = new Map<string, OutlineValue>();
  const names: string[] = [];
  const stack: { path: string; array: boolean }[] = [];
  let root: JsonOutline['root'];
  let name: string | undefined;
  let at = 0;

  const place = (): string => {
    const top = stack.at(-1);
    if (top === undefined) return '';
    if (top.array) return `${top.path}[]`;
    return top.path === '' ? (name ?? '') : `${top.path}.${name ?? ''}`;
  };
  const note = (value: OutlineValue): void => {
    if (stack.length > MOST_DEPTH || values.size >= MOST_VALUES) return;
    const path = place();
    if (!values.has(path)) values.set(path, value);
  };

  for (;;) {
    const token = nextToken(text, at);
    if (token === undefined) break;
    at = token.end;
    if (token.kind === '{' || token.kind === '[') {
      const array = token.kind === '[';
      root ??= array ? 'array' : 'object';
      note({ kind: array ? 'array' : 'object' });
      stack.push({ path: stack.length > MOST_DEPTH ? '' : place(), array });
      name = undefined;
    } else if (token.kind === '}' || token.kind === ']') {
      stack.pop();
      name = undefined;
      if (stack.length === 0) break;
    } else if (token.kind === ',') {
      name = undefined;
    } else if (token.kind === 'text') {
      const top = stack.at(-1);
      if (top === undefined) break;
      if (!top.array && name === undefined) {
        name = token.text;
        if (stack.length === 1 && names.length < MOST_NAMES) names.push(name);
      } else {
        note({ kind: 'text', text: token.text });
      }
    } else if (token.kind === 'scalar') {
      if (root === undefined) break;
      note({ kind: 'scalar' });
    }
  }
  return { root, values, names };
}

type Token =
  | { readonly kind: '{' | '}' | '[' | ']' | ',' | ':' | 'scalar'; readonly end: number }
  | { readonly kind: 'text'; readonly text: string; readonly end: number };

const SPACE = /[\s\ufeff]*/y;
const SCALAR = /[-+.\w]+/y;

/** Undefined at the end, where a token is cut off, and where it is no JSON. */
function nextToken(text: string, from: number): Token | undefined {
  SPACE.lastIndex = from;
  const at = from + (SPACE.exec(text)?.[0].length ?? 0);
  const char = text.charAt(at);
  switch (char) {
    case '{':
    case '}':
    case '[':
    case ']':
    case ',':
    case ':':
      return { kind: char, end: at + 1 };
    case '"': {
      let end = at + 1;
      while (end < text.length && text.charAt(end) !== '"') end += text.charAt(end) === '\\' ? 2 : 1;
      if (end >= text.length) return undefined;
      return { kind: 'text', text: text.slice(at + 1, Math.min(end, at + 1 + LONGEST_TEXT)), end: end + 1 };
    }
    default: {
      SCALAR.lastIndex = at;
      const scalar = SCALAR.exec(text)?.[0];
      return scalar === undefined ? undefined : { kind: 'scalar', end: at + scalar.length };
    }
  }
}
