import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, it } from 'node:test';
import { needsOf, sharesProcess } from './needs.ts';

const folder = mkdtempSync(join(tmpdir(), 'tipline-needs-'));
after(() => rmSync(folder, { recursive: true }));

const given = relative(folder, join(import.meta.dirname, 'given.ts'));
const nothing = { kafka: false, elasticsearch: false, namespaces: false };

it('finds no need in tests that ask for nothing', () => {
  const file = written('plain.ts', `import { freshName } from '${given}'; // not givenElasticsearch's concern`);
  const other = written('other.ts', "import { it } from 'node:test'; export const givenKafka = 'a name of its own';");
  assert.deepEqual(needsOf([other]), nothing);
  // A word in a comment is enough: a server too many is better than one too few.
  assert.deepEqual(needsOf([file]), { ...nothing, elasticsearch: true });
});

it('follows imports to whoever asks for a server', () => {
  written('suite.ts', `import {\n  givenKafka,\n} from '${given}';\nimport './circle.ts';`);
  written('circle.ts', "export * from './suite.ts';");
  const file = written('uses-suite.ts', "const suite = await import('./suite.ts');");
  assert.deepEqual(needsOf([file]), { ...nothing, kafka: true });
});

it('knows who works with namespaces', () => {
  assert.deepEqual(needsOf([join(import.meta.dirname, 'netns.test.ts')]), { ...nothing, namespaces: true });
});

it('lets tests share a process that touch nothing of it, themselves or by what they import', () => {
  const plain = join(import.meta.dirname, '../core/indicator/id.test.ts');
  assert.ok(sharesProcess(plain));
  assert.ok(!sharesProcess(join(import.meta.dirname, 'netns.test.ts')), 'makes namespaces');
  assert.ok(!sharesProcess(written('elsewhere.test.ts', "import 'node:test';")), 'is none of ours');
  assert.ok(
    !sharesProcess(join(import.meta.dirname, '../e2e/exit-codes.test.ts')),
    'starts tipline, by what it imports',
  );
});

function written(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}
