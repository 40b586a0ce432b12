import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jsonPaths, parsePath } from '../../../ingest/formats/json-path.ts';

function read(document: unknown, indicator: string, ...columns: string[]): unknown[][] {
  const paths = jsonPaths(indicator);
  const cells = [indicator, ...columns].map(paths.cell);
  return [...paths.places(document)].map((place) => cells.map((cell) => cell(place)));
}

test('each element of an array, with values from above it', () => {
  const document = { meta: { at: 'now' }, data: [{ ip: 'a', n: { score: 1 } }, { ip: 'b' }, 5] };
  assert.deepEqual(read(document, 'data[].ip', 'data[].n.score', 'meta.at'), [
    ['a', 1, 'now'],
    ['b', undefined, 'now'],
    [undefined, undefined, 'now'],
  ]);
});

test('arrays in arrays, and what stands between them', () => {
  const document = {
    results: [
      { name: 'x', iocs: [{ v: 1 }, { v: 2 }] },
      { name: 'y', iocs: null },
      { name: 'z', iocs: [{ v: 3 }] },
    ],
  };
  assert.deepEqual(read(document, 'results[].iocs[].v', 'results[].name'), [
    [1, 'x'],
    [2, 'x'],
    [3, 'z'],
  ]);
});

test('an object of arrays, an array of texts, an array at the top, one object', () => {
  assert.deepEqual(read({ 12: [{ url: 'a' }], 13: [{ url: 'b' }] }, '*[].url'), [['a'], ['b']]);
  assert.deepEqual(read({ ips: ['a', 'b'] }, 'ips[]'), [['a'], ['b']]);
  assert.deepEqual(read([{ ip: 'a' }, { ip: 'b' }], 'ip'), [['a'], ['b']]);
  assert.deepEqual(read([{ ip: 'a' }], '[].ip'), [['a']]);
  assert.deepEqual(read({ a: { ip: 'a' } }, 'a.ip'), [['a']]);
});

test('a path that fans out below the record gives a list', () => {
  assert.deepEqual(read([{ ip: 'a', tags: [{ name: 'x' }, { name: 'y' }] }], 'ip', 'tags[].name'), [['a', ['x', 'y']]]);
  assert.deepEqual(read([{ ip: 'a', tags: ['x'] }], 'ip', 'tags'), [['a', ['x']]]);
});

test('names of the language are names like others', () => {
  assert.deepEqual(read([{ ip: 'a' }], 'ip', 'constructor.name', '__proto__', 'toString'), [
    ['a', undefined, undefined, undefined],
  ]);
});

test('what is no path', () => {
  for (const path of ['', 'a..b', 'a[', 'a[0]', 'a]b', '[x]']) assert.equal(parsePath(path), undefined, path);
});
