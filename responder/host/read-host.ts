import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { parseIp } from '../../core/indicator/address.ts';
import type { GuardEntry } from '../guard.ts';
import { GUARD_OWN } from '../never-block.ts';
import { createNamedAddresses, type Resolve } from './peers.ts';
import { resolversIn } from './resolvers.ts';
import { createRouteTables, type RunIp } from './route-tables.ts';
import { ipv4Gateways, ipv6Gateways } from './routes.ts';
import { socketsIn } from './sockets.ts';
import { createSshPeers } from './ssh-peers.ts';
import { sshPorts } from './sshd.ts';

export interface HostOptions {
  /**
   * Hosts that tipline works with, names or addresses without port; asked at every look, for brokers are learned. Whom it is connected to is
   * not looked at: a feed's server could lead us (by a redirect, an API root in its answer) to any address, which nobody could block then.
   */
  readonly peers: () => readonly string[] | Promise<readonly string[]>;
  /** Domains of the operator. */
  readonly own?: readonly string[];
  /** Folders to read from; for tests. */
  readonly proc?: string;
  readonly etc?: string;
  readonly run?: string;
  readonly interfaces?: () => string[];
  readonly resolve?: Resolve;
  readonly ip?: RunIp;
  readonly clock?: () => number;
}

/**
 * Reads what this machine needs to stay reachable and useful. A source that cannot be read gives nothing: proc files
 * are missing where IPv6 is off, resolv.conf in small containers.
 */
export function createHostReader(options: HostOptions): () => Promise<GuardEntry[]> {
  const { proc = '/proc', etc = '/etc', run = '/run', own = [] } = options;
  const interfaces = options.interfaces ?? ownAddresses;
  const clock = options.clock ?? (() => performance.now());
  const peers = createNamedAddresses(options.resolve);
  const ownNames = createNamedAddresses(options.resolve);
  const routeTables = createRouteTables(options.ip);
  const ssh = createSshPeers();

  return async () => {
    const now = clock();
    const [route4, route6, resolv, upstream, tcp4, tcp6, hops, reached, owned] = await Promise.all([
      read(`${proc}/net/route`),
      read(`${proc}/net/ipv6_route`),
      read(`${etc}/resolv.conf`),
      // where resolv.conf only names a local forwarder, systemd-resolved keeps the real servers here
      read(`${run}/systemd/resolve/resolv.conf`),
      read(`${proc}/net/tcp`),
      read(`${proc}/net/tcp6`),
      routeTables(now),
      Promise.resolve(options.peers()).then((hosts) => peers.update(hosts, now)),
      ownNames.update(
        own.flatMap((name) => [name, `www.${name}`]),
        now,
      ),
    ]);
    const sockets = [...socketsIn(tcp4), ...socketsIn(tcp6)];
    const ports = await sshPorts(proc, etc, sockets);
    const logins = sockets.filter(({ state, port }) => state === 'established' && ports.has(port));
    return [
      ...interfaces().flatMap((text) => {
        const bytes = parseIp(text);
        return bytes === undefined ? [] : [entry(bytes, 'GUARD_OWN_ADDRESS', 'an address of this machine')];
      }),
      ...[...ipv4Gateways(route4), ...ipv6Gateways(route6), ...hops].map((bytes) =>
        entry(bytes, 'GUARD_GATEWAY', 'a gateway of this machine'),
      ),
      ...[...resolversIn(resolv), ...resolversIn(upstream)].map((bytes) =>
        entry(bytes, 'GUARD_RESOLVER', 'a DNS resolver of this machine'),
      ),
      ...reached.map(({ host, bytes }) => entry(bytes, 'GUARD_PEER', `tipline works with ${host}`)),
      ...owned.map(({ host, bytes }) => entry(bytes, GUARD_OWN, `${host} is yours (own)`)),
      ...ssh.update(logins, now).map((bytes) => entry(bytes, 'GUARD_SSH_PEER', 'somebody is logged in from there')),
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
