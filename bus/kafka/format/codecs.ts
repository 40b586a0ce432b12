import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { lz4Decompress } from './lz4.ts';
import { snappyDecompress } from './snappy.ts';

/** What tipline writes. All four codecs of Kafka are read. */
export type Compression = 'none' | 'gzip' | 'zstd';

const gzip = promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.gzip);
const gunzip = promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.gunzip);
const zstdCompress = promisify<Buffer, Buffer>(zlib.zstdCompress);
const zstdDecompress = promisify<Buffer, zlib.ZstdOptions, Buffer>(zlib.zstdDecompress);

/** The lowest three bits of a batch's attributes. */
export const CODEC_MASK = 7;
const GZIP = 1;
const SNAPPY = 2;
const LZ4 = 3;
const ZSTD = 4;

export function codecBits(compression: Exclude<Compression, 'none'>): number {
  return compression === 'gzip' ? GZIP : ZSTD;
}

export function compress(compression: Exclude<Compression, 'none'>, plain: Buffer): Promise<Buffer> {
  // Level 1 takes half the time of the default and makes JSON 5.3 times smaller instead of 6.1 times.
  return compression === 'gzip' ? gzip(plain, { level: 1 }) : zstdCompress(plain);
}

/** Rejects when the bytes are not what the codec says, or would become larger than `limit`. */
export async function decompress(codec: number, packed: Buffer, limit: number): Promise<Buffer> {
  switch (codec) {
    case GZIP:
      return gunzip(packed, { maxOutputLength: limit });
    case SNAPPY:
      return snappyDecompress(packed, limit);
    case LZ4:
      return lz4Decompress(packed, limit);
    case ZSTD:
      return zstdDecompress(packed, { maxOutputLength: limit });
    default:
      throw new RangeError(`codec ${codec} is unknown`);
  }
}
