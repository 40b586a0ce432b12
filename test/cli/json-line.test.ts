import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { jsonLine } from '../../cli/json-line.ts';
import { printable, table } from '../../cli/table.ts';

/** What a terminal obeys, what turns the reading order, what does not show. */
const OBEYED = [
  ...['\u0000', '\u001b[2J', '\u007f', '\u0085', '\u009b31m', '\u009d0;title\u009c', '\u2028', '\u2029', '\u061c'],
  ...['\u200b', '\u200d', '\u200e', '\u202e', '\u2066', '\u2069', '\u2060', '\u00ad', '\ufeff', '\ufff9'],
  ...['\u{e0041}', '\u{1d173}'],
];
const SAFE = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]*$/u;

test('JSON on a terminal holds nothing that it obeys, and says the same', () => {
  for (const text of OBEYED) assert.match(jsonLine({ [text]: text }).slice(0, -1), SAFE, JSON.stringify(text));
  assert.equal(jsonLine({ a: '\u009b31m\u202e\u{e0041}ä😀' }), '{"a":"\\u009b31m\\u202e\\udb40\\udc41ä😀"}\n');
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), fc.constantFrom(...OBEYED), (value, text) => {
      const line = jsonLine([value, text]);
      assert.match(line.slice(0, -1), SAFE);
      assert.deepEqual(JSON.parse(line), JSON.parse(JSON.stringify([value, text])));
    }),
  );
});

test('a table holds nothing that a terminal obeys', () => {
  for (const text of OBEYED) {
    assert.match(printable(`a${text}b`), SAFE, JSON.stringify(text));
    for (const line of table(['A'], [[text]]).split('\n')) assert.match(line, SAFE, JSON.stringify(text));
  }
});

test('no command prints JSON in a way of its own', () => {
  for (const file of globSync('cli/**/*.ts')) {
    if (file.endsWith('json-line.ts')) continue;
    // what is put on a topic is no output
    const prints = readFileSync(file, 'utf8').match(/(?:write|log)\([^;]*JSON\.stringify/);
    assert.equal(prints, null, `${file} prints JSON without cli/json-line.ts`);
  }
});
