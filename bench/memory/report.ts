import type { Input } from './inputs.ts';

export const MB = 1024 ** 2;

/** What one input came to. */
export interface Line {
  input: Input;
  title: string;
  library: string;
  bytes: number;
  expected: number;
  /** Records on ioc.raw. */
  onTopic: number;
  exit: number | string;
  ingest: Speed;
  parse: Speed;
  bare: Speed;
  faults: string[];
}

export interface Speed {
  seconds: number;
  cpu: number;
  rss: number;
}

export interface BombLine {
  /** What each bomb ended with, by its feed. */
  ends: Record<string, string>;
  rss: number;
  neighbour: { asked: number; onTopic: number };
  faults: string[];
}

export function table(lines: readonly Line[], limit: { bytes: number; kind: string }): string {
  const rows = lines.map((line) => [
    line.title,
    whole(line.bytes / MB),
    line.onTopic.toLocaleString('en'),
    `${whole(line.ingest.rss / MB)} MB`,
    rate(line, line.ingest),
    rate(line, line.parse),
    `${rate(line, line.bare)} ${line.library}`,
    (line.bare.seconds / line.parse.seconds).toFixed(2),
    (line.bare.cpu / line.parse.cpu).toFixed(2),
    `${whole(line.parse.rss / MB)} / ${whole(line.bare.rss / MB)}`,
  ]);
  const head = [
    'input',
    'MB',
    'records',
    'peak RSS',
    'ingest MB/s',
    'parse MB/s',
    'bare MB/s',
    'ratio',
    'by CPU',
    'RSS parse/bare',
  ];
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  const text = all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [`limit ${whole(limit.bytes / MB)} MB, held by ${limit.kind}`, ...text].join('\n');
}

function rate({ bytes }: Line, { seconds }: Speed): string {
  return (bytes / MB / seconds).toFixed(1);
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}
