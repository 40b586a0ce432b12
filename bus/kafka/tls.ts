import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import type { KafkaConfig } from '../../core/process/config/sections.ts';
import { TiplineError } from '../../core/process/errors.ts';

/** Options for both clients; undefined for plain text. The server's certificate is always verified. */
export function tlsOptions(tls: KafkaConfig['tls']): ConnectionOptions | undefined {
  if (tls === false) return undefined;
  if (tls === true) return {};
  return {
    ...(tls.ca === undefined ? {} : { ca: readPem('bus.tls.ca', tls.ca) }),
    ...(tls.cert === undefined ? {} : { cert: readPem('bus.tls.cert', tls.cert) }),
    ...(tls.key === undefined ? {} : { key: readPem('bus.tls.key', tls.key) }),
  };
}

function readPem(setting: string, path: string): string {
  // a key that was pasted here would come back in the error, and be logged
  if (path.includes('-----BEGIN')) {
    throw new TiplineError('BUS_TLS_FILE', `${setting} names a PEM file, and holds none itself`, { retryable: false });
  }
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new TiplineError('BUS_TLS_FILE', `${setting}: cannot read ${path}`, { cause, retryable: false });
  }
}
