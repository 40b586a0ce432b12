import { canonicalIp, isIpv4 } from './address.ts';
import { canonicalHostName } from './domain.ts';

const SCHEME = /^[a-z][a-z0-9+-]*:\/\//i;
const SPECIAL = /^(?:https?|ftp|wss?):/i;
const HOST_FIRST = /^(?:\[|[^/?#:@\\]*\.)/;

/**
 * The canonical form of a URL, after WHATWG: lower-case scheme and host, IDNA, dot segments resolved, the scheme's own
 * port left out. Beyond that:
 * - percent escapes of unreserved characters are decoded and the others written in upper case (RFC 3986, 6.2.2); a
 *   bare `%` becomes `%25`, so that nothing decoded can form a new escape;
 * - an IPv4-mapped host is the IPv4 address, a trailing dot of the host goes;
 * - the fragment goes: it is never sent to a server, so it cannot tell two URLs apart on the wire;
 * - user name and password stay: they are sent, and kits use them as keys;
 * - without a scheme `http://` is meant.
 * Any scheme with `://` and a host is taken (`tcp://`, `ldap://` …); `data:`, `javascript:` and `file:///` are not.
 */
export function canonicalUrl(text: string): string | undefined {
  const url = parseUrl(text);
  if (url === undefined) return undefined;
  const host = canonicalHost(url.hostname);
  if (host === undefined) return undefined;
  const user = url.username === '' ? '' : normaliseEscapes(url.username);
  const password = url.password === '' ? '' : `:${normaliseEscapes(url.password)}`;
  const credentials = user === '' && password === '' ? '' : `${user}${password}@`;
  const port = url.port === '' ? '' : `:${url.port}`;
  const path = normaliseEscapes(url.pathname);
  return `${url.protocol}//${credentials}${host}${port}${path}${normaliseEscapes(url.search)}`;
}

function parseUrl(text: string): URL | undefined {
  if (SCHEME.test(text) || SPECIAL.test(text)) return URL.parse(text) ?? undefined;
  if (text.startsWith('//')) return URL.parse(`http:${text}`) ?? undefined;
  // What does not begin with a dotted name or an address is a path (`/gate.php`, MISP's `uri`) or another scheme
  // (`mailto:`, `data:`); behind `http://` its first word would become a host.
  return HOST_FIRST.test(text) ? (URL.parse(`http://${text}`) ?? undefined) : undefined;
}

function canonicalHost(hostname: string): string | undefined {
  if (hostname.startsWith('[')) {
    const address = canonicalIp(hostname, 1, hostname.length - 1);
    return address?.includes(':') ? `[${address}]` : address;
  }
  return isIpv4(hostname) ? hostname : canonicalHostName(hostname);
}

function normaliseEscapes(text: string): string {
  if (!text.includes('%')) return text;
  return text.replace(/%([0-9a-f]{2})?/gi, (sequence, hex: string | undefined) => {
    if (hex === undefined) return '%25';
    const char = String.fromCharCode(Number.parseInt(hex, 16));
    return /[A-Za-z0-9._~-]/.test(char) ? char : sequence.toUpperCase();
  });
}

/** The host of a canonical URL, without the brackets of IPv6. */
export function urlHost(url: string): string {
  const start = url.indexOf('://') + 3;
  let end = start;
  while (end < url.length && !'/?#'.includes(url.charAt(end))) end += 1;
  const hostPort = url.slice(url.lastIndexOf('@', end) + 1 || start, end);
  if (hostPort.startsWith('[')) return hostPort.slice(1, hostPort.indexOf(']'));
  const colon = hostPort.indexOf(':');
  return colon < 0 ? hostPort : hostPort.slice(0, colon);
}
