import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { parseIp } from '../../core/indicator/address.ts';
import type { GuardEntry } from '../guard.ts';
import { createPeerAddresses, type Resolve } from './peers.ts';
import { resolversIn } from './resolvers.ts';
import { ipv4Gateways, ipv6Gateways } from './routes.ts';
import { createSshPeers, sshConnections } from './ssh-peers.ts';

export interface HostOptions {
  /** Hosts that tipline talks to: Kafka brokers, Elasticsearch nodes, the mail server; names or addresses, without port. */
  readonly peers: readonly string[];
  readonly sshPorts?: readonly number[];
  /** Folders to read from; for tests. */
  readonly proc?: string;
  readonly etc?: string;
  readonly run?: string;
  readonly interfaces?: () => string[];
  readonly resolve?: Resolve;
  readonly clock?: () => number;
}

/**
 * Reads what this machine needs to stay reachable and useful. A source that cannot be read gives nothing: proc files
 * are missing where IPv6 is off, resolv.conf in small containers.
 */
export function createHostReader(options: HostOptions): () => Promise<GuardEntry[]> {
  const { proc = '/proc', etc = '/etc', run = '/run', sshPorts = [22] } = options;
  const interfaces = options.interfaces ?? ownAddresses;
  const clock = options.clock ?? (() => performance.now());
  const peers = createPeerAddresses(options.peers, options.resolve);
  const ssh = createSshPeers();

  return async () => {
    const [route4, route6, resolv, upstream, tcp4, tcp6, reached] = await Promise.all([
      read(`${proc}/net/route`),
      read(`${proc}/net/ipv6_route`),
      read(`${etc}/resolv.conf`),
      // where resolv.conf only names a local forwarder, systemd-resolved keeps the real servers here
      read(`${run}/systemd/resolve/resolv.conf`),
      read(`${proc}/net/tcp`),
      read(`${proc}/net/tcp6`),
      peers.update(),
    ]);
    const connections = [...sshConnections(tcp4, sshPorts), ...sshConnections(tcp6, sshPorts)];
    return [
      ...interfaces().flatMap((text) => {
        const bytes = parseIp(text);
        return bytes === undefined ? [] : [entry(bytes, 'GUARD_OWN_ADDRESS', 'an address of this machine')];
      }),
      ...[...ipv4Gateways(route4), ...ipv6Gateways(route6)].map((bytes) =>
        entry(bytes, 'GUARD_GATEWAY', 'a gateway of this machine'),
      ),
      ...[...resolversIn(resolv), ...resolversIn(upstream)].map((bytes) =>
        entry(bytes, 'GUARD_RESOLVER', 'a DNS resolver of this machine'),
      ),
      ...reached.map(({ host, bytes }) => entry(bytes, 'GUARD_PEER', `tipline works with ${host}`)),
      ...ssh
        .update(connections, clock())
        .map((bytes) => entry(bytes, 'GUARD_SSH_PEER', 'somebody is logged in from there')),
    ];
  };
}

function entry(bytes: Uint8Array, code: string, reason: string): GuardEntry {
  return { prefix: { bytes, length: bytes.length * 8 }, code, reason };
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return '';
  }
}
