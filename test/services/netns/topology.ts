/**
 * The network of the lab, on documentation prefixes alone (RFC 5737, RFC 3849):
 *
 *   attacker ---- 198.51.100.0/24, 2001:db8:a::/64 ---- firewall ---- 203.0.113.0/24, 2001:db8:b::/64 ---- server
 *
 * The attacker has several addresses, so that one can be blocked and its neighbours looked at.
 */
export const places = ['attacker', 'firewall', 'server'] as const;
export type Place = (typeof places)[number];

/** The port on which every place echoes, over TCP and UDP, on all its addresses. */
export const echoPort = 7007;

export const addresses = {
  attacker: {
    v4: ['198.51.100.10', '198.51.100.11', '198.51.100.12', '198.51.100.200'],
    v6: ['2001:db8:a::10', '2001:db8:a::11', '2001:db8:a::12', '2001:db8:a::200'],
  },
  firewall: { v4: ['198.51.100.1', '203.0.113.1'], v6: ['2001:db8:a::1', '2001:db8:b::1'] },
  server: { v4: ['203.0.113.10'], v6: ['2001:db8:b::10'] },
} as const satisfies Record<Place, { v4: readonly string[]; v6: readonly string[] }>;

/**
 * Lines for `ip -batch -`, to be run in the firewall: the two cables, each with its far end put into another place.
 * The places are named by the files of their namespaces.
 */
export function cables(far: { attacker: string; server: string }): string[] {
  return [
    `link add outside type veth peer name uplink netns ${far.attacker}`,
    `link add inside type veth peer name uplink netns ${far.server}`,
  ];
}

/** Lines for `ip -batch -`, to be run in that place before any address is set. */
export function links(place: Place): string[] {
  const devices = place === 'firewall' ? ['lo', 'outside', 'inside'] : ['lo', 'uplink'];
  return devices.map((device) => `link set ${device} up`);
}

/** Lines for `ip -batch -`, to be run in that place when every cable is up at both ends. */
export function routes(place: Place): string[] {
  switch (place) {
    case 'attacker':
      return [
        ...having('uplink', addresses.attacker.v4, addresses.attacker.v6),
        'route add default via 198.51.100.1',
        'route add default via 2001:db8:a::1',
      ];
    case 'firewall':
      return [
        ...having('outside', addresses.firewall.v4.slice(0, 1), addresses.firewall.v6.slice(0, 1)),
        ...having('inside', addresses.firewall.v4.slice(1), addresses.firewall.v6.slice(1)),
      ];
    case 'server':
      return [
        ...having('uplink', addresses.server.v4, addresses.server.v6),
        'route add default via 203.0.113.1',
        'route add default via 2001:db8:b::1',
      ];
    default: {
      const never: never = place;
      return never;
    }
  }
}

/** Without nodad an IPv6 address may not be used for the first second or two. */
function having(device: string, v4: readonly string[], v6: readonly string[]): string[] {
  return [
    ...v4.map((address) => `address add ${address}/24 dev ${device}`),
    ...v6.map((address) => `address add ${address}/64 dev ${device} nodad`),
  ];
}
