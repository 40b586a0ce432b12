/** Called for each line, without its end. `line` is a view that must not be kept; `number` counts from 1. */
export type TakeLine = (line: Buffer, number: number) => void;

/** Cuts bytes into lines, whatever the chunks: the unfinished last one is kept, and one above the cap is passed over without being kept. */
export interface LineSplitter {
  push(chunk: Buffer, take: TakeLine): void;
  /** The bytes behind the last line end; empty while a line that is too long is passed over. */
  rest(): Buffer;
  /** True while a line that is too long is passed over. */
  readonly passing: boolean;
  /** A line is begun and not ended. */
  readonly pending: boolean;
  /** Lines so far, those passed over included. */
  readonly count: number;
  /** Lines passed over so far. */
  readonly tooLong: number;
}

export interface LineSplitterOptions {
  /** Bytes without the line end. */
  maxLine: number;
  /** Begins in the middle of a line that is too long. */
  passing?: boolean;
  /** Lines before the first byte. */
  count?: number;
}

export const MOST_LINE_BYTES = 64 * 1024;

const LF = 0x0a;
const CR = 0x0d;

/** LF and CRLF end a line. Works on bytes, so no UTF-8 sequence is ever cut in two. */
export function createLineSplitter(options: LineSplitterOptions): LineSplitter {
  const { maxLine } = options;
  let passing = options.passing ?? false;
  let count = options.count ?? 0;
  let tooLong = 0;
  // pieces and not one growing buffer: a client that sends single bytes would have it copied for each
  let pieces: Buffer[] = [];
  let held = 0;

  function finish(tail: Buffer, take: TakeLine): void {
    count += 1;
    if (passing) {
      passing = false;
      return;
    }
    const whole = pieces.length === 0 ? tail : Buffer.concat([...pieces, tail]);
    pieces = [];
    held = 0;
    const end = whole.length > 0 && whole[whole.length - 1] === CR ? whole.length - 1 : whole.length;
    if (end > maxLine) tooLong += 1;
    else take(end === whole.length ? whole : whole.subarray(0, end), count);
  }

  return {
    push(chunk, take) {
      let from = 0;
      for (let at = chunk.indexOf(LF); at !== -1; at = chunk.indexOf(LF, from)) {
        finish(chunk.subarray(from, at), take);
        from = at + 1;
      }
      if (passing || from === chunk.length) return;
      if (held + chunk.length - from > maxLine + 1) {
        tooLong += 1;
        passing = true;
        pieces = [];
        held = 0;
        return;
      }
      // a copy: the chunk may be a view into a buffer that is used again
      pieces.push(Buffer.from(chunk.subarray(from)));
      held += chunk.length - from;
    },
    rest: () => (pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces)),
    get passing() {
      return passing;
    },
    get pending() {
      return passing || held > 0;
    },
    get count() {
      return count;
    },
    get tooLong() {
      return tooLong;
    },
  };
}

/** True for a line that says nothing: white space alone. */
export function isBlank(line: Buffer): boolean {
  for (const byte of line) if (byte !== 0x20 && byte !== 0x09 && byte !== CR) return false;
  return true;
}
