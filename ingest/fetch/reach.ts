import { lookup as resolve } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { parseIp } from '../../core/indicator/address.ts';
import { specialPurpose } from '../../core/indicator/special-purpose.ts';
import { FetchError } from './fetch-error.ts';

/**
 * Where the requests of one feed may go. A server on the internet must not lead us (by a redirect, an address in its answer, or a
 * name that it lets point elsewhere) to what only this machine can reach: itself, its network, the credentials that a cloud serves its machines.
 * Hosts that the operator wrote down may be anywhere, and a feed whose own host is inside may be led on inside.
 */
export interface Reach {
  /** Throws FEED_PRIVATE_ADDRESS when the host of a URL is an address that is out of reach; a name is judged when it is looked up. */
  admit(url: URL): void;
  /** For connections: resolves a name, and fails when it leads out of reach. What was judged is what is connected to. */
  readonly lookup: LookupFunction;
}

export interface ReachOptions {
  /** Host names and addresses that the feed's configuration names. */
  hosts: ReadonlySet<string>;
  allowPrivate: boolean;
}

/** `inside`: nobody on the internet has it. `metadata`: link-local, where clouds serve credentials; no feed is there. */
type Place = 'internet' | 'inside' | 'metadata';

export function createReach({ hosts, allowPrivate }: ReachOptions): Reach {
  /** Hosts of the configuration that were on the internet when they were first looked up: they stay there. */
  const outside = new Set<string>();
  /** Those that were inside each time. */
  const atHome = new Set<string>();

  function judge(host: string, addresses: readonly string[], named: boolean): FetchError | undefined {
    if (allowPrivate) return undefined;
    const places = addresses.map(placeOf);
    const inside = places.some((place) => place !== 'internet');
    const metadata = places.includes('metadata');
    if (!hosts.has(host)) return inside && (metadata || atHome.size === 0) ? outOfReach(host) : undefined;
    if (!inside) {
      outside.add(host);
      atHome.delete(host);
      return undefined;
    }
    // who answers with both is on the internet, and would have us take it for one of ours
    const both = places.includes('internet');
    if (named && (metadata || both || outside.has(host))) return outOfReach(host);
    atHome.add(host);
    return undefined;
  }

  return {
    admit(url) {
      const host = hostOf(url);
      if (parseIp(host) === undefined) return;
      const refusal = judge(host, [host], false);
      if (refusal !== undefined) throw refusal;
    },
    lookup(hostname, options, callback) {
      resolve(hostname, { ...options, all: true }, (error, addresses) => {
        if (error !== null) return callback(error, []);
        const list = addresses.map(({ address }) => address);
        const refusal = judge(hostname.toLowerCase(), list, true);
        if (refusal !== undefined) return callback(refusal, []);
        const [first] = addresses;
        if (options.all === true || first === undefined) return callback(null, addresses);
        return callback(null, first.address, first.family);
      });
    },
  };
}

/** The hosts of all URLs in a feed's section. */
export function hostsOf(section: unknown): Set<string> {
  const hosts = new Set<string>();
  const walk = (value: unknown): void => {
    if (typeof value === 'string') {
      if (/^https?:\/\//i.test(value) && URL.canParse(value)) hosts.add(hostOf(new URL(value)));
    } else if (typeof value === 'object' && value !== null) {
      for (const each of Object.values(value)) walk(each);
    }
  };
  walk(section);
  return hosts;
}

/** Without the brackets of an IPv6 address; a URL has its host in small letters. */
function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

/** Addresses that clouds serve their machines at and that no registry sets aside, or not as link-local. */
const METADATA: ReadonlySet<string> = new Set(['168.63.129.16', '100.100.100.200', '192.0.0.192', 'fd00:ec2::254']);

/** Where an address is, by the registries of special-purpose addresses (RFC 6890). */
export function placeOf(address: string): Place {
  const bytes = parseIp(address.replace(/%.*$/, ''));
  if (bytes === undefined) return 'metadata';
  const embedded = embeddedIpv4(bytes);
  if (embedded !== undefined) return placeOf(embedded);
  const [first = 0, second = 0] = bytes;
  const linkLocal = bytes.length === 4 ? first === 169 && second === 254 : first === 0xfe && (second & 0xc0) === 0x80;
  if (linkLocal || METADATA.has(address)) return 'metadata';
  return specialPurpose({ bytes, length: bytes.length * 8 }) === undefined ? 'internet' : 'inside';
}

/** Of an IPv6 address that a translator takes for an IPv4 one: mapped (RFC 4291), NAT64 (RFC 6052), 6to4 (RFC 3056). */
function embeddedIpv4(bytes: Uint8Array): string | undefined {
  if (bytes.length !== 16) return undefined;
  const hex = Buffer.from(bytes).toString('hex');
  const at = /^0{20}ffff|^0064ff9b0{16}/.test(hex) ? 12 : hex.startsWith('2002') ? 2 : undefined;
  return at === undefined ? undefined : bytes.subarray(at, at + 4).join('.');
}

function outOfReach(host: string): FetchError {
  return new FetchError(
    'FEED_PRIVATE_ADDRESS',
    `the source leads to ${host.slice(0, 100)}, which is not on the internet but on this machine or in its network; that is refused unless the feed says allow_private: true`,
    { retryable: true },
  );
}
