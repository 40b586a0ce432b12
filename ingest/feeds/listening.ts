import { readFile } from 'node:fs/promises';
import { isIP, type Server } from 'node:net';
import { z } from 'zod';
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

/** The content of the files that `tls` names, as Node's servers take it. */
export async function readServerTls(
  tls: z.output<typeof serverTls>,
): Promise<{ cert: Buffer; key: Buffer; ca?: Buffer; requestCert?: boolean; rejectUnauthorized?: boolean }> {
  const [cert, key, ca] = await Promise.all([
    readPem(tls.cert),
    readPem(tls.key),
    tls.client_ca === undefined ? undefined : readPem(tls.client_ca),
  ]);
  return { cert, key, ...(ca === undefined ? {} : { ca, requestCert: true, rejectUnauthorized: true }) };
}

async function readPem(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new TiplineError('FEED_TLS_FILES', `cannot read ${path}, which "tls" names`, { cause, retryable: false });
  }
}

export function listen(server: Server, address: string): Promise<void> {
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

/** `host:port` where it listens now, which is another port than the one asked for when that was 0. */
export function listeningAt(server: Server, asked: string): string {
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
