import { isUtf8 } from 'node:buffer';
import { isFields } from '../../core/contract/fields.ts';
import { type ForeignRecord, Unreadable } from '../feed.ts';
import { createBoundary } from './json-boundary.ts';
import { isBlank } from './lines.ts';

/**
 * Cuts JSON objects out of a stream of lines, however the sender lays them out: one a line, several a line, arrays of them, and objects
 * that are printed over many lines. What is no object comes as Unreadable; nothing is lost but what is above the cap.
 *
 * One mistake costs what belongs to it. A text that is open at the end of a line, or a bracket of the wrong kind, ends what was
 * begun; and an object that begins a line where no value may stand shows that the one before it was cut off.
 */
export interface JsonPieces {
  /** `line`: without its end; a view, which is not kept. */
  take(line: Buffer): Generator<ForeignRecord | Unreadable>;
  /** What was begun and never ended. */
  end(): Generator<Unreadable>;
  /** An object is begun and not ended. */
  readonly open: boolean;
  /** Objects above the cap so far. */
  readonly tooLong: number;
}

/** Deeper ones are cut like the others; whether their brackets match is left to JSON.parse. */
const CHECKED_DEPTH = 100;

const LF = Buffer.from('\n');
const OPEN_OBJECT = 0x7b;

export function createJsonPieces({ maxRecord }: { maxRecord: number }): JsonPieces {
  const boundary = createBoundary(CHECKED_DEPTH);
  let open = false;
  /** The lines of the open object so far; nothing when it is above the cap. */
  let held: Buffer[] = [];
  let heldBytes = 0;
  let passing = false;
  /** The last byte of it that is no white space. */
  let last = 0;
  let tooLong = 0;

  function* take(line: Buffer): Generator<ForeignRecord | Unreadable> {
    if (isBlank(line)) return;
    if (open && isCutOffBefore(line)) yield* letGo();
    const whole = open ? undefined : wholeLine(line, maxRecord);
    yield* whole ?? cut(line);
  }

  /** Behind a value there is a comma or a bracket, never another value. */
  function isCutOffBefore(line: Buffer): boolean {
    return startsWithObject(line) && last !== 0x2c && last !== 0x3a && last !== 0x5b;
  }

  function* cut(line: Buffer): Generator<ForeignRecord | Unreadable> {
    let at = 0;
    let taken = 0;
    while (at < line.length) {
      if (!open) {
        if (isBetween(line[at] ?? 0)) {
          at += 1;
          continue;
        }
        if (line[at] !== OPEN_OBJECT) {
          yield* tell(line.subarray(taken));
          return;
        }
        open = true;
        boundary.begin('container', 0);
      }
      const end = boundary.seek(line, at);
      hold(line.subarray(at, end < 0 ? undefined : end));
      if (end === -1) break;
      if (end < -1) {
        yield* letGo();
        return;
      }
      yield* complete();
      at = end;
      taken = end;
    }
    if (!open) return;
    if (boundary.inText) yield* letGo();
    else hold(LF);
  }

  function hold(part: Buffer): void {
    heldBytes += part.length;
    if (!passing && heldBytes > maxRecord) {
      passing = true;
      tooLong += 1;
      held = [];
    }
    // a copy: the line is a view
    if (!passing) held.push(part === LF ? LF : Buffer.from(part));
    for (let at = part.length - 1; at >= 0; at -= 1) {
      if ((part[at] ?? 0) <= 0x20) continue;
      last = part[at] ?? 0;
      break;
    }
  }

  function* complete(): Generator<ForeignRecord | Unreadable> {
    if (passing) return void reset();
    const bytes = held.length === 1 && held[0] !== undefined ? held[0] : Buffer.concat(held);
    reset();
    const value = parsed(bytes);
    yield isFields(value) ? value : new Unreadable(bytes);
  }

  function* letGo(): Generator<Unreadable> {
    // the end of its last line is not part of it
    if (held.at(-1) === LF) held.pop();
    const bytes = passing ? undefined : Buffer.concat(held);
    reset();
    if (bytes !== undefined) yield new Unreadable(bytes);
  }

  /** What is no object and begins none. */
  function* tell(bytes: Buffer): Generator<Unreadable> {
    if (bytes.length > maxRecord) tooLong += 1;
    else yield new Unreadable(Buffer.from(bytes));
  }

  function reset(): void {
    open = false;
    held = [];
    heldBytes = 0;
    passing = false;
    last = 0;
  }

  function* end(): Generator<Unreadable> {
    if (open) yield* letGo();
  }

  return {
    take,
    end,
    get open() {
      return open;
    },
    get tooLong() {
      return tooLong;
    },
  };
}

/** The objects of a line that is one document: the way that nearly all lines go. Undefined for all others. */
function wholeLine(line: Buffer, maxRecord: number): readonly ForeignRecord[] | undefined {
  if (line.length > maxRecord) return undefined;
  const value = parsed(line);
  if (isFields(value)) return [value];
  return Array.isArray(value) && value.every(isFields) ? value : undefined;
}

function parsed(bytes: Buffer): unknown {
  // JSON.parse would see U+FFFD where the bytes are broken, and a changed indicator would pass for a real one
  if (!isUtf8(bytes)) return undefined;
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** White space of JSON (RFC 8259); NUL bytes are none, and are told of. */
function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;
}

/** What may stand between two objects, inside an array of them or not. */
function isBetween(byte: number): boolean {
  return isSpace(byte) || byte === 0x2c || byte === 0x5b || byte === 0x5d;
}

function startsWithObject(line: Buffer): boolean {
  for (const byte of line) if (!(isSpace(byte) || byte === 0x5b)) return byte === OPEN_OBJECT;
  return false;
}
