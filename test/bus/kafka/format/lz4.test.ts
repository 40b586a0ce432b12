import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compressionsAlgorithms } from '@platformatic/kafka';
import fc from 'fast-check';
import { lz4Decompress } from '../../../../bus/kafka/format/lz4.ts';
import { compressible } from './compressible.ts';

const MB = 1024 ** 2;
const pack = (plain: Buffer): Buffer => compressionsAlgorithms.lz4.compressSync(plain);

describe('lz4', () => {
  it('reads what another implementation wrote', () => {
    fc.assert(
      fc.property(compressible, (plain) => {
        if (plain.length > 0) assert.deepEqual(lz4Decompress(pack(plain), MB), plain);
      }),
    );
  });

  it('reads many blocks, and matches that reach back over their edges', () => {
    const text = Buffer.from(Array.from({ length: 60_000 }, (_, i) => `line ${i % 977} of a long text\n`).join(''));
    assert.ok(text.length > MB);
    assert.deepEqual(lz4Decompress(pack(text), 2 * MB), text);
  });

  it('reads a frame written by hand: stored and compressed blocks, content size, checksums that it skips', () => {
    const frame = Buffer.concat([
      Buffer.from('04224d18', 'hex'),
      Buffer.from([0b0111_1100, 0x40]), // version 1, independent blocks, block checksums, content size and checksum
      Buffer.from('0a00000000000000', 'hex'),
      Buffer.from([0]),
      Buffer.from('03000080', 'hex'), // 3 bytes as they are
      Buffer.from('abc'),
      Buffer.from('ffffffff', 'hex'),
      Buffer.from('07000000', 'hex'), // 7 bytes: 'x' and 4 more of it, then 'yz'
      Buffer.from([0x10, 0x78, 0x01, 0x00, 0x20, 0x79, 0x7a]),
      Buffer.from('ffffffff', 'hex'),
      Buffer.from('00000000', 'hex'), // the end
      Buffer.from('ffffffff', 'hex'),
    ]);
    assert.equal(lz4Decompress(frame, 100).toString(), 'abcxxxxxyz');
    assert.throws(() => lz4Decompress(frame, 9), RangeError);
    assert.throws(() => lz4Decompress(frame.subarray(0, 30), 100), RangeError);
  });

  it('refuses what is larger than the limit', () => {
    assert.throws(() => lz4Decompress(pack(Buffer.alloc(100_000)), 99_999), RangeError);
    assert.equal(lz4Decompress(pack(Buffer.alloc(100_000)), 100_000).length, 100_000);
  });

  it('answers damaged input with a RangeError or with some bytes, never otherwise', () => {
    fc.assert(
      fc.property(compressible, fc.nat(), fc.integer({ min: 0, max: 255 }), fc.nat(), (plain, at, byte, cut) => {
        const packed = Buffer.from(pack(Buffer.concat([plain, Buffer.from('end')])));
        packed[at % packed.length] = byte;
        try {
          lz4Decompress(packed.subarray(0, packed.length - (cut % 20)), MB);
        } catch (error) {
          assert.ok(error instanceof RangeError, String(error));
        }
      }),
    );
  });
});
