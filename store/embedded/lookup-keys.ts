import { ipRange, type Prefix, parseCidr, parseIp } from '../../core/indicator/address.ts';
import type { IndicatorType } from '../../core/indicator/type.ts';
import { urlHost } from '../../core/indicator/url.ts';

/** First and last address of a block as bytes that SQLite compares rightly; an address is a block of one. */
export interface RangeKey {
  first: Uint8Array;
  last: Uint8Array;
}

/** The range of an `ip` or `cidr`; undefined for other types and for text that is no address. */
export function rangeKey(type: IndicatorType, value: string): RangeKey | undefined {
  const prefix = prefixOf(type, value);
  return prefix === undefined ? undefined : keyOf(prefix);
}

function prefixOf(type: IndicatorType, value: string): Prefix | undefined {
  if (type === 'cidr') return parseCidr(value);
  const bytes = type === 'ip' ? parseIp(value) : undefined;
  return bytes === undefined ? undefined : { bytes, length: bytes.length * 8 };
}

/**
 * The ranges of all blocks that hold an address or block, itself first. Blocks either nest or have nothing in common, so
 * 33 or 129 exact look-ups find what an index of beginnings could only find by reading every block that begins below.
 */
export function enclosingRanges(type: IndicatorType, value: string): RangeKey[] {
  const prefix = prefixOf(type, value);
  if (prefix === undefined) return [];
  const ranges: RangeKey[] = [];
  const bytes = prefix.bytes.slice();
  for (let length = prefix.length; length >= 0; length -= 1) {
    if (length < prefix.length) {
      const at = length >> 3;
      bytes[at] = (bytes[at] ?? 0) & ~(0x80 >> (length & 7));
    }
    ranges.push(keyOf({ bytes, length }));
  }
  return ranges;
}

/** One byte for the family before 4 or 16 bytes of address: the families never mix, and each has one width. */
function keyOf(prefix: Prefix): RangeKey {
  const { first, last } = ipRange(prefix);
  return { first: withFamily(first), last: withFamily(last) };
}

function withFamily(bytes: Uint8Array): Uint8Array {
  const key = new Uint8Array(bytes.length + 1);
  key[0] = bytes.length === 4 ? 4 : 6;
  key.set(bytes, 1);
  return key;
}

/**
 * `com.example.www` for www.example.com: a domain and all below it are neighbours in an index. The domain itself, the host of a
 * URL, or what follows the @ of an e-mail address; undefined for other types. URLs on an address have a key of their own kind,
 * which sorts as addresses do and lies below no domain.
 */
export function hostKey(type: IndicatorType, value: string): string | undefined {
  switch (type) {
    case 'domain':
      return reversed(value);
    case 'email':
      return reversed(value.slice(value.lastIndexOf('@') + 1));
    case 'url': {
      const host = urlHost(value);
      const range = rangeKey('ip', host);
      if (range !== undefined) return addressKey(range.first);
      return host === '' ? undefined : reversed(host);
    }
    default:
      return undefined;
  }
}

/** Keys in [from, to) are those of URLs whose host is an address of the block. */
export function hostsWithin({ first, last }: RangeKey): { from: string; to: string } {
  // All keys of a family have one length, so this is the first text after the last of them.
  return { from: addressKey(first), to: `${addressKey(last)}!` };
}

/** No host name has a colon. */
function addressKey(address: Uint8Array): string {
  return `:${Buffer.from(address).toString('hex')}`;
}

/** Keys in [from, to) are those of the names below the domain; its own key is `own`. */
export function hostsBelow(domain: string): { own: string; from: string; to: string } {
  const own = reversed(domain);
  // '/' is the character after '.'.
  return { own, from: `${own}.`, to: `${own}/` };
}

function reversed(host: string): string {
  return host.split('.').reverse().join('.');
}
