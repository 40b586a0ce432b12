import type { FeedOutcome } from './run.ts';

const COLUMNS = ['feed', 'polls', 'requests', 'errors', 'records', 'distinct', 'cursor'];
const LONGEST = 60;

/** One line a feed: what was asked of it, what went wrong, and what came of it. */
export function table(feeds: readonly FeedOutcome[]): string {
  const rows = feeds.map(({ name, polls, requests, records, delivered, state }) => [
    name,
    String(polls.length),
    String(requests.length),
    String(polls.filter(({ outcome }) => outcome === 'failed').length),
    String(records),
    String(delivered.length),
    endOf(JSON.stringify(state.cursor)),
  ]);
  const all = [COLUMNS, ...rows];
  const widths = COLUMNS.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all
    .map((row) =>
      row
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          return column === 0 || column === row.length - 1 ? cell.padEnd(width) : cell.padStart(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** The end of a cursor tells the place, its beginning the settings. */
function endOf(text: string): string {
  return text.length <= LONGEST ? text : `…${text.slice(1 - LONGEST)}`;
}
