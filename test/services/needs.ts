import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What the tests of a run want to find on the machine. */
export interface Needs {
  kafka: boolean;
  elasticsearch: boolean;
  namespaces: boolean;
}

const given = join(import.meta.dirname, 'given.ts');
const namespaces = join(import.meta.dirname, 'netns.ts');

/** Follows the imports of the test files: who names `givenKafka` needs it, who reaches netns.ts needs namespaces. */
export function needsOf(testFiles: readonly string[]): Needs {
  const needs: Needs = { kafka: false, elasticsearch: false, namespaces: false };
  const seen = new Set<string>();
  const ahead = [...testFiles];
  for (let file = ahead.pop(); file !== undefined; file = ahead.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    if (file === namespaces) needs.namespaces = true;
    // given.ts itself names both; the question is who asks it.
    if (file === given) continue;
    const text = readFileSync(file, 'utf8');
    const imports = importsOf(text, dirname(file));
    if (imports.includes(given)) {
      needs.kafka ||= /\bgivenKafka\b/.test(text);
      needs.elasticsearch ||= /\bgivenElasticsearch\b/.test(text);
    }
    ahead.push(...imports);
  }
  return needs;
}

/** What a process has only one of, or what makes others: a test that touches it would be in the way of tests beside it. */
const OF_THE_PROCESS =
  /node:child_process|node:worker_threads|\bprocess\.(?:env\.\w+ *=|exitCode *=|chdir|on\(|execPath)|\bmock\.timers|\bglobalThis\b/;
/** Of this folder, what starts nothing. */
const PASSIVE = new Set(['wait.ts', 'free-port.ts', 'needs.ts'].map((name) => join(import.meta.dirname, name)));

/** Can this test run in one process with others? Neither it nor what it imports of the tests touches what belongs to the process. */
export function sharesProcess(testFile: string): boolean {
  const tests = join(import.meta.dirname, '..');
  // Nothing is known of one from elsewhere.
  if (!testFile.startsWith(tests)) return false;
  const seen = new Set<string>();
  const ahead = [testFile];
  for (let file = ahead.pop(); file !== undefined; file = ahead.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    if (!file.startsWith(tests)) continue;
    if (file.startsWith(import.meta.dirname) && !PASSIVE.has(file)) return false;
    const text = readFileSync(file, 'utf8');
    if (OF_THE_PROCESS.test(text)) return false;
    ahead.push(...importsOf(text, dirname(file)));
  }
  return true;
}

/** Absolute paths of the project's own files that a source text imports; a text may also quote imports of others. */
function importsOf(text: string, folder: string): string[] {
  return [...text.matchAll(/(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"]+\.ts)['"]/g)]
    .map((match) => join(folder, match[1] ?? ''))
    .filter((file) => existsSync(file));
}
