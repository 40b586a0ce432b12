import { isComment, withoutTrailingComment } from './comments.ts';
import { splitCsv } from './csv-row.ts';
import { MOST_LINE_BYTES } from './lines.ts';

/** As a delimiter: two blanks or more, by which columns are put under each other. */
export const ALIGNED = '  ';

export interface RowFormat {
  /** Undefined: a line is one cell. */
  readonly delimiter: string | undefined;
  /** Cells may stand in double quotes, with delimiters and line ends inside (RFC 4180). */
  readonly quotes: boolean;
  readonly comments: readonly string[];
}

/** What a row says to whoever reads it; `number` is the line that it begins in. */
export interface TakeRows {
  row(cells: readonly string[], number: number): void;
  /** A line that is no row; `whole` are the cells of a last row that breaks off, without the one that does. */
  broken(reason: string, number: number, whole?: readonly string[]): void;
}

/** Puts lines together to rows. A row with a stray quote costs itself alone: it is told, and reading goes on with the line behind it. */
export interface RowSplitter {
  line(text: string, number: number): void;
  /** The last line, which has no end: one that is shorter than all rows before was cut off, and half a cell would become a record. */
  last(text: string, number: number): void;
}

/** A quoted cell that is still open after so many lines was a stray quote. */
const MOST_ROW_LINES = 50;

export function createRowSplitter({ delimiter, quotes, comments }: RowFormat, take: TakeRows): RowSplitter {
  /** Lines of a row whose quoted cell is still open. */
  let open: { text: string; number: number }[] = [];
  let openBytes = 0;
  /** Cells of each row so far; NaN when they differ. */
  let width: number | undefined;

  function takeCells(cells: readonly string[], number: number): void {
    width ??= cells.length;
    if (width !== cells.length) width = Number.NaN;
    take.row(cells, number);
  }

  function line(text: string, number: number): void {
    if (open.length === 0) {
      if (text.trim() === '' || isComment(text.trimStart(), comments)) return;
      if (delimiter === undefined) {
        takeCells([withoutTrailingComment(text, comments)], number);
        return;
      }
      if (!quotes || delimiter === ALIGNED || !text.includes('"')) {
        takeCells(delimiter === ALIGNED ? text.trim().split(/\s{2,}/) : text.split(delimiter), number);
        return;
      }
    }
    open.push({ text, number });
    openBytes += text.length;
    const row = splitCsv(open.map((each) => each.text).join('\n'), delimiter ?? ',');
    const first = open[0] ?? { text, number };
    if (row !== undefined && (row.clean || open.length === 1)) {
      open = [];
      openBytes = 0;
      takeCells(row.cells, first.number);
    } else if (row !== undefined || open.length >= MOST_ROW_LINES || openBytes > MOST_LINE_BYTES) {
      giveUpRow();
    }
  }

  function giveUpRow(): void {
    const [first, ...behind] = open;
    open = [];
    openBytes = 0;
    if (first !== undefined) take.broken('a quote that is never closed', first.number);
    for (const each of behind) line(each.text, each.number);
  }

  function isCutOff(text: string): boolean {
    if (delimiter === undefined || delimiter === ALIGNED || width === undefined || text.trim() === '') return false;
    return !isComment(text.trimStart(), comments) && text.split(delimiter).length < width;
  }

  return {
    line,
    last(text, number) {
      if (open.length === 0 && isCutOff(text)) {
        const whole = text.split(delimiter ?? ',').slice(0, -1);
        take.broken('the row breaks off, as the list does', number, whole);
      } else if (text.length > 0) line(text, number);
      while (open.length > 0) giveUpRow();
    },
  };
}
