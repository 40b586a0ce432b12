import { type Cell, isDeath, type Trouble } from './cell.ts';
import type { Stand } from './stand.ts';

/** Feeds down, troubles across. `ok`: all arrived, within one reading; `ok*`: an error was told first, then all arrived. */
export function matrixOf(stands: readonly Stand[], troubles: readonly Trouble[], cells: readonly Cell[]): string {
  const at = new Map(cells.map((cell) => [`${cell.feed}|${cell.trouble}`, cell]));
  const head = [
    'feed',
    ...troubles.map((_, index) => String(index + 1)),
    'struck',
    'delivered',
    'distinct',
    'requests',
  ];
  const rows = stands.map(({ name }) => {
    const own = cells.filter(({ feed }) => feed === name);
    return [
      name,
      ...troubles.map((trouble) => wordOf(at.get(`${name}|${trouble}`))),
      ...(['struck', 'delivered', 'distinct', 'requests'] as const).map((key) =>
        String(own.reduce((sum, cell) => sum + cell[key], 0)),
      ),
    ];
  });
  const legend = troubles.map((trouble, index) => {
    const met = cells.filter((cell) => cell.trouble === trouble);
    const struck = met.reduce((sum, cell) => sum + cell.struck, 0);
    const errors = [...new Set(met.flatMap((cell) => cell.errors))].sort().join(', ');
    return `${String(index + 1).padStart(3)} ${trouble}: met by ${met.length} feeds, struck ${struck} times${errors === '' ? '' : `; told as ${errors}`}`;
  });
  return [
    'ok: all arrived within the reading; ok*: the reading told an error, and a later one brought the rest; -: cannot meet it',
    ...linesUp([head, ...rows]),
    ...legend,
    ...reasons(stands, troubles),
  ].join('\n');
}

function wordOf(cell: Cell | undefined): string {
  if (cell === undefined) return '-';
  if (cell.complaints.length > 0) return 'BAD';
  return cell.errors.length > 0 ? 'ok*' : 'ok';
}

/** Why there is a `-`, told once a reason. */
function reasons(stands: readonly Stand[], troubles: readonly Trouble[]): string[] {
  const by = new Map<string, Set<string>>();
  for (const { name, unmet } of stands) {
    for (const trouble of troubles) {
      const reason = isDeath(trouble) ? undefined : unmet[trouble];
      if (reason === undefined) continue;
      const line = `  - ${trouble}: ${reason}`;
      by.set(line, (by.get(line) ?? new Set()).add(name));
    }
  }
  return [...by].sort(([a], [b]) => (a < b ? -1 : 1)).map(([line, names]) => `${line} (${names.size} feeds)`);
}

/** Columns under each other. */
export function linesUp(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join(' '),
  );
}
