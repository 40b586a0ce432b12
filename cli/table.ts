import { UNPRINTABLE } from './json-line.ts';

/** Rows as an aligned table for a terminal; numbers to the right. Text from feeds is made harmless first. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [
    head,
    ...rows.map((row) => row.map((cell) => (typeof cell === 'number' ? cell.toLocaleString('en') : printable(cell)))),
  ];
  const widths = head.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  const isNumber = head.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (isNumber[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
  const [first = [], ...rest] = cells;
  return [line(first), ...rest.map(line)].join('\n');
}

/** A terminal obeys control characters: an indicator must not be able to move its cursor or change its title. */
export function printable(text: string, most = 120): string {
  const clean = text.replace(UNPRINTABLE, '?');
  return clean.length > most ? `${clean.slice(0, most - 1)}…` : clean;
}
