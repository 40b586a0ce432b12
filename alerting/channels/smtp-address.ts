import { TiplineError } from '../../core/process/errors.ts';

/** What `smtp://user:password@host:port` says. */
export interface SmtpAddress {
  host: string;
  port: number;
  /** TLS from the first byte. */
  secure: boolean;
  auth: { user: string; pass: string } | undefined;
  /** The server is on this machine: what is said to it crosses no network. */
  loopback: boolean;
}

/** Ports: smtps 465; smtp 587 (submission, RFC 6409) with a user name, else 25. The error never repeats the address: it holds a password. */
export function readSmtpAddress(text: string): SmtpAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.hostname === '' || !['smtp:', 'smtps:'].includes(url.protocol) || !bare(url)) {
    throw new TiplineError(
      'BAD_SMTP_ADDRESS',
      'alerting.email.smtp: must be smtp://user:password@host:port or smtps://…, with % codes in user and password',
      {
        retryable: false,
      },
    );
  }
  const secure = url.protocol === 'smtps:';
  const auth = url.username === '' ? undefined : { user: decoded(url.username), pass: decoded(url.password) };
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const usual = secure ? 465 : auth === undefined ? 25 : 587;
  return { host, port: url.port === '' ? usual : Number(url.port), secure, auth, loopback: isLoopback(host) };
}

function bare(url: URL): boolean {
  return (url.pathname === '' || url.pathname === '/') && url.search === '' && url.hash === '';
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function isLoopback(host: string): boolean {
  return host.toLowerCase() === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
