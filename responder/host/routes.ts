/**
 * Gateways from `/proc/net/route` and `/proc/net/ipv6_route` (proc(5); linux/include/uapi/linux/route.h). Every route
 * through a gateway counts, not only the default one: what a host routes through it needs.
 */
const RTF_GATEWAY = 0x2;

/** Addresses as 4 bytes. The file writes 32-bit words in host order, which is little-endian wherever Node runs. */
export function ipv4Gateways(table: string): Uint8Array[] {
  return table
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, , gateway = '', flags = ''] = line.split(/\s+/);
      if (!/^[0-9A-F]{8}$/i.test(gateway) || (Number.parseInt(flags, 16) & RTF_GATEWAY) === 0) return [];
      return [new Uint8Array(Buffer.from(gateway, 'hex').reverse())];
    });
}

/** Addresses as 16 bytes; this file writes them in network order. */
export function ipv6Gateways(table: string): Uint8Array[] {
  return table.split('\n').flatMap((line) => {
    const [, , , , nextHop = '', , , , flags = ''] = line.split(/\s+/);
    if (!/^[0-9a-f]{32}$/i.test(nextHop) || (Number.parseInt(flags, 16) & RTF_GATEWAY) === 0) return [];
    return [new Uint8Array(Buffer.from(nextHop, 'hex'))];
  });
}
