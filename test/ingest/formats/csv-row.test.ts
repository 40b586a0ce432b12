import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { splitCsv } from '../../../ingest/formats/csv-row.ts';

const quoted = (cell: string): string => `"${cell.replaceAll('"', '""')}"`;

test('quoted cells come back as they were, whatever is in them', () => {
  const cell = fc.stringMatching(/^[ab",;\n ]{0,8}$/);
  fc.assert(
    fc.property(
      fc.array(cell, { minLength: 1, maxLength: 5 }),
      fc.constantFrom(',', ';', '\t', '||'),
      (cells, delimiter) => {
        assert.deepEqual(splitCsv(cells.map(quoted).join(delimiter), delimiter), { cells, clean: true });
      },
    ),
  );
});

test('plain cells, spaces before quotes, empty cells', () => {
  assert.deepEqual(splitCsv('a,b,,', ',')?.cells, ['a', 'b', '', '']);
  assert.deepEqual(splitCsv('"2020-12-08", "1.2.3.4:80", "a,b"', ',')?.cells, ['2020-12-08', '1.2.3.4:80', 'a,b']);
  assert.deepEqual(splitCsv('a"b,c', ',')?.cells, ['a"b', 'c']);
});

test('an open quote is no row, and text behind a closing quote is told', () => {
  assert.equal(splitCsv('a,"b', ','), undefined);
  assert.equal(splitCsv('"a""', ','), undefined);
  assert.deepEqual(splitCsv('"free" text,b', ','), { cells: ['freetext', 'b'], clean: false });
});
