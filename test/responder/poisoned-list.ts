/**
 * What a poisoned list would name to cut a firewall off, on the network that poisoned.test.ts makes: 80 lines, none of which may be blocked.
 * The addresses are public ones, since special-purpose ranges are spared anyway; in the namespace nobody is harmed.
 */
export const HOST = {
  own: ['45.10.20.1', '2a09:aa::1'],
  gateways: ['45.10.20.254', '45.10.20.253', '45.10.20.252', '2a09:aa::fe', '2a09:aa::fd'],
  resolvers: ['45.10.20.53', '2a09:aa::53'],
  admin: '45.10.20.77',
  /** Broker, store, mail server, a feed's proxy. */
  peers: ['45.10.20.90', '45.10.20.91', '45.10.20.92', '2a09:aa::90'],
  ownNetworks: ['46.1.0.0/16', '2a0a:bb::/32'],
} as const;

export const POISONED: readonly string[] = [
  ...HOST.own,
  ...HOST.gateways,
  ...HOST.resolvers,
  HOST.admin,
  ...HOST.peers,
  // addresses of the lab's other networks, and of every host
  ...['198.51.100.1', '203.0.113.1', '203.0.113.10', '2001:db8:a::1', '2001:db8:b::1', '127.0.0.1', '::1', '0.0.0.0'],
  ...['10.0.0.1', '172.16.0.1', '192.168.0.1', '192.168.1.0/24', '169.254.169.254', '100.64.0.1', 'fe80::1', 'fd00::1'],
  ...['224.0.0.1', '239.255.255.250', '255.255.255.255', 'ff02::1', 'ff02::2'],
  // whole internets, halves, and what holds this host
  ...['0.0.0.0/0', '::/0', '0.0.0.0/1', '128.0.0.0/1', '::/1', '8000::/1', '32.0.0.0/3', '2000::/3'],
  ...['45.0.0.0/8', '45.8.0.0/13', '45.10.0.0/16', '45.10.16.0/20', '45.10.20.0/22', '45.10.20.0/24'],
  ...['45.10.20.0/28', '45.10.20.76/30', '45.10.20.252/30', '45.10.20.48/29', '45.10.20.88/29'],
  ...['2a09::/16', '2a09:aa::/32', '2a09:aa::/48', '2a09:aa::/64', '2a09:aa::/120'],
  // the operator's own
  ...['46.1.2.3', '46.1.0.0/16', '46.1.128.0/20', '46.0.0.0/12', '2a0a:bb::1', '2a0a:bb:1::/48'],
  // what everybody needs
  ...['1.1.1.1', '8.8.8.8', '9.9.9.9', '8.8.8.0/24', '1.1.1.0/24', '198.41.0.4', '192.5.5.241', '2001:4860:4860::8888'],
  ...[
    '2606:4700:4700::1111',
    '2620:fe::fe',
    '104.16.0.1',
    '104.16.0.0/20',
    '104.16.0.0/13',
    '172.64.0.0/20',
    '162.158.1.1',
  ],
];
