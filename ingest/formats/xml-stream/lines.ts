/** Counts the lines of a text that comes in pieces; each line feed is looked for once. */
export interface Lines {
  begin(piece: string): void;
  /** Everything before `at` was read. */
  countTo(at: number): void;
  /** The piece was read up to `at`; what is behind it comes again. */
  end(at: number): void;
  /** From 1. */
  readonly line: number;
  /** Characters of the line before `at`. */
  column(at: number): number;
}

export function createLines(): Lines {
  let piece = '';
  let line = 1;
  /** Of the last line, what earlier pieces held. */
  let before = 0;
  let next = 0;

  function after(from: number): number {
    const found = piece.indexOf('\n', from);
    return found === -1 ? Number.POSITIVE_INFINITY : found;
  }

  function countTo(at: number): void {
    while (next < at) {
      line += 1;
      next = after(next + 1);
    }
  }

  function column(at: number): number {
    const start = at === 0 ? -1 : piece.lastIndexOf('\n', at - 1);
    return start === -1 ? before + at : at - start - 1;
  }

  return {
    begin(text) {
      piece = text;
      next = after(0);
    },
    countTo,
    end(at) {
      countTo(at);
      before = column(at);
      piece = '';
      next = Number.POSITIVE_INFINITY;
    },
    get line() {
      return line;
    },
    column,
  };
}
