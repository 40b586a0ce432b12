import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from './command.ts';
import { requirePrograms } from './debian.ts';

export interface Certificate {
  /** PEM of the private key. */
  key: string;
  /** PEM of the certificate, which is its own authority: clients that trust it get it as `ca`. */
  cert: string;
}

/** A new self-signed certificate for localhost and the loopback addresses, good for two days. */
export async function selfSigned(): Promise<Certificate> {
  requirePrograms('openssl');
  const folder = mkdtempSync(join(tmpdir(), 'tipline-certificate-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  try {
    const { code, stderr } = await runCommand([
      ...['openssl', 'req', '-x509', '-nodes', '-days', '2', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
      ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1'],
      ...['-keyout', key, '-out', cert],
    ]);
    if (code !== 0) throw new Error(`openssl ended with ${code}: ${stderr}`);
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
