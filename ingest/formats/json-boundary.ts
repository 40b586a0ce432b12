const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const CLOSE_OBJECT = 0x7d;
/** `[` with this bit is `{`, and `]` is `}`. */
const CURLY = 0x20;

/** A value by its first byte; a name is a text. */
export type JsonShape = 'text' | 'scalar' | 'container';

/** Finds where a JSON value ends, in chunks, without building it: texts, escapes and brackets are followed, nothing else is checked. */
export interface Boundary {
  /** The next value begins; `depth`: brackets that are open around it. */
  begin(shape: JsonShape, depth: number): void;
  /**
   * Looks on in `chunk` from `from`: the place behind the value's last byte, -1 when it goes on in the next chunk, or, when a
   * bracket is closed by the other kind, the place of that as `-2 - place`.
   */
  seek(chunk: Buffer, from: number): number;
  /** More brackets within each other than allowed were seen in this value; which kinds is no longer checked. */
  readonly tooDeep: boolean;
  /** What was seen so far ends inside a text. */
  readonly inText: boolean;
}

export function createBoundary(maxDepth: number): Boundary {
  /** The bracket that closes each depth. */
  const closing = new Uint8Array(maxDepth + 1);
  let shape: JsonShape = 'scalar';
  let outer = 0;
  let depth = 0;
  let inText = false;
  let escaped = false;
  let tooDeep = false;

  function seekContainer(chunk: Buffer, from: number): number {
    const length = chunk.length;
    let at = from;
    while (at < length) {
      if (inText) {
        at = textEnd(chunk, at);
        if (at === -1) return -1;
        inText = false;
        continue;
      }
      const byte = chunk[at] ?? 0;
      at += 1;
      if (byte === QUOTE) {
        inText = true;
      } else if ((byte | CURLY) === 0x7b) {
        depth += 1;
        if (depth <= maxDepth) closing[depth] = byte === OPEN_ARRAY ? CLOSE_ARRAY : CLOSE_OBJECT;
        else tooDeep = true;
      } else if ((byte | CURLY) === 0x7d) {
        if (depth <= maxDepth && closing[depth] !== byte) return -1 - at;
        depth -= 1;
        if (depth === outer) return at;
      }
    }
    return -1;
  }

  /** The place behind the closing quote. */
  function textEnd(chunk: Buffer, from: number): number {
    const length = chunk.length;
    let at = from;
    if (escaped) {
      at += 1;
      escaped = false;
    }
    while (at < length) {
      const byte = chunk[at];
      at += 1;
      if (byte === QUOTE) return at;
      if (byte === BACKSLASH) {
        if (at === length) escaped = true;
        at += 1;
      }
    }
    return -1;
  }

  return {
    begin(next, around) {
      shape = next;
      outer = around;
      depth = around;
      inText = false;
      escaped = false;
      tooDeep = false;
    },
    seek(chunk, from) {
      switch (shape) {
        case 'container':
          return seekContainer(chunk, from);
        case 'text': {
          // the first byte of all is the opening quote
          const start = inText ? from : from + 1;
          inText = true;
          return textEnd(chunk, start);
        }
        case 'scalar': {
          let at = from;
          while (at < chunk.length && isScalarByte(chunk[at] ?? 0)) at += 1;
          return at < chunk.length ? at : -1;
        }
        default: {
          const never: never = shape;
          return never;
        }
      }
    },
    get tooDeep() {
      return tooDeep;
    },
    get inText() {
      return inText;
    },
  };
}

/** Letters, digits, and the signs of numbers: what a number, true, false or null is made of, and what spoils one. */
function isScalarByte(byte: number): boolean {
  const letter = byte | 0x20;
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (letter >= 0x61 && letter <= 0x7a) ||
    byte === 0x2d ||
    byte === 0x2b ||
    byte === 0x2e
  );
}

/** What a value that begins with this byte is; undefined when none does. */
export function shapeOf(byte: number): JsonShape | undefined {
  if (byte === QUOTE) return 'text';
  if ((byte | CURLY) === 0x7b) return 'container';
  return isScalarByte(byte) ? 'scalar' : undefined;
}
