import { readFile } from 'node:fs/promises';
import { isIP, type Server } from 'node:net';
import { z } from 'zod';
import { isShortage } from '../../core/process/door.ts';
import { codeOf, messageOf, TiplineError } from '../../core/process/errors.ts';

/** What feeds that are sent to have in common: an address, and certificates. */

export const serverTls = z.strictObject({
  cert: z.string().min(1).describe('PEM file of the certificate that clients are shown.'),
  key: z.string().min(1).describe('PEM file of its private key.'),
  client_ca: z
    .string()
    .min(1)
    .optional()
    .describe('PEM file of the authority that must have signed the certificate of every client.'),
});

type TlsFiles = { cert: Buffer; key: Buffer; ca?: Buffer; requestCert?: boolean; rejectUnauthorized?: boolean };

/** A server with the certificates in the files that `tls` names. */
export async function tlsServer<S extends Server>(
  tls: z.output<typeof serverTls>,
  create: (files: TlsFiles) => S,
): Promise<S> {
  const [cert, key, ca] = await Promise.all([
    readPem(tls.cert),
    readPem(tls.key),
    tls.client_ca === undefined ? undefined : readPem(tls.client_ca),
  ]);
  const files = { cert, key, ...(ca === undefined ? {} : { ca, requestCert: true, rejectUnauthorized: true }) };
  try {
    return create(files);
  } catch (cause) {
    throw new TiplineError('FEED_TLS_FILES', 'tls.cert and tls.key do not go together, or are no PEM files', {
      cause,
      retryable: false,
    });
  }
}

async function readPem(path: string): Promise<Buffer> {
  // a key that was pasted here would come back in the error, and be logged
  if (path.includes('-----BEGIN')) {
    throw new TiplineError('FEED_TLS_FILES', '"tls" of a feed that listens names PEM files, and holds none itself', {
      retryable: false,
    });
  }
  try {
    return await readFile(path);
  } catch (cause) {
    throw new TiplineError('FEED_TLS_FILES', `cannot read ${path}, which "tls" names`, { cause, retryable: false });
  }
}

interface Listening {
  /** `host:port`; port 0 takes a free one. */
  address: string;
  signal: AbortSignal;
  /** Rejects when there is no sense in listening on. */
  failed: Promise<never>;
  /** It listens, at `host:port`. */
  opened(at: string): void;
  /** It listens no more: lets all clients go. */
  letGo(): Promise<void>;
}

/** Listens until the signal. Rejects when it cannot, or with what `failed` says; in any case all is closed then. */
export async function listenUntil(server: Server, { address, signal, ...life }: Listening): Promise<void> {
  const stopped = Promise.withResolvers<void>();
  const stop = (): void => stopped.resolve();
  signal.addEventListener('abort', stop, { once: true });
  try {
    await listen(server, address);
    // a connection that could not be had says nothing of those that are there; the door counts it
    server.on('error', (error) => isShortage(error) || stopped.reject(error));
    life.opened(listeningAt(server, address));
    if (!signal.aborted) await Promise.race([stopped.promise, life.failed]);
  } finally {
    signal.removeEventListener('abort', stop);
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    try {
      await life.letGo();
    } finally {
      await closed;
    }
  }
}

function listen(server: Server, address: string): Promise<void> {
  const { host, port } = splitAddress(address);
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const hint = codeOf(error) === 'EADDRINUSE' ? 'something listens there already' : messageOf(error);
      reject(
        new TiplineError('FEED_LISTEN', `cannot listen on ${address}: ${hint}`, { cause: error, retryable: true }),
      );
    });
    server.listen({ host, port }, () => resolve());
  });
}

function listeningAt(server: Server, asked: string): string {
  const address = server.address();
  if (typeof address !== 'object' || address === null) return asked;
  const { address: host, port } = address;
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

export function isLoopback(address: string): boolean {
  const { host } = splitAddress(address);
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

function splitAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) };
}
