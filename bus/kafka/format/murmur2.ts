const MIX = 0x5bd1e995;

/**
 * The partition of a key, as the default partitioners of the Java clients and of kafkajs choose it: records of one key keep their order
 * whichever client wrote them. (Masking with `>>> 0` instead of `& 0x7fffffff`, as some clients do, agrees only while the number of
 * partitions is a power of two.)
 */
export function partitionOf(key: string, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions;
}

/** MurmurHash2, 32 bits, seed 0x9747b28c, over the UTF-8 bytes of `key`. Signed. */
export function murmur2(key: string): number {
  let seen = 0;
  for (let i = 0; i < key.length; i += 1) seen |= key.charCodeAt(i);
  // Keys are hex ids nearly always: their characters are their bytes, and no buffer is needed.
  if (seen < 0x80) return hash(key.length, (i) => key.charCodeAt(i));
  const bytes = Buffer.from(key, 'utf8');
  return hash(bytes.length, (i) => bytes[i] ?? 0);
}

function hash(length: number, byte: (i: number) => number): number {
  let h = 0x9747b28c ^ length;
  const whole = length & ~3;
  for (let i = 0; i < whole; i += 4) {
    let k = byte(i) | (byte(i + 1) << 8) | (byte(i + 2) << 16) | (byte(i + 3) << 24);
    k = Math.imul(k, MIX);
    k ^= k >>> 24;
    h = Math.imul(h, MIX) ^ Math.imul(k, MIX);
  }
  if (length > whole) {
    for (let i = length - 1; i >= whole; i -= 1) h ^= byte(i) << ((i - whole) * 8);
    h = Math.imul(h, MIX);
  }
  h ^= h >>> 13;
  h = Math.imul(h, MIX);
  return h ^ (h >>> 15);
}
