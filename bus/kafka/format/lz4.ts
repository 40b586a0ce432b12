import { repeat } from './snappy.ts';

/**
 * LZ4 frames, reading only: https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md and lz4_Block_format.md. Checksums are skipped:
 * the broker has checked the batch's own. Every length is checked before it is used, since anybody who may write to the topic chose it.
 */
const MAGIC = 0x184d2204;
const BLOCK_SIZES: Readonly<Record<number, number>> = { 4: 64 * 1024, 5: 256 * 1024, 6: 1024 ** 2, 7: 4 * 1024 ** 2 };

/** Throws a RangeError for anything that is not one LZ4 frame or would be larger than `limit` bytes. */
export function lz4Decompress(input: Buffer, limit: number): Buffer {
  if (input.length < 7 || input.readUInt32LE(0) !== MAGIC) throw new RangeError('lz4: not a frame');
  const flags = input[4] ?? 0;
  if (flags >>> 6 !== 1) throw new RangeError('lz4: unknown version');
  if ((flags & 1) !== 0) throw new RangeError('lz4: dictionaries are not supported');
  const blockSize = BLOCK_SIZES[((input[5] ?? 0) >>> 4) & 7];
  if (blockSize === undefined) throw new RangeError('lz4: unknown block size');
  const blockChecksum = (flags & 0x10) !== 0 ? 4 : 0;
  const contentSize = (flags & 0x08) !== 0 ? 8 : 0;

  // Blocks may refer to the 64 KB before them, so all go into one buffer that grows.
  let output: Buffer = Buffer.allocUnsafe(Math.min(limit, Math.max(blockSize, input.length * 4)));
  let written = 0;
  let at = 6 + contentSize + 1;
  for (;;) {
    if (at + 4 > input.length) throw new RangeError('lz4: the end mark is missing');
    const word = input.readUInt32LE(at);
    at += 4;
    if (word === 0) return output.subarray(0, written);
    const stored = word >= 0x80000000;
    const size = stored ? word - 0x80000000 : word;
    if (size > blockSize || at + size > input.length) throw new RangeError('lz4: the block is cut off');
    const most = Math.min(limit, written + blockSize);
    if (output.length < most) output = grown(output, written, most, limit);
    const block = input.subarray(at, at + size);
    if (stored) {
      if (written + size > most) throw tooLarge(limit);
      written += block.copy(output, written);
    } else {
      written = decompressBlock(block, output, written, most, limit);
    }
    at += size + blockChecksum;
  }
}

function grown(output: Buffer, written: number, needed: number, limit: number): Buffer {
  const larger = Buffer.allocUnsafe(Math.min(limit, Math.max(needed, output.length * 2)));
  output.copy(larger, 0, 0, written);
  return larger;
}

/** Decodes sequences of literals and matches; returns the new end of the output. */
function decompressBlock(input: Buffer, output: Buffer, start: number, most: number, limit: number): number {
  let written = start;
  let at = 0;
  const extended = (length: number): number => {
    let total = length;
    for (;;) {
      const byte = input[at];
      if (byte === undefined) throw new RangeError('lz4: a length is cut off');
      at += 1;
      total += byte;
      if (byte !== 255) return total;
    }
  };

  while (at < input.length) {
    const token = input[at] ?? 0;
    at += 1;
    let literals = token >>> 4;
    if (literals === 15) literals = extended(literals);
    if (at + literals > input.length) throw new RangeError('lz4: the literals are cut off');
    if (written + literals > most) throw tooLarge(limit);
    input.copy(output, written, at, at + literals);
    at += literals;
    written += literals;
    if (at === input.length) break; // the last sequence has no match

    if (at + 2 > input.length) throw new RangeError('lz4: the match is cut off');
    const offset = input.readUInt16LE(at);
    at += 2;
    let size = token & 15;
    if (size === 15) size = extended(size);
    size += 4;
    if (offset === 0 || offset > written) throw new RangeError('lz4: the match is wrong');
    if (written + size > most) throw tooLarge(limit);
    repeat(output, written, offset, size);
    written += size;
  }
  return written;
}

function tooLarge(limit: number): RangeError {
  return new RangeError(`lz4: larger than its block size or than ${limit} bytes`);
}
