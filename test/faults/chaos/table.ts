import type { ChaosResult } from './run.ts';

/** What a run met and what stood at its end, for people. */
export function chaosTable({ seed, faults, statements, crashes, differences, settledAfterMs }: ChaosResult): string {
  const struck = Object.values(faults).reduce((sum, count) => sum + count, 0);
  return [
    `seed ${seed}: ${struck} faults, ${statements.vetted} statements from the file, ${statements.push} pushed, settled after ${(settledAfterMs / 1000).toFixed(0)} s`,
    ...Object.entries(faults)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, count]) => `  ${String(count).padStart(4)}  ${name}`),
    ...crashes.map((crash) => `  ended by itself: ${crash}`),
    differences.length === 0 ? '  all equal' : `  DIFFERENT\n    ${differences.join('\n    ')}`,
  ].join('\n');
}
