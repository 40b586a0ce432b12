import fc from 'fast-check';

/** Bytes with runs, repeats near and far, and noise: everything a compressor has a form for. */
export const compressible: fc.Arbitrary<Buffer> = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
      fc.tuple(fc.integer({ min: 0, max: 255 }), fc.nat(700)).map(([byte, count]) => Buffer.alloc(count, byte)),
      fc.tuple(fc.string({ minLength: 1, maxLength: 30 }), fc.nat(100)).map(([text, n]) => Buffer.from(text.repeat(n))),
    ),
    { maxLength: 12 },
  )
  .map((pieces) => Buffer.concat([...pieces, ...pieces.slice(0, 3)]));
