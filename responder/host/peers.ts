import { lookup } from 'node:dns/promises';
import { parseIp } from '../../core/indicator/address.ts';

export type Resolve = (host: string) => Promise<string[]>;

/** All addresses of a name, the way every program on this host resolves it (hosts file included). */
export const systemResolve: Resolve = async (host) =>
  (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address);

/** Addresses of the servers that this process talks to. */
export interface PeerAddresses {
  /** A name that does not resolve now keeps the addresses it had: an outage of DNS must not take protection away. */
  update(): Promise<{ host: string; bytes: Uint8Array }[]>;
}

/** @param hosts names or addresses, without port */
export function createPeerAddresses(hosts: readonly string[], resolve: Resolve = systemResolve): PeerAddresses {
  const known = new Map<string, Uint8Array[]>();
  return {
    async update() {
      await Promise.all(
        [...new Set(hosts)].map(async (host) => {
          try {
            known.set(host, await addressesOf(host, resolve));
          } catch {
            // unknown name or no DNS: what was known stays
          }
        }),
      );
      return [...known].flatMap(([host, addresses]) => addresses.map((bytes) => ({ host, bytes })));
    },
  };
}

async function addressesOf(host: string, resolve: Resolve): Promise<Uint8Array[]> {
  const literal = parseIp(host.replace(/^\[|\]$/g, ''));
  if (literal !== undefined) return [literal];
  return (await resolve(host)).flatMap((text) => parseIp(text.split('%')[0] ?? '') ?? []);
}
