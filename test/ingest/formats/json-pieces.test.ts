import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Unreadable } from '../../../ingest/feed.ts';
import { createJsonPieces } from '../../../ingest/formats/json-pieces.ts';
import { createLineSplitter } from '../../../ingest/formats/lines.ts';

/** What comes of a text that arrives in chunks of `size` bytes. */
function piecesOf(text: string, { size = 1000, maxRecord = 65_536 } = {}): { got: unknown[]; tooLong: number } {
  const pieces = createJsonPieces({ maxRecord });
  const lines = createLineSplitter({ maxLine: 1024 ** 2 });
  const got: unknown[] = [];
  const bytes = Buffer.from(text);
  const take = (line: Buffer): void => {
    for (const piece of pieces.take(line)) got.push(piece instanceof Unreadable ? piece.bytes.toString() : piece);
  };
  for (let at = 0; at < bytes.length; at += size) lines.push(bytes.subarray(at, at + size), take);
  take(lines.rest());
  for (const piece of pieces.end()) got.push(piece.bytes.toString());
  return { got, tooLong: pieces.tooLong };
}

const anyObject = fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 3 }), {
  maxKeys: 4,
}) as fc.Arbitrary<Record<string, unknown>>;
/** One layout of a run of objects. */
const layout = fc.constantFrom<(objects: object[]) => string>(
  (objects) => objects.map((each) => `${JSON.stringify(each)}\n`).join(''),
  (objects) => objects.map((each) => `${JSON.stringify(each, null, 2)}\n`).join(''),
  (objects) => `${objects.map((each) => JSON.stringify(each)).join('')}\n`,
  (objects) => `${objects.map((each) => JSON.stringify(each)).join(' ')}\r\n`,
  (objects) => `${JSON.stringify(objects)}\n`,
  (objects) => `${JSON.stringify(objects, null, '\t')}\r\n`,
);

describe('objects in a stream', () => {
  it('come out as they went in, however they are laid out and cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(layout, fc.array(anyObject, { maxLength: 4 })), { maxLength: 5 }),
        fc.integer({ min: 1, max: 200 }),
        (runs, size) => {
          const text = runs.map(([print, objects]) => print(objects)).join('');
          // as JSON has them: -0 is 0, and __proto__ a name like any other
          const wanted = runs.flatMap(([, objects]) => JSON.parse(JSON.stringify(objects)) as object[]);
          assert.deepEqual(JSON.stringify(piecesOf(text, { size }).got), JSON.stringify(wanted));
        },
      ),
    );
  });

  it('whatever stands before it, what follows is found', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii' }), (noise) => {
        const { got } = piecesOf(`${noise}"\n"\n{"indicator":"found"}\n{"indicator":"found"}\n`);
        assert.deepEqual(got.at(-1), { indicator: 'found' });
      }),
    );
  });

  it('a mistake costs what belongs to it', () => {
    const cases: [string, unknown[]][] = [
      ['no json\n{"a":1}\n', ['no json', { a: 1 }]],
      ['{"a":1} behind\n{"b":2}\n', [{ a: 1 }, ' behind', { b: 2 }]],
      ['{"a":"half\n{"b":2}\n', ['{"a":"half', { b: 2 }]],
      ['{"a":1\n{"b":2}\n', ['{"a":1', { b: 2 }]],
      ['{"a":1\n{"b":\n2}\n', ['{"a":1', { b: 2 }]],
      ['{"a":[1}\n{"b":2}\n', ['{"a":[1}', { b: 2 }]],
      ['{"a":tru}\n{"b":2}\n', ['{"a":tru}', { b: 2 }]],
      ['[1,2]\n"text"\nnull\n{"b":2}\n', ['[1,2]', '"text"', 'null', { b: 2 }]],
      ['[{"a":1},2]\n{"b":2}\n', [{ a: 1 }, ',2]', { b: 2 }]],
      ['{"a":\n{"b":\n[\n{"c":1},\n{"d":2}\n]}}\n', [{ a: { b: [{ c: 1 }, { d: 2 }] } }]],
      ['[]\n\n[ ]\n{}\n', [{}]],
      ['{"a":1', ['{"a":1']],
    ];
    for (const [text, wanted] of cases) assert.deepEqual(piecesOf(text).got, wanted, text);
  });

  it('an object above the cap is counted once and costs itself alone', () => {
    const large = { pad: Array.from({ length: 100 }, () => 'x'.repeat(50)) };
    for (const indent of [0, 2]) {
      const text = `{"a":1}\n${JSON.stringify(large, null, indent)}\n{"b":2}\n`;
      assert.deepEqual(piecesOf(text, { maxRecord: 1000 }), { got: [{ a: 1 }, { b: 2 }], tooLong: 1 });
    }
    assert.deepEqual(piecesOf(`${'x'.repeat(2000)}\n{"b":2}`, { maxRecord: 1000 }), { got: [{ b: 2 }], tooLong: 1 });
  });
});
