/**
 * IP addresses and prefixes as bytes, and the only place that turns them back into text: what reaches a firewall was
 * formatted here from 4 or 16 bytes, so it cannot hold anything a feed wrote.
 */

/** An address block. `bytes` holds 4 (IPv4) or 16 (IPv6) bytes with all host bits zero; `length` is 0–32 or 0–128. */
export interface Prefix {
  readonly bytes: Uint8Array;
  readonly length: number;
}

const DOT = 46;
const COLON = 58;
const MAPPED_BITS = 96;

// Reused by callers that only need the text of an address: the parsers are synchronous and never hand it out.
const scratch = new Uint8Array(16);

/** True for strict four-part decimal text (no leading zeros, no other base), which is also the canonical form. */
export function isIpv4(text: string, start = 0, end = text.length): boolean {
  return readIpv4(text, start, end, scratch, 0);
}

/**
 * The bytes of an address: 4 for IPv4, 16 for IPv6. IPv4-mapped IPv6 (`::ffff:192.0.2.1`) is the IPv4 address, since
 * one host must have one spelling. Undefined for anything else, zone ids (`fe80::1%eth0`) included: a zone means
 * something on one machine only.
 */
export function parseIp(text: string): Uint8Array | undefined {
  const size = readIp(text, 0, text.length);
  return size === 4 ? scratch.slice(12) : size === 16 ? scratch.slice() : undefined;
}

/** The canonical text of an address, or undefined. Same as `formatIp(parseIp(text))` without the array. */
export function canonicalIp(text: string, start = 0, end = text.length): string | undefined {
  if (isIpv4(text, start, end)) return start === 0 && end === text.length ? text : text.slice(start, end);
  const size = readIp(text, start, end);
  return size === 4 ? formatIpv4(scratch, 12) : size === 16 ? formatIpv6(scratch) : undefined;
}

/**
 * Dotted decimal, or IPv6 as RFC 5952 section 4 has it (lower case, longest run of zeros compressed, the first of
 * equals). The mixed notation of section 5 is not used: it needs knowledge about prefixes, and WHATWG URLs do without.
 */
export function formatIp(bytes: Uint8Array): string {
  if (bytes.length === 4) return formatIpv4(bytes, 0);
  if (bytes.length === 16) return formatIpv6(bytes);
  throw new RangeError(`an address has 4 or 16 bytes, not ${bytes.length}`);
}

/**
 * An address, a slash and a decimal length, host bits masked. A prefix inside `::ffff:0:0/96` is the IPv4 prefix it
 * maps. Undefined without a length, for a length with a leading zero, and for netmasks (`/255.255.255.0`).
 */
export function parseCidr(text: string): Prefix | undefined {
  const slash = text.indexOf('/');
  if (slash < 0) return undefined;
  const length = readDecimal(text, slash + 1, text.length, 128);
  if (length < 0) return undefined;
  if (readIpv4(text, 0, slash, scratch, 0))
    return length <= 32 ? maskedPrefix(scratch.subarray(0, 4), length) : undefined;
  if (!readIpv6(text, 0, slash, scratch)) return undefined;
  if (length >= MAPPED_BITS && isMapped(scratch)) return maskedPrefix(scratch.subarray(12), length - MAPPED_BITS);
  return maskedPrefix(scratch, length);
}

/** An address (as a prefix of full length) or a CIDR block: what a line of an allow-list may hold. */
export function parsePrefix(text: string): Prefix | undefined {
  if (text.includes('/')) return parseCidr(text);
  const bytes = parseIp(text);
  return bytes === undefined ? undefined : { bytes, length: bytes.length * 8 };
}

/** `address/length`, also at full length. */
export function formatCidr(prefix: Prefix): string {
  return `${formatIp(prefix.bytes)}/${prefix.length}`;
}

/** True if every address of `inner` lies in `outer`. IPv4 and IPv6 never contain each other. */
export function prefixContains(outer: Prefix, inner: Prefix): boolean {
  if (outer.bytes.length !== inner.bytes.length || outer.length > inner.length) return false;
  return equalBits(outer.bytes, inner.bytes, outer.length);
}

/** True if the two share an address; of two blocks that do, one contains the other. */
export function prefixOverlaps(a: Prefix, b: Prefix): boolean {
  if (a.bytes.length !== b.bytes.length) return false;
  return equalBits(a.bytes, b.bytes, Math.min(a.length, b.length));
}

/** The lowest and highest address of a prefix, both inclusive. */
export function ipRange(prefix: Prefix): { first: Uint8Array; last: Uint8Array } {
  const first = new Uint8Array(prefix.bytes);
  const last = new Uint8Array(prefix.bytes);
  for (let bit = prefix.length; bit < last.length * 8; bit += 1) {
    const at = bit >> 3;
    last[at] = (last[at] ?? 0) | (0x80 >> (bit & 7));
  }
  return { first, last };
}

function maskedPrefix(address: Uint8Array, length: number): Prefix {
  const bytes = new Uint8Array(address);
  for (let at = 0; at < bytes.length; at += 1) {
    const kept = Math.min(8, Math.max(0, length - at * 8));
    bytes[at] = (bytes[at] ?? 0) & (0xff00 >> kept);
  }
  return { bytes, length };
}

function equalBits(a: Uint8Array, b: Uint8Array, bits: number): boolean {
  const whole = bits >> 3;
  for (let at = 0; at < whole; at += 1) if (a[at] !== b[at]) return false;
  const rest = bits & 7;
  return rest === 0 || (((a[whole] ?? 0) ^ (b[whole] ?? 0)) & (0xff00 >> rest)) === 0;
}

/** Fills `scratch`: returns 4 when the address is in its last four bytes, 16 when it takes all, 0 when it is none. */
function readIp(text: string, start: number, end: number): 0 | 4 | 16 {
  if (readIpv4(text, start, end, scratch, 12)) return 4;
  if (!readIpv6(text, start, end, scratch)) return 0;
  return isMapped(scratch) ? 4 : 16;
}

function isMapped(bytes: Uint8Array): boolean {
  for (let at = 0; at < 10; at += 1) if (bytes[at] !== 0) return false;
  return bytes[10] === 0xff && bytes[11] === 0xff;
}

/** A decimal number without sign or leading zero in text[start, end), at most `most`; -1 when it is none. */
export function readDecimal(text: string, start: number, end: number, most: number): number {
  if (start >= end || (end - start > 1 && text.charCodeAt(start) === 48)) return -1;
  let value = 0;
  for (let at = start; at < end; at += 1) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
    if (value > most) return -1;
  }
  return value;
}

function readIpv4(text: string, start: number, end: number, out: Uint8Array, offset: number): boolean {
  if (end - start < 7 || end - start > 15) return false;
  let part = 0;
  let value = 0;
  let digits = 0;
  for (let at = start; at < end; at += 1) {
    const code = text.charCodeAt(at);
    if (code === DOT) {
      if (digits === 0 || part === 3) return false;
      out[offset + part] = value;
      part += 1;
      value = 0;
      digits = 0;
      continue;
    }
    const digit = code - 48;
    // A leading zero means octal to some readers and decimal to others, so such text names no one address.
    if (digit < 0 || digit > 9 || (digits > 0 && value === 0)) return false;
    value = value * 10 + digit;
    if (value > 255) return false;
    digits += 1;
  }
  if (part !== 3 || digits === 0) return false;
  out[offset + 3] = value;
  return true;
}

function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

function readIpv6(text: string, start: number, end: number, out: Uint8Array): boolean {
  if (end - start < 2 || end - start > 45) return false;
  let at = start;
  let filled = 0;
  let gap = -1;
  if (text.charCodeAt(at) === COLON) {
    if (text.charCodeAt(at + 1) !== COLON) return false;
    gap = 0;
    at += 2;
  }
  while (at < end) {
    if (filled === 16) return false;
    const groupStart = at;
    let value = 0;
    while (at < end && at - groupStart < 4) {
      const digit = hexDigit(text.charCodeAt(at));
      if (digit < 0) break;
      value = (value << 4) | digit;
      at += 1;
    }
    if (at === groupStart) return false;
    if (at < end && text.charCodeAt(at) === DOT) {
      if (filled > 12 || !readIpv4(text, groupStart, end, out, filled)) return false;
      filled += 4;
      break;
    }
    out[filled] = value >> 8;
    out[filled + 1] = value & 0xff;
    filled += 2;
    if (at === end) break;
    if (text.charCodeAt(at) !== COLON) return false;
    at += 1;
    if (at === end) return false;
    if (text.charCodeAt(at) === COLON) {
      if (gap >= 0) return false;
      gap = filled;
      at += 1;
    }
  }
  if (gap < 0) return filled === 16;
  // "::" stands for one group of zeros at least.
  if (filled > 14) return false;
  out.copyWithin(gap + 16 - filled, gap, filled);
  out.fill(0, gap, gap + 16 - filled);
  return true;
}

function formatIpv4(bytes: Uint8Array, offset: number): string {
  return `${bytes[offset]}.${bytes[offset + 1]}.${bytes[offset + 2]}.${bytes[offset + 3]}`;
}

function formatIpv6(bytes: Uint8Array): string {
  let bestStart = -1;
  let bestLength = 1;
  let runStart = -1;
  for (let group = 0; group < 8; group += 1) {
    if (bytes[group * 2] !== 0 || bytes[group * 2 + 1] !== 0) {
      runStart = -1;
      continue;
    }
    if (runStart < 0) runStart = group;
    if (group - runStart + 1 > bestLength) {
      bestStart = runStart;
      bestLength = group - runStart + 1;
    }
  }
  let text = '';
  for (let group = 0; group < 8; group += 1) {
    if (group === bestStart) {
      text += '::';
      group += bestLength - 1;
      continue;
    }
    if (text !== '' && group !== bestStart + bestLength) text += ':';
    text += (((bytes[group * 2] ?? 0) << 8) | (bytes[group * 2 + 1] ?? 0)).toString(16);
  }
  return text;
}
