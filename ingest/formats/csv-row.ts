const QUOTE = 0x22;

export interface CsvRow {
  cells: string[];
  /** False when something stands between a closing quote and the delimiter: perhaps that quote opened another cell. */
  clean: boolean;
}

/**
 * The cells of one CSV row (RFC 4180, with white space allowed around quoted cells, as in `"a", "b"`). Undefined when a quoted cell is
 * not closed: the row goes on in the next line, or the quote is a stray one. A quote inside an unquoted cell is content.
 *
 * Our own, because a stray quote must cost one row: a parser that reads on to the next quote, or to its size cap, loses the list behind it.
 */
export function splitCsv(row: string, delimiter: string): CsvRow | undefined {
  const cells: string[] = [];
  let clean = true;
  let at = 0;
  for (;;) {
    let start = at;
    while (row.charCodeAt(start) === 0x20 && delimiter !== ' ') start += 1;
    if (row.charCodeAt(start) === QUOTE) {
      const close = closingQuote(row, start + 1);
      if (close === -1) return undefined;
      const end = endOfCell(row, close + 1, delimiter);
      const behind = row.slice(close + 1, end).trim();
      if (behind !== '') clean = false;
      cells.push(row.slice(start + 1, close).replaceAll('""', '"') + behind);
      at = end;
    } else {
      const end = endOfCell(row, at, delimiter);
      cells.push(row.slice(at, end));
      at = end;
    }
    if (at >= row.length) return { cells, clean };
    at += delimiter.length;
  }
}

function endOfCell(row: string, from: number, delimiter: string): number {
  const at = row.indexOf(delimiter, from);
  return at === -1 ? row.length : at;
}

/** Index of the quote that closes a cell; a doubled quote is one quote of its content. */
function closingQuote(row: string, from: number): number {
  for (let at = row.indexOf('"', from); at !== -1; at = row.indexOf('"', at + 2)) {
    if (row.charCodeAt(at + 1) !== QUOTE) return at;
  }
  return -1;
}
