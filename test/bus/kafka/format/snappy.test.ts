import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compressionsAlgorithms } from '@platformatic/kafka';
import fc from 'fast-check';
import { snappyDecompress } from '../../../../bus/kafka/format/snappy.ts';
import { compressible } from './compressible.ts';
import { javaSnappy } from './java-snappy.ts';

const MB = 1024 ** 2;

describe('snappy', () => {
  it('reads what another implementation wrote, as one block and in the frames of Java clients', () => {
    fc.assert(
      fc.property(compressible, (plain) => {
        if (plain.length > 0) {
          assert.deepEqual(snappyDecompress(compressionsAlgorithms.snappy.compressSync(plain), MB), plain);
        }
        assert.deepEqual(snappyDecompress(javaSnappy(plain, 1_000), MB), plain);
      }),
    );
  });

  it('reads literals and copies of every kind', () => {
    const literal = (text: string): number[] => [(text.length - 1) << 2, ...Buffer.from(text)];
    const packed = Buffer.from([
      20,
      ...literal('abcd'),
      0b000_000_01, // copy of 4, offset 4 in one byte
      4,
      0b000011_10, // copy of 4, offset 8 in two bytes
      8,
      0,
      0b000111_11, // copy of 8, offset 1 in four bytes
      1,
      0,
      0,
      0,
    ]);
    assert.equal(snappyDecompress(packed, 100).toString(), 'abcdabcdabcddddddddd');
  });

  it('refuses what is larger than the limit, also when only all frames together are', () => {
    const packed = compressionsAlgorithms.snappy.compressSync(Buffer.alloc(10_000));
    assert.throws(() => snappyDecompress(packed, 9_999), RangeError);
    assert.throws(() => snappyDecompress(javaSnappy(Buffer.alloc(10_000), 4_000), 9_999), RangeError);
    assert.equal(snappyDecompress(javaSnappy(Buffer.alloc(10_000), 4_000), 10_000).length, 10_000);
  });

  it('answers damaged input with a RangeError or with some bytes, never otherwise', () => {
    fc.assert(
      fc.property(compressible, fc.nat(), fc.integer({ min: 0, max: 255 }), fc.nat(), (plain, at, byte, cut) => {
        const packed = javaSnappy(Buffer.concat([plain, Buffer.from('end')]), 500);
        packed[at % packed.length] = byte;
        try {
          snappyDecompress(packed.subarray(0, packed.length - (cut % 20)), MB);
        } catch (error) {
          assert.ok(error instanceof RangeError, String(error));
        }
      }),
    );
  });
});
