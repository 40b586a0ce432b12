import { isLowerHex } from './hash.ts';

/** Lower-case hex of a certificate's fingerprint or serial number, without colons, spaces or `0x`. */
export function canonicalX509(text: string): string | undefined {
  const hex = text.toLowerCase().replace(/^0x/, '').replace(/[\s:]/g, '');
  return hex.length >= 2 && hex.length <= 128 && isLowerHex(hex) ? hex : undefined;
}
