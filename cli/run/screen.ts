/** Lines at the end of a terminal that are written again and again in the same place. */
export interface Screen {
  /** Shows these lines instead of those before. What does not fit into the window is cut off: a line that wraps could not be found again. */
  draw(lines: readonly string[]): void;
}

type Terminal = Pick<NodeJS.WriteStream, 'write' | 'columns' | 'rows'>;

const ERASE_LINE = '\u001b[K';
const ERASE_BELOW = '\u001b[J';
const up = (lines: number): string => (lines > 0 ? `\u001b[${lines}A` : '');

export function createScreen(out: Terminal): Screen {
  let shown: readonly string[] = [];
  return {
    draw(lines) {
      const columns = Math.max(20, out.columns || 80);
      const rows = Math.max(5, out.rows || 24);
      const fitting = lines.slice(0, rows - 1).map((line) => [...line].slice(0, columns - 1).join(''));
      // a window that was made narrower has broken the lines of before
      const before = shown.reduce((sum, line) => sum + Math.max(1, Math.ceil([...line].length / columns)), 0);
      // in one write: half a picture would flicker
      out.write(
        `${up(Math.min(before, rows - 1))}\r${fitting.map((line) => `${line}${ERASE_LINE}\n`).join('')}${ERASE_BELOW}`,
      );
      shown = fitting;
    },
  };
}
