import { relative } from 'node:path';
import type { TestEvent } from 'node:test/reporters';

const SHOWN = 20;

/** A reporter for `node --test` that says at the end which files took longest: where a run that grew too long is to be cut. */
export default async function* slowest(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const files: { file: string; ms: number; tests: number }[] = [];
  for await (const event of events) {
    if (event.type !== 'test:summary' || event.data.file === undefined) continue;
    const { file, duration_ms: ms, counts } = event.data;
    files.push({ file, ms, tests: counts.tests });
  }
  if (files.length < 2) return;
  const total = files.reduce((sum, { ms }) => sum + ms, 0);
  yield `\n${files.length} files took ${(total / 1000).toFixed(0)} s one after the other; the slowest:\n`;
  for (const { file, ms, tests } of files.sort((a, b) => b.ms - a.ms).slice(0, SHOWN))
    yield `  ${(ms / 1000).toFixed(1).padStart(6)} s ${String(tests).padStart(4)} tests  ${relative(process.cwd(), file)}\n`;
}
