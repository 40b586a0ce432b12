/**
 * Snappy, reading only: https://github.com/google/snappy/blob/main/format_description.txt. Java clients frame it in blocks of 32 KB
 * (the "xerial" header), others write one raw block; both are read. The bytes come from whoever may write to the topic, so every length
 * is checked before it is used.
 */
const XERIAL = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const XERIAL_HEADER = 16;

/** Throws a RangeError for anything that is not snappy or would be larger than `limit` bytes. */
export function snappyDecompress(input: Buffer, limit: number): Buffer {
  if (!input.subarray(0, XERIAL.length).equals(XERIAL)) return decompressBlock(input, limit);
  const blocks: Buffer[] = [];
  let total = 0;
  for (let at = XERIAL_HEADER; at < input.length; ) {
    if (at + 4 > input.length) throw new RangeError('snappy: the block length is cut off');
    const length = input.readUInt32BE(at);
    const end = at + 4 + length;
    if (end > input.length) throw new RangeError('snappy: the block is cut off');
    const block = decompressBlock(input.subarray(at + 4, end), limit - total);
    total += block.length;
    blocks.push(block);
    at = end;
  }
  return Buffer.concat(blocks, total);
}

function decompressBlock(input: Buffer, limit: number): Buffer {
  let at = 0;
  let length = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = input[at];
    if (byte === undefined || shift > 28) throw new RangeError('snappy: the length is wrong');
    at += 1;
    length += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
  }
  if (length > limit) throw new RangeError(`snappy: larger than ${limit} bytes`);

  const output = Buffer.allocUnsafe(length);
  let written = 0;
  while (at < input.length) {
    const tag = input[at] ?? 0;
    at += 1;
    const kind = tag & 3;
    if (kind === 0) {
      let size = tag >>> 2;
      if (size >= 60) {
        const bytes = size - 59;
        if (at + bytes > input.length) throw new RangeError('snappy: the literal is cut off');
        size = input.readUIntLE(at, bytes);
        at += bytes;
      }
      size += 1;
      if (at + size > input.length || written + size > length) throw new RangeError('snappy: the literal is too long');
      input.copy(output, written, at, at + size);
      at += size;
      written += size;
      continue;
    }
    const offsetBytes = kind === 3 ? 4 : kind;
    if (at + offsetBytes > input.length) throw new RangeError('snappy: the copy is cut off');
    const size = kind === 1 ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1;
    const offset = kind === 1 ? ((tag >>> 5) << 8) | (input[at] ?? 0) : input.readUIntLE(at, offsetBytes);
    at += offsetBytes;
    if (offset === 0 || offset > written || written + size > length) throw new RangeError('snappy: the copy is wrong');
    repeat(output, written, offset, size);
    written += size;
  }
  if (written !== length) throw new RangeError('snappy: shorter than it says');
  return output;
}

/** Copies `size` bytes that lie `offset` before `at`; they may overlap, which repeats a pattern. */
export function repeat(output: Buffer, at: number, offset: number, size: number): void {
  if (offset >= size) {
    output.copyWithin(at, at - offset, at - offset + size);
  } else if (offset === 1) {
    output.fill(output[at - 1] ?? 0, at, at + size);
  } else {
    for (let i = at; i < at + size; i += 1) output[i] = output[i - offset] ?? 0;
  }
}
