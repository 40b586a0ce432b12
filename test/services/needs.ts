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

/** Absolute paths of the project's own files that a source text imports; a text may also quote imports of others. */
function importsOf(text: string, folder: string): string[] {
  return [...text.matchAll(/(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"]+\.ts)['"]/g)]
    .map((match) => join(folder, match[1] ?? ''))
    .filter((file) => existsSync(file));
}
