import { readFile } from 'node:fs/promises';
import type { LookupFunction } from 'node:net';
import type { Dispatcher } from 'undici';
import { z } from 'zod';
import { reached } from '../../core/process/config/hosts.ts';
import { codeOf, TiplineError } from '../../core/process/errors.ts';
import { type Clock, REAL_CLOCK } from '../clock.ts';
import { milliseconds, sourceUrl } from '../setting-values.ts';
import { CONNECT_MS, createDispatcher, type TlsParts } from './dispatcher.ts';
import type { Fetcher, Route } from './fetcher.ts';
import { createRateBudget } from './rate-budget.ts';
import { createReach, hostsOf } from './reach.ts';

const pem = z.string().min(1).max(1_000_000);

const tlsSection = z
  .strictObject({
    ca: pem.optional().describe('PEM file of an authority to trust besides the known ones.'),
    cert: pem.optional().describe('PEM file of the client certificate, with the chain below the authority.'),
    key: pem.optional().describe('PEM file of the private key that belongs to the client certificate.'),
    passphrase: z.string().min(1).max(1000).optional().describe('Opens the private key, when it is encrypted.'),
    server_name: z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,253}$/, 'must be a host name')
      .optional()
      .describe("The name in the server's certificate, when it is not that of the URL."),
  })
  .superRefine((parts, context) => {
    for (const [one, other] of [
      ['cert', 'key'],
      ['key', 'cert'],
    ] as const) {
      if (parts[one] !== undefined && parts[other] === undefined) {
        context.addIssue({ code: 'custom', path: [other], message: `must be there with ${one}` });
      }
    }
  });

/** How a feed reaches its source; every feed that fetches has these keys. */
export const transportKeys = {
  proxy: reached(sourceUrl.optional(), []).describe(
    'The proxy that leads to the source, as http://user:password@host:port.',
  ),
  tls: tlsSection
    .optional()
    .describe('Certificates for the connection to the source: paths of PEM files, or the PEM itself.'),
  rate: z
    .strictObject({
      requests: z.int().min(1).max(10_000).describe('So many requests at most.'),
      per: milliseconds.describe('In any time as long as this.'),
    })
    .optional()
    .describe('The most requests that the source is sent in a time; those above wait.'),
  allow_private: z
    .boolean()
    .default(false)
    .describe(
      'May a source on the internet lead to addresses that are not, by redirects and by addresses in its answers? What the configuration itself names may be anywhere.',
    ),
};

export interface TransportSettings {
  readonly proxy?: string | undefined;
  readonly tls?: z.output<typeof tlsSection> | undefined;
  readonly rate?: { requests: number; per: number } | undefined;
  readonly allow_private?: boolean | undefined;
  /** What the feed's section names; absent: requests may go anywhere. */
  readonly hosts?: ReadonlySet<string>;
}

const transportShape = z.object(transportKeys);

/** What a feed's settings say of the way to its source; nothing for feeds that fetch nothing and mean something else by these keys. */
export function transportOf(section: object): TransportSettings {
  const parsed = transportShape.safeParse(section);
  return { ...(parsed.success ? parsed.data : {}), hosts: hostsOf({ ...section, proxy: undefined }) };
}

/** Since the fetcher was made: what was sent and what came, compressed as it was. */
export interface FetchStats {
  requests: number;
  bytes: number;
}

/** One feed's own way to its source, on top of the connections that all share. */
export interface TransportedFetcher extends Fetcher {
  stats(): FetchStats;
}

interface Roads {
  home: Dispatcher;
  away: Dispatcher;
}

/**
 * The fetcher of one feed: through its proxy, with its certificates, within its budget, and counted. Certificates are read with the first
 * request, and again after a TLS failure, so that a renewed file needs no restart. Closing it leaves `fetcher` open.
 */
export function transported(
  fetcher: Fetcher,
  settings: TransportSettings,
  clock: Clock = REAL_CLOCK,
): TransportedFetcher {
  const { proxy, tls, rate, hosts, allow_private: allowPrivate = false } = settings;
  const reach = hosts === undefined ? undefined : createReach({ hosts, allowPrivate });
  const admit = rate === undefined ? undefined : createRateBudget(rate, clock);
  const stats: FetchStats = { requests: 0, bytes: 0 };
  const via = proxy === undefined ? undefined : new URL(proxy).host;
  let roads: Promise<Roads> | undefined;

  const counted = {
    async admit(signal: AbortSignal): Promise<void> {
      await admit?.(signal);
      stats.requests += 1;
    },
    received(bytes: number): void {
      stats.bytes += bytes;
    },
    now: () => clock.now(),
    ...(via === undefined ? {} : { via }),
    ...(reach === undefined ? {} : { admitUrl: reach.admit }),
  };

  async function through<Answer>(send: (route: Partial<Route>) => Promise<Answer>): Promise<Answer> {
    if (proxy === undefined && tls === undefined && reach === undefined) return await send(counted);
    roads ??= openRoads(settings, reach?.lookup);
    const mine = roads;
    try {
      return await send({ ...counted, ...(await mine) });
    } catch (error) {
      if (/^FEED_TLS/.test(codeOf(error)) && roads === mine) {
        roads = undefined;
        // not waited for: another request may still be on it
        void closeRoads(mine);
      }
      throw error;
    }
  }

  return {
    get: (wanted) => through((route) => fetcher.get({ ...wanted, route })),
    post: (wanted) => through((route) => fetcher.post({ ...wanted, route })),
    stats: () => ({ ...stats }),
    async close() {
      if (roads !== undefined) await closeRoads(roads);
    },
  };
}

async function openRoads({ proxy, tls = {} }: TransportSettings, lookup: LookupFunction | undefined): Promise<Roads> {
  const [ca, cert, key] = await Promise.all([pemOf(tls, 'ca'), pemOf(tls, 'cert'), pemOf(tls, 'key')]);
  const open = (parts: TlsParts): Dispatcher =>
    createDispatcher({ connectTimeout: CONNECT_MS, proxy, tls: parts, lookup });
  try {
    const home = open({ ca, cert, key, passphrase: tls.passphrase, serverName: tls.server_name });
    const own = cert !== undefined || tls.server_name !== undefined;
    return { home, away: own ? open({ ca }) : home };
  } catch (cause) {
    throw new TiplineError(
      'FEED_TLS_FILES',
      'tls.cert and tls.key do not go together, are no PEM, or "passphrase" does not open the key',
      { cause, retryable: true },
    );
  }
}

async function closeRoads(roads: Promise<Roads>): Promise<void> {
  const { home, away } = await roads.catch(() => ({ home: undefined, away: undefined }));
  await Promise.allSettled([home?.close(), away === home ? undefined : away?.close()]);
}

/** PEM that is written down, or what a file holds. The text is in no message: it may be a key that was pasted without its first line. */
async function pemOf(
  tls: NonNullable<TransportSettings['tls']>,
  part: 'ca' | 'cert' | 'key',
): Promise<string | undefined> {
  const text = tls[part];
  if (text === undefined || text.includes('-----BEGIN')) return text;
  try {
    return await readFile(text, 'utf8');
  } catch (error) {
    throw new TiplineError('FEED_TLS_FILES', `cannot read the file that tls.${part} names (${codeOf(error)})`, {
      retryable: true,
    });
  }
}
