import { TiplineError } from '../../core/process/errors.ts';
import { printable } from '../printable.ts';
import { type Boundary, createBoundary, type JsonShape, shapeOf } from './json-boundary.ts';

/** Names and numbers on the way from the document to a value; empty for the document itself. */
export type JsonPath = readonly (string | number)[];

/**
 * What to do with the value at a path:
 * - `whole`: build it and give it out as one part;
 * - `into`: go inside, so that `at` is asked for each of its own values; a text, number, boolean or null is given out whole;
 * - `whole-or-into`: whole when it fits `maxElement`, else into (small events at full speed, a huge one from the inside);
 * - `pass`: check it and give nothing out.
 */
export type JsonWish = 'whole' | 'into' | 'whole-or-into' | 'pass';

export interface JsonStreamOptions {
  /** Asked once for every value outside of those built whole. `path` is the reader's own array: copy what must be kept. */
  at(path: JsonPath): JsonWish;
  /** Bytes of a value that is built whole. Default 1 MiB. */
  maxElement?: number;
  /** Arrays and objects within each other, counted from the document. Default 100. */
  maxDepth?: number;
}

/** `offset`: the byte of the document where the value begins; for `close` the byte of its bracket. */
export type JsonPart =
  | { readonly kind: 'value'; readonly path: JsonPath; readonly offset: number; readonly value: unknown }
  /** An array or object was entered, or left: everything between the two belongs to it. */
  | { readonly kind: 'open' | 'close'; readonly path: JsonPath; readonly offset: number }
  /** A value that was wanted and is left out. To be counted by the caller. */
  | { readonly kind: 'passed'; readonly path: JsonPath; readonly offset: number; readonly reason: PassedReason };

export type PassedReason = 'not JSON' | 'too large' | 'too deep';

/**
 * Reads one JSON document in pieces, in memory of about `maxElement` and one chunk: the borders of the wanted values are looked up in
 * the bytes, and JSON.parse builds each of them.
 *
 *     const at = (path: JsonPath) => (path.length < 2 ? 'into' : 'whole'); // the elements of each list in the document's object
 *     for await (const parts of jsonParts(bytes, { at }))
 *       for (const part of parts) if (part.kind === 'value') take(part.path, part.value);
 *
 * Parts come in the order of the document, in batches of what one chunk gave. An event that is entered gives `open`, its values as they
 * stand, `close`: what stands behind its attributes is known at `close`. `at` may decide by what was seen before only as far as earlier
 * batches go.
 *
 * Strict outside of the wanted values: throws FEED_NOT_JSON with the byte where the document breaks or was cut off, after all parts
 * before it were given out. A wanted array, object or text that ends where it should but is no JSON inside is `passed`, like one that
 * is too large or too deep. Of a name that stands twice in an entered object both values come. A byte order mark is skipped.
 */
export async function* jsonParts(
  bytes: AsyncIterable<Buffer>,
  options: JsonStreamOptions,
): AsyncGenerator<readonly JsonPart[]> {
  const reader = new JsonReader(options);
  for await (const chunk of bytes) {
    // pieces: a batch must not grow with what the caller holds in one buffer
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) yield* reader.read(chunk.subarray(at, at + PIECE_BYTES));
  }
  yield* reader.finish();
}

const PIECE_BYTES = 64 * 1024;
const MOST_ELEMENT_BYTES = 1024 ** 2;
const MOST_DEPTH = 100;
const MOST_NAME_BYTES = 64 * 1024;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const CLOSE_OBJECT = 0x7d;
const UTF8_BOM = [0xef, 0xbb, 0xbf];

type Expected = 'a value' | 'a value or ]' | 'a name' | 'a name or }' | ':' | ', or ]' | ', or }' | 'the end';

/** A value or name whose end is looked for; it may reach over many chunks. */
interface Growing {
  readonly shape: JsonShape;
  readonly wish: JsonWish | 'name';
  readonly offset: number;
  size: number;
  tooLarge: boolean;
}

class JsonReader {
  readonly #at: (path: JsonPath) => JsonWish;
  readonly #maxElement: number;
  readonly #maxDepth: number;
  readonly #boundary: Boundary;
  readonly #path: (string | number)[] = [];
  /** Arrays and objects that were entered, and whether the caller asked for it. */
  readonly #inside: { readonly array: boolean; readonly told: boolean }[] = [];
  #expected: Expected = 'a value';
  #growing: Growing | undefined;
  /** What earlier chunks held of the growing value: one buffer for all of them, for chunks may be single bytes. */
  #held: Buffer = Buffer.alloc(0);
  #heldBytes = 0;
  #parts: JsonPart[] = [];
  #chunk: Buffer = Buffer.alloc(0);
  /** The byte of the document at which #chunk begins. */
  #base = 0;

  constructor({ at, maxElement = MOST_ELEMENT_BYTES, maxDepth = MOST_DEPTH }: JsonStreamOptions) {
    this.#at = at;
    this.#maxElement = maxElement;
    this.#maxDepth = maxDepth;
    this.#boundary = createBoundary(maxDepth);
  }

  *read(chunk: Buffer): Generator<JsonPart[]> {
    this.#chunk = chunk;
    let failed: { error: unknown } | undefined;
    try {
      let at = 0;
      // #chunk becomes a longer one when a value that was to be whole is entered after all
      while (at < this.#chunk.length) at = this.#growing === undefined ? this.#step(at) : this.#grow(this.#growing, at);
      this.#base += this.#chunk.length;
    } catch (error) {
      failed = { error };
    }
    yield* this.#takeParts();
    if (failed !== undefined) throw failed.error;
  }

  *finish(): Generator<JsonPart[]> {
    this.#chunk = Buffer.alloc(0);
    const growing = this.#growing;
    // that a number which is the whole document is complete shows at its end alone
    if (growing?.shape === 'scalar' && this.#inside.length === 0) this.#complete(growing, this.#withHeld(this.#chunk));
    yield* this.#takeParts();
    if (this.#expected === 'the end') return;
    if (this.#base === 0) throw notJson('the answer is empty, where a JSON document was expected');
    throw notJson(`the JSON document was cut off at byte ${this.#base}${this.#place()}`);
  }

  *#takeParts(): Generator<JsonPart[]> {
    if (this.#parts.length === 0) return;
    const parts = this.#parts;
    this.#parts = [];
    yield parts;
  }

  /** One byte outside of values and names; gives the place of the next to look at. */
  #step(at: number): number {
    const byte = this.#chunk[at] ?? 0;
    if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) return at + 1;
    switch (this.#expected) {
      case 'a value':
        return this.#begin(at, byte);
      case 'a value or ]':
        return byte === CLOSE_ARRAY ? this.#leave(at) : this.#begin(at, byte);
      case 'a name or }':
        if (byte === CLOSE_OBJECT) return this.#leave(at);
        return this.#beginName(at, byte);
      case 'a name':
        return this.#beginName(at, byte);
      case ':':
        if (byte !== COLON) throw this.#unexpected(at);
        this.#expected = 'a value';
        return at + 1;
      case ', or ]':
        if (byte === CLOSE_ARRAY) return this.#leave(at);
        if (byte !== COMMA) throw this.#unexpected(at);
        this.#path.push(Number(this.#path.pop()) + 1);
        this.#expected = 'a value';
        return at + 1;
      case ', or }':
        if (byte === CLOSE_OBJECT) return this.#leave(at);
        if (byte !== COMMA) throw this.#unexpected(at);
        this.#expected = 'a name';
        return at + 1;
      case 'the end':
        throw this.#unexpected(at);
      default: {
        const never: never = this.#expected;
        return never;
      }
    }
  }

  #begin(at: number, byte: number): number {
    const shape = shapeOf(byte);
    if (shape === undefined) {
      const offset = this.#base + at;
      if (offset < 3 && byte === UTF8_BOM[offset]) return at + 1;
      throw this.#unexpected(at);
    }
    const wish = (this.#inside.at(-1)?.told ?? true) ? this.#at(this.#path) : 'pass';
    // beyond the depth it is looked over like a large one
    if (shape === 'container' && (wish === 'into' || wish === 'pass') && this.#inside.length < this.#maxDepth)
      return this.#enter(at, wish === 'into');
    return this.#expectEnd(shape, wish, at);
  }

  #beginName(at: number, byte: number): number {
    if (byte !== QUOTE) throw this.#unexpected(at);
    return this.#expectEnd('text', 'name', at);
  }

  #expectEnd(shape: JsonShape, wish: JsonWish | 'name', at: number): number {
    this.#boundary.begin(shape, this.#inside.length);
    this.#growing = { shape, wish, offset: this.#base + at, size: 0, tooLarge: false };
    this.#heldBytes = 0;
    return at;
  }

  #grow(growing: Growing, at: number): number {
    const end = this.#boundary.seek(this.#chunk, at);
    if (end < -1) throw this.#unexpected(-2 - end);
    const part = this.#chunk.subarray(at, end === -1 ? undefined : end);
    growing.size += part.length;
    if (growing.size > (growing.wish === 'name' ? MOST_NAME_BYTES : this.#maxElement)) {
      if (growing.wish === 'name')
        throw notJson(`a name of more than ${MOST_NAME_BYTES} bytes at byte ${growing.offset}`);
      if (growing.wish === 'whole-or-into' && growing.shape === 'container' && !this.#boundary.tooDeep)
        return this.#enterAfterAll(growing, at);
      growing.tooLarge = true;
      this.#heldBytes = 0;
    }
    if (end === -1) {
      if (!growing.tooLarge) this.#hold(part);
      return this.#chunk.length;
    }
    this.#complete(growing, growing.tooLarge ? part : this.#withHeld(part));
    return end;
  }

  /** A copy: the caller may use the chunk's memory again. */
  #hold(part: Buffer): void {
    const bytes = this.#heldBytes + part.length;
    if (bytes > this.#held.length) {
      const larger = Buffer.allocUnsafe(Math.max(PIECE_BYTES, 2 * bytes));
      this.#held.copy(larger, 0, 0, this.#heldBytes);
      this.#held = larger;
    }
    part.copy(this.#held, this.#heldBytes);
    this.#heldBytes = bytes;
  }

  #withHeld(part: Buffer): Buffer {
    if (this.#heldBytes === 0) return part;
    this.#hold(part);
    return this.#held.subarray(0, this.#heldBytes);
  }

  #complete({ shape, wish, offset, tooLarge }: Growing, bytes: Buffer): void {
    this.#growing = undefined;
    if (wish === 'name') {
      const name = parsed(bytes);
      if (name === undefined) throw notJson(`the name at byte ${offset}${this.#place()} is no JSON text`);
      this.#path[this.#path.length - 1] = String(name);
      this.#expected = ':';
      return;
    }
    this.#expectNext();
    let reason: PassedReason | undefined = this.#boundary.tooDeep ? 'too deep' : tooLarge ? 'too large' : undefined;
    const value = reason === undefined ? parsed(bytes) : undefined;
    if (reason === undefined && value === undefined) {
      // where a number or word ends is a guess when it is none, so nothing behind it can be trusted
      if (shape === 'scalar' || wish === 'pass')
        throw notJson(`the value at byte ${offset}${this.#place()} is no JSON`);
      reason = 'not JSON';
    }
    if (wish === 'pass') return;
    const path = [...this.#path];
    this.#parts.push(
      reason === undefined ? { kind: 'value', path, offset, value } : { kind: 'passed', path, offset, reason },
    );
  }

  #enter(at: number, told: boolean): number {
    const array = this.#chunk[at] === OPEN_ARRAY;
    if (told) this.#parts.push({ kind: 'open', path: [...this.#path], offset: this.#base + at });
    this.#inside.push({ array, told });
    this.#path.push(array ? 0 : '');
    this.#expected = array ? 'a value or ]' : 'a name or }';
    return at + 1;
  }

  /** A value that was to be whole if it fits, and does not: back to its beginning, which is still there. */
  #enterAfterAll(growing: Growing, at: number): number {
    this.#growing = undefined;
    this.#chunk = Buffer.concat([this.#held.subarray(0, this.#heldBytes), this.#chunk.subarray(at)]);
    this.#base = growing.offset;
    return this.#enter(0, true);
  }

  #leave(at: number): number {
    const told = this.#inside.pop()?.told ?? false;
    this.#path.pop();
    if (told) this.#parts.push({ kind: 'close', path: [...this.#path], offset: this.#base + at });
    this.#expectNext();
    return at + 1;
  }

  #expectNext(): void {
    const inside = this.#inside.at(-1);
    this.#expected = inside === undefined ? 'the end' : inside.array ? ', or ]' : ', or }';
  }

  #unexpected(at: number): TiplineError {
    const inside = this.#growing === undefined ? this.#expected : 'the other kind of bracket';
    return notJson(`the answer is not JSON at byte ${this.#base + at}${this.#place()}: ${inside} was expected there`);
  }

  #place(): string {
    let place = '';
    for (const step of this.#path) place += typeof step === 'number' ? `[${step}]` : `.${step}`;
    return place === '' ? '' : `, in ${printable(place.replace(/^\./, ''), 100)}`;
  }
}

/** Undefined when it is no JSON, which no JSON text gives. */
function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

function notJson(message: string): TiplineError {
  return new TiplineError('FEED_NOT_JSON', message, { retryable: true });
}
