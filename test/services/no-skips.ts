import type { TestEvent } from 'node:test/reporters';

/**
 * A reporter for `node --test` that says nothing but fails the run when a test was skipped or left to do:
 * a green run means that everything was tested.
 */
export default async function* noSkips(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const untested: string[] = [];
  for await (const event of events) {
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue;
    const { name, file, skip, todo } = event.data;
    if (skip !== undefined || todo !== undefined) untested.push(`${name} (${file ?? 'unknown file'})`);
  }
  if (untested.length === 0) return;
  process.exitCode = 1;
  yield `\nThe run fails because ${untested.length} tests were not run. A missing thing must be installed, not skipped:\n`;
  for (const test of untested) yield `  ${test}\n`;
}
