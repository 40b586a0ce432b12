import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder with package.json, rules/ and examples/: one up from here in a checkout, two up in the published package (dist/cli). */
export const PACKAGE_ROOT = findRoot(dirname(fileURLToPath(import.meta.url)));

function findRoot(from: string): string {
  return existsSync(join(from, 'rules', 'severity.yaml')) || dirname(from) === from ? from : findRoot(dirname(from));
}

/** How an operator calls tipline here: a checkout runs its sources, and has no command of that name. */
export const COMMAND = import.meta.url.endsWith('.ts') ? 'npm run -s tipline --' : 'tipline';

/** A file shipped with tipline. */
export function shipped(...parts: string[]): string {
  return join(PACKAGE_ROOT, ...parts);
}
