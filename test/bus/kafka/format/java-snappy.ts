import { compressionsAlgorithms } from '@platformatic/kafka';

/** Snappy as the Java clients write it: blocks behind the header of snappy-java, each with its length. */
export function javaSnappy(plain: Buffer, blockSize: number): Buffer {
  const frames: Buffer[] = [Buffer.from('82534e41505059000000000100000001', 'hex')];
  for (let at = 0; at < plain.length; at += blockSize) {
    const block = compressionsAlgorithms.snappy.compressSync(plain.subarray(at, at + blockSize));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(block.length);
    frames.push(length, block);
  }
  return Buffer.concat(frames);
}
