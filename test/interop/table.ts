/** One reading of one server, by a public client and by tipline. */
export interface Row {
  server: string;
  protocol: string;
  client: string;
  reading: string;
  /** Objects or content blocks that the server was given for it. */
  loaded: string;
  /** Those that it has to give now, old versions left out. */
  gives: number;
  /** How many of those the client got. */
  clientGot: number | string;
  /** Objects or blocks that tipline's records come from, of those that are new to it and name indicators. */
  tiplineGot: string;
  records: number;
  /** Pages, or parts of results, that both asked for. */
  pages: string;
  /** The whole run of tipline. */
  seconds: number;
}

const COLUMNS: readonly (readonly [title: string, cell: (row: Row) => string])[] = [
  ['server', ({ server }) => server],
  ['protocol', ({ protocol }) => protocol],
  ['client', ({ client }) => client],
  ['reading', ({ reading }) => reading],
  ['loaded', ({ loaded }) => loaded],
  ['has', ({ gives }) => String(gives)],
  ['client got', ({ clientGot }) => String(clientGot)],
  ['tipline got', ({ tiplineGot }) => tiplineGot],
  ['records', ({ records }) => String(records)],
  ['pages client/tipline', ({ pages }) => pages],
  ['tipline took', ({ seconds }) => `${seconds.toFixed(1)} s`],
];

export function asText(rows: readonly Row[]): string {
  const lines = [COLUMNS.map(([title]) => title), ...rows.map((row) => COLUMNS.map(([, cell]) => cell(row)))];
  const widths = COLUMNS.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
