/** Hex digests by length. SHA-384, SHA-224 and SHA-3 are no indicator types of tipline, so their lengths are unknown. */
const TYPE_OF_LENGTH: ReadonlyMap<number, 'md5' | 'sha1' | 'sha256' | 'sha512'> = new Map([
  [32, 'md5'],
  [40, 'sha1'],
  [64, 'sha256'],
  [128, 'sha512'],
]);

const DIGITS = { md5: 32, imphash: 32, sha1: 40, sha256: 64, sha512: 128 } as const;
const HEX = /^[0-9a-f]+$/i;
const LOWER_HEX = /^[0-9a-f]+$/;

export type HashType = keyof typeof DIGITS;

/** The hash type that a run of hex digits has by its length alone. An imphash looks like an MD5 and must be named. */
export function hashTypeOf(text: string): 'md5' | 'sha1' | 'sha256' | 'sha512' | undefined {
  const type = TYPE_OF_LENGTH.get(text.length);
  return type !== undefined && HEX.test(text) ? type : undefined;
}

/** True if the text is the canonical form (lower-case hex of the right length) already. */
export function isPlainHash(text: string, type: HashType): boolean {
  return text.length === DIGITS[type] && isLowerHex(text);
}

/**
 * Lower-case hex of the type's length, or undefined. Of `name|hash`, as MISP's `filename|…` and `malware-sample` have
 * it, the part behind the last bar counts.
 */
export function canonicalHash(text: string, type: HashType): string | undefined {
  const hash = text.slice(text.lastIndexOf('|') + 1).trim();
  return hash.length === DIGITS[type] && HEX.test(hash) ? hash.toLowerCase() : undefined;
}

/** True for lower-case hex digits only, one at least. */
export function isLowerHex(text: string): boolean {
  return LOWER_HEX.test(text);
}
