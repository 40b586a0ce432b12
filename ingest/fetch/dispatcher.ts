import type { LookupFunction } from 'node:net';
import tls from 'node:tls';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';

/** What TLS needs beyond the known authorities; all of it PEM. */
export interface TlsParts {
  /** Of an authority to trust besides the known ones. */
  ca?: string | undefined;
  /** What this side shows when it is asked who it is. */
  cert?: string | undefined;
  key?: string | undefined;
  passphrase?: string | undefined;
  /** The name that the server's certificate must bear, when it is not that of the URL. */
  serverName?: string | undefined;
}

export interface DispatcherOptions {
  connectTimeout: number;
  tls?: TlsParts;
  /** An http or https URL, with user and password when it asks for them. */
  proxy?: string | undefined;
  /** Resolves the names of sources; a proxy resolves them itself. */
  lookup?: LookupFunction | undefined;
}

/** How long a connection may take to be made. */
export const CONNECT_MS = 10_000;

const MOST_HEADER_BYTES = 32 * 1024;

/** The connections of one fetcher. Throws what OpenSSL says of PEM that it cannot use. */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { connectTimeout, proxy, lookup } = options;
  const connect = { timeout: connectTimeout, ...secured(options.tls ?? {}) };
  const shared = {
    maxHeaderSize: MOST_HEADER_BYTES,
    // one list a connection: nothing to gain, and flow control stays the kernel's
    allowH2: false,
    keepAliveTimeout: 4000,
    connections: 8,
  };
  if (proxy === undefined)
    return new Agent({ ...shared, connect: { ...connect, ...(lookup === undefined ? {} : { lookup }) } });
  return new ProxyAgent({
    ...shared,
    uri: proxy,
    connectTimeout,
    requestTls: { ...connect, allowH2: false },
    // a proxy of the house is known by the same authority, but has no business with the certificate meant for the source
    proxyTls: { timeout: connectTimeout, ...secured({ ca: options.tls?.ca }) },
  });
}

function secured({ ca, cert, key, passphrase, serverName }: TlsParts): {
  secureContext?: tls.SecureContext;
  servername?: string;
} {
  const parts = {
    // Node takes `ca` instead of the authorities it knows, so they are named too
    ...(ca === undefined ? {} : { ca: [...tls.getCACertificates('default'), ca] }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(passphrase === undefined ? {} : { passphrase }),
  };
  return {
    // made once: with two hundred authorities it takes milliseconds, which each connection would pay again
    ...(ca === undefined && cert === undefined ? {} : { secureContext: tls.createSecureContext(parts) }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  };
}
