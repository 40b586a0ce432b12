import { type Prefix, parseCidr, prefixContains, prefixOverlaps } from './address.ts';

/** A block that no block list should name: it is not, or not only, some host on the internet. */
export interface SpecialPurposeBlock {
  readonly prefix: Prefix;
  /** What the block is for, in the registry's words. */
  readonly name: string;
  /** The document that set it aside. */
  readonly source: string;
}

// Sources: the IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890, RFC 8190), plus what these leave to
// other registries: multicast, deprecated site-local addresses, and the rest of 0000::/8. Blocks inside 192.0.0.0/24
// and 2001::/23 are listed one by one because their names say more than the name of the whole.
const TABLE: readonly (readonly [cidr: string, name: string, source: string])[] = [
  ['0.0.0.0/8', 'this network', 'RFC 791'],
  ['10.0.0.0/8', 'private use', 'RFC 1918'],
  ['100.64.0.0/10', 'shared address space (carrier-grade NAT)', 'RFC 6598'],
  ['127.0.0.0/8', 'loopback', 'RFC 1122'],
  ['169.254.0.0/16', 'link-local', 'RFC 3927'],
  ['172.16.0.0/12', 'private use', 'RFC 1918'],
  ['192.0.0.0/24', 'IETF protocol assignments', 'RFC 6890'],
  ['192.0.0.0/29', 'IPv4 service continuity', 'RFC 7335'],
  ['192.0.0.8/32', 'IPv4 dummy address', 'RFC 7600'],
  ['192.0.0.9/32', 'Port Control Protocol anycast', 'RFC 7723'],
  ['192.0.0.10/32', 'TURN anycast', 'RFC 8155'],
  ['192.0.0.170/31', 'NAT64/DNS64 discovery', 'RFC 7050'],
  ['192.0.2.0/24', 'documentation (TEST-NET-1)', 'RFC 5737'],
  ['192.31.196.0/24', 'AS112-v4', 'RFC 7535'],
  ['192.52.193.0/24', 'automatic multicast tunneling', 'RFC 7450'],
  ['192.88.99.0/24', '6to4 relay anycast (deprecated)', 'RFC 7526'],
  ['192.168.0.0/16', 'private use', 'RFC 1918'],
  ['192.175.48.0/24', 'AS112 direct delegation', 'RFC 7534'],
  ['198.18.0.0/15', 'benchmarking', 'RFC 2544'],
  ['198.51.100.0/24', 'documentation (TEST-NET-2)', 'RFC 5737'],
  ['203.0.113.0/24', 'documentation (TEST-NET-3)', 'RFC 5737'],
  ['224.0.0.0/4', 'multicast', 'RFC 5771'],
  ['233.252.0.0/24', 'documentation (MCAST-TEST-NET)', 'RFC 5771'],
  ['240.0.0.0/4', 'reserved', 'RFC 1112'],
  ['255.255.255.255/32', 'limited broadcast', 'RFC 919'],
  ['::/8', 'reserved by IETF', 'RFC 4291'],
  ['::/96', 'IPv4-compatible (deprecated)', 'RFC 4291'],
  ['::/128', 'unspecified', 'RFC 4291'],
  ['::1/128', 'loopback', 'RFC 4291'],
  ['64:ff9b::/96', 'IPv4-IPv6 translation', 'RFC 6052'],
  ['64:ff9b:1::/48', 'IPv4-IPv6 translation, local use', 'RFC 8215'],
  ['100::/64', 'discard-only', 'RFC 6666'],
  ['100:0:0:1::/64', 'dummy prefix', 'RFC 9780'],
  ['2001::/23', 'IETF protocol assignments', 'RFC 2928'],
  ['2001::/32', 'Teredo', 'RFC 4380'],
  ['2001:1::1/128', 'Port Control Protocol anycast', 'RFC 7723'],
  ['2001:1::2/128', 'TURN anycast', 'RFC 8155'],
  ['2001:1::3/128', 'DNS-SD registration anycast', 'RFC 9665'],
  ['2001:2::/48', 'benchmarking', 'RFC 5180'],
  ['2001:3::/32', 'automatic multicast tunneling', 'RFC 7450'],
  ['2001:4:112::/48', 'AS112-v6', 'RFC 7535'],
  ['2001:10::/28', 'ORCHID (deprecated)', 'RFC 4843'],
  ['2001:20::/28', 'ORCHIDv2', 'RFC 7343'],
  ['2001:30::/28', 'drone remote identification', 'RFC 9374'],
  ['2001:db8::/32', 'documentation', 'RFC 3849'],
  ['2002::/16', '6to4', 'RFC 3056'],
  ['2620:4f:8000::/48', 'AS112 direct delegation', 'RFC 7534'],
  ['3fff::/20', 'documentation', 'RFC 9637'],
  ['5f00::/16', 'segment routing (SRv6) SIDs', 'RFC 9602'],
  ['fc00::/7', 'unique local', 'RFC 4193'],
  ['fe80::/10', 'link-local', 'RFC 4291'],
  ['fec0::/10', 'site-local (deprecated)', 'RFC 3879'],
  ['ff00::/8', 'multicast', 'RFC 4291'],
];

/**
 * The table, narrowest blocks first. IPv4-mapped addresses (`::ffff:0:0/96`) have no row: they are IPv4 everywhere in
 * tipline, and a wider block around them overlaps `::/8`.
 */
export const SPECIAL_PURPOSE: readonly SpecialPurposeBlock[] = TABLE.map(([cidr, name, source]) => {
  const prefix = parseCidr(cidr);
  if (prefix === undefined) throw new TypeError(`special-purpose table: ${cidr} is not a prefix`);
  return { prefix, name, source };
}).sort((a, b) => b.prefix.length - a.prefix.length);

/**
 * The name of a special-purpose block that shares at least one address with `prefix`: the narrowest that contains it,
 * else the widest it contains. Undefined when the prefix is ordinary address space throughout.
 */
export function specialPurpose(prefix: Prefix): string | undefined {
  const first = prefix.bytes[0] ?? 0;
  const byFirst = prefix.bytes.length === 4 ? V4_BY_FIRST_BYTE : V6_BY_FIRST_BYTE;
  // Under eight bits the prefix spans several first bytes, so no one list holds all that it may touch.
  const candidates = prefix.length < 8 ? SPECIAL_PURPOSE : byFirst[first];
  if (candidates === undefined) return undefined;
  let inside: string | undefined;
  for (const block of candidates) {
    if (!prefixOverlaps(block.prefix, prefix)) continue;
    if (prefixContains(block.prefix, prefix)) return block.name;
    inside = block.name;
  }
  return inside;
}

const V4_BY_FIRST_BYTE = indexByFirstByte(4);
const V6_BY_FIRST_BYTE = indexByFirstByte(16);

/** First byte → the blocks that touch it: most of the address space has none and is answered by one look. */
function indexByFirstByte(size: 4 | 16): readonly (readonly SpecialPurposeBlock[] | undefined)[] {
  return Array.from({ length: 256 }, (_, first) => {
    const bytes = new Uint8Array(size);
    bytes[0] = first;
    const blocks = SPECIAL_PURPOSE.filter((block) => prefixOverlaps(block.prefix, { bytes, length: 8 }));
    return blocks.length === 0 ? undefined : blocks;
  });
}
