const ASN = /^(?:ASN?\s*)?(\d{1,10}|\d{1,5}\.\d{1,5})$/i;
const LARGEST = 4_294_967_295;

/** `AS` and a number from 1 to 2^32−1. `15169`, `as 15169`, `ASN15169` and asdot (`1.10`, RFC 5396) are read. */
export function canonicalAsn(text: string): string | undefined {
  const digits = ASN.exec(text)?.[1];
  if (digits === undefined) return undefined;
  const [high, low] = digits.split('.').map(Number);
  if (high === undefined) return undefined;
  if (low !== undefined && (high > 65_535 || low > 65_535)) return undefined;
  const number = low === undefined ? high : high * 65_536 + low;
  return number >= 1 && number <= LARGEST ? `AS${number}` : undefined;
}
