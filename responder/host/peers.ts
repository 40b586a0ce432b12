import { lookup } from 'node:dns/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatIp, parseIp } from '../../core/indicator/address.ts';

export type Resolve = (host: string) => Promise<string[]>;

/** All addresses of a name, the way every program on this host resolves it (hosts file included). */
export const systemResolve: Resolve = async (host) =>
  (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address);

/** How long an address of a name is spared after the name led there for the last time: connections outlive an answer of the DNS. */
const REMEMBERED = 3_600_000;

/** Addresses behind names. */
export interface NamedAddresses {
  /** A name that does not resolve now keeps the addresses it had: an outage of DNS must not take protection away. */
  update(hosts: readonly string[], now: number): Promise<{ host: string; bytes: Uint8Array }[]>;
}

/** A look waits so long for the DNS; what it says later counts from the next look on. */
const PATIENCE = 5000;

export function createNamedAddresses(resolve: Resolve = systemResolve, patience = PATIENCE): NamedAddresses {
  const known = new Map<string, Map<string, { bytes: Uint8Array; at: number }>>();
  return {
    async update(hosts, now) {
      const names = [...new Set(hosts)];
      const answers = Promise.all(
        names.map(async (host) => {
          try {
            const addresses = known.get(host) ?? new Map();
            for (const bytes of await addressesOf(host, resolve)) addresses.set(formatIp(bytes), { bytes, at: now });
            for (const [text, { at }] of addresses) if (now - at > REMEMBERED) addresses.delete(text);
            known.set(host, addresses);
          } catch {
            // unknown name or no DNS: what was known stays
          }
        }),
      );
      await atMost(patience, answers);
      return names.flatMap((host) => [...(known.get(host)?.values() ?? [])].map(({ bytes }) => ({ host, bytes })));
    },
  };
}

async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  const waiting = new AbortController();
  await Promise.race([work, sleep(ms, undefined, { signal: waiting.signal }).catch(() => {})]);
  waiting.abort();
}

async function addressesOf(host: string, resolve: Resolve): Promise<Uint8Array[]> {
  const literal = parseIp(host.replace(/^\[|\]$/g, ''));
  if (literal !== undefined) return [literal];
  return (await resolve(host)).flatMap((text) => parseIp(text.split('%')[0] ?? '') ?? []);
}
