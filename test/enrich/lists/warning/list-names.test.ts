import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createBenignValues } from '../../../../enrich/lists/warning/benign-values.ts';
import { createExceptions } from '../../../../enrich/lists/warning/exceptions.ts';
import { findListFiles, readListFiles } from '../../../../enrich/lists/warning/folders.ts';

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'tipline-lists-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [at, name] of [
    ['front-ends', 'Our front ends'],
    ['resolvers', 'Public resolvers'],
  ] as const) {
    mkdirSync(join(folder, at));
    const list = { name, type: 'hostname', list: [`${at}.example.org`], matching_attributes: [] };
    writeFileSync(join(folder, at, 'list.json'), JSON.stringify(list));
  }
  return folder;
}

test('a name that no list has is told, with the names that there are', async (t) => {
  const files = await findListFiles([folderOf(t)]);
  const { problems, sorted } = await readListFiles(files, {
    except_lists: ['RESOLVERS', 'resolver'],
    whole_hosts: ['our front ends', 'Front ends'],
  });
  assert.deepEqual(problems, [
    'enrich.warning_lists.except_lists: no list is called "resolver"; there are front-ends, resolvers',
    'enrich.warning_lists.whole_hosts: no list is called "Front ends"; there are front-ends, resolvers',
  ]);
  assert.deepEqual(
    sorted.lists.map(({ name }) => name),
    ['Our front ends'],
  );
});

test('a list is meant by its name or that of its folder, in any case of letters, wherever lists are named', async (t) => {
  const files = await findListFiles([folderOf(t)]);
  for (const called of ['Our front ends', 'our FRONT ends', 'front-ends']) {
    const { sorted, wholeHosts, problems } = await readListFiles(files, { except_lists: [], whole_hosts: [called] });
    assert.deepEqual(problems, []);
    const values = createBenignValues(sorted, { exceptions: createExceptions([]), wholeHosts });
    const deep = { type: 'url', value: 'https://front-ends.example.org/a/b' } as const;
    assert.equal(values.listOf(deep), 'Our front ends', called);
    assert.equal(values.listOf({ ...deep, value: 'https://resolvers.example.org/a' }), undefined);
  }
});
