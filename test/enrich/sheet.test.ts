import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createSheets } from '../../enrich/sheet.ts';

describe('the sheet that documents are written on', () => {
  it('keeps every text until it is given back, whatever their number and size', () => {
    const texts = fc.array(
      fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ minLength: 100_000, maxLength: 400_000 })),
      {
        maxLength: 20,
      },
    );
    const sheets = createSheets();
    fc.assert(
      fc.property(texts, (many) => {
        const sheet = sheets.take();
        const written = many.map((text) => sheet.write(text));
        assert.deepEqual(
          written.map((bytes) => bytes.toString()),
          many.map((text) => Buffer.from(text).toString()),
        );
        sheets.giveBack(sheet);
      }),
      { numRuns: 50 },
    );
  });

  it('gives two batches in hand sheets of their own', () => {
    const sheets = createSheets();
    sheets.giveBack(sheets.take());
    const [one, other] = [sheets.take(), sheets.take()];
    const first = one.write('first');
    other.write('other');
    assert.equal(first.toString(), 'first');
  });
});
