import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createLineSplitter } from '../../../ingest/formats/lines.ts';

/** Splits a text that arrives in the given pieces. */
function split(pieces: Buffer[], maxLine = 1000): { lines: string[]; rest: string; tooLong: number } {
  const splitter = createLineSplitter({ maxLine });
  const lines: string[] = [];
  for (const piece of pieces) {
    // a reader uses its buffer again
    const reused = Buffer.from(piece);
    splitter.push(reused, (line) => lines.push(line.toString('utf8')));
    reused.fill(0x2a);
  }
  return { lines, rest: splitter.rest().toString('utf8'), tooLong: splitter.tooLong };
}

function cut(whole: Buffer, at: number[]): Buffer[] {
  const borders = [...new Set([0, ...at.map((place) => place % (whole.length + 1)), whole.length])].sort(
    (a, b) => a - b,
  );
  return borders.slice(1).map((end, index) => whole.subarray(borders[index], end));
}

test('lines are the same however the bytes are cut, also inside a character', () => {
  const line = fc.stringMatching(/^[a-zäß€😀 ]{0,12}$/u);
  fc.assert(
    fc.property(fc.array(line), fc.boolean(), fc.array(fc.nat()), (lines, crlf, places) => {
      const text = lines.map((each) => `${each}${crlf ? '\r\n' : '\n'}`).join('');
      const { lines: found, rest } = split(cut(Buffer.from(text), places));
      assert.deepEqual(found, lines);
      assert.equal(rest, '');
    }),
  );
});

test('a line above the cap is passed over, and neither its neighbours nor memory suffer', () => {
  const lengths = fc.array(fc.nat(30), { maxLength: 20 });
  fc.assert(
    fc.property(lengths, fc.array(fc.nat()), (wanted, places) => {
      const text = wanted.map((length) => `${'x'.repeat(length)}\n`).join('');
      const { lines, tooLong } = split(cut(Buffer.from(text), places), 10);
      assert.deepEqual(
        lines.map((each) => each.length),
        wanted.filter((length) => length <= 10),
      );
      assert.equal(tooLong, wanted.filter((length) => length > 10).length);
    }),
  );
  const splitter = createLineSplitter({ maxLine: 100 });
  for (let sent = 0; sent < 1000; sent += 1)
    splitter.push(Buffer.alloc(1000, 0x61), () => assert.fail('no line ended'));
  assert.equal(splitter.rest().length, 0);
  assert.equal(splitter.passing, true);
  const after: string[] = [];
  splitter.push(Buffer.from('\nnext\n'), (found) => after.push(found.toString()));
  assert.deepEqual([after, splitter.tooLong, splitter.count], [['next'], 1, 2]);
});

test('the unfinished last line is kept as rest', () => {
  assert.deepEqual(split([Buffer.from('one\ntw'), Buffer.from('o')]), { lines: ['one'], rest: 'two', tooLong: 0 });
});
