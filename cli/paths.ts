import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder with package.json, rules/ and examples/: one up from here in a checkout, two up in the published package (dist/cli). */
export const PACKAGE_ROOT = findRoot(dirname(fileURLToPath(import.meta.url)));

function findRoot(from: string): string {
  return existsSync(join(from, 'rules', 'severity.yaml')) || dirname(from) === from ? from : findRoot(dirname(from));
}

/** A file shipped with tipline. */
export function shipped(...parts: string[]): string {
  return join(PACKAGE_ROOT, ...parts);
}
