import { parseIp } from '../../../core/indicator/address.ts';
import type { IndicatorType } from '../../../core/indicator/type.ts';

/** An indicator in the value of an attribute. */
export interface Found {
  indicator: string;
  type: IndicatorType;
  /** True for what is no indicator without the rest of the value. */
  composite?: true;
  /** The rest of the value. */
  context?: Record<string, string>;
}

type Rule =
  | { kind: 'plain'; type: IndicatorType }
  | { kind: 'port'; type: 'ip' | 'domain' }
  | { kind: 'file'; type: IndicatorType }
  | { kind: 'domain|ip' }
  | { kind: 'regkey|value' }
  | { kind: 'uri' };

const PLAIN: Readonly<Record<string, IndicatorType>> = {
  'ip-src': 'ip',
  'ip-dst': 'ip',
  domain: 'domain',
  hostname: 'domain',
  'onion-address': 'domain',
  url: 'url',
  email: 'email',
  'email-src': 'email',
  'email-dst': 'email',
  'email-reply-to': 'email',
  'whois-registrant-email': 'email',
  AS: 'asn',
  'mac-address': 'mac',
  'mac-eui-64': 'mac',
  mutex: 'mutex',
  regkey: 'registry',
  'x509-fingerprint-md5': 'x509',
  'x509-fingerprint-sha1': 'x509',
  'x509-fingerprint-sha256': 'x509',
  vulnerability: 'cve',
  cidr: 'cidr',
};
const HASHES: readonly IndicatorType[] = ['md5', 'sha1', 'sha256', 'sha512', 'ssdeep', 'tlsh', 'imphash'];

const RULES = new Map<string, Rule>([
  ...Object.entries(PLAIN).map(([name, type]): [string, Rule] => [name, { kind: 'plain', type }]),
  ...HASHES.flatMap((type): [string, Rule][] => [
    [type, { kind: 'plain', type }],
    [`filename|${type}`, { kind: 'file', type }],
  ]),
  ['malware-sample', { kind: 'file', type: 'md5' }],
  ['ip-src|port', { kind: 'port', type: 'ip' }],
  ['ip-dst|port', { kind: 'port', type: 'ip' }],
  ['hostname|port', { kind: 'port', type: 'domain' }],
  ['domain|ip', { kind: 'domain|ip' }],
  ['regkey|value', { kind: 'regkey|value' }],
  ['uri', { kind: 'uri' }],
]);

/**
 * The types of attribute that hold an indicator, as MISP calls them. Left out beside those that tipline has no type for: `target-*` (the
 * victim), `link` (a report), and hashes of something else than the file.
 */
export const MISP_TYPES: readonly string[] = [...RULES.keys()];

/**
 * The indicators in an attribute's value; undefined when its type holds none of ours. Of the compound types:
 * - a port, a file name beside its hash: told in the context, since the address or the hash is an indicator without it;
 * - `domain|ip`: both. The domain stands alone; the address is what it resolved to at some time, often one of a shared host, and so is
 *   marked as composite: never acted on alone;
 * - `regkey|value`: the key, marked as composite: keys such as `…\Run` are bad by what is written into them.
 */
export function findIndicators(type: string, value: string): readonly Found[] | undefined {
  const rule = RULES.get(type);
  if (rule === undefined) return undefined;
  switch (rule.kind) {
    case 'plain':
      return [{ indicator: value, type: rule.type }];
    case 'port': {
      const { host, port } = withoutPort(value, rule.type);
      return [{ indicator: host, type: rule.type, ...(port === undefined ? {} : { context: { port } }) }];
    }
    case 'file': {
      // the last one: a file name may hold the sign, a hash cannot
      const cut = value.lastIndexOf('|');
      const name = value.slice(0, Math.max(0, cut));
      return [
        { indicator: value.slice(cut + 1), type: rule.type, ...(name === '' ? {} : { context: { filename: name } }) },
      ];
    }
    case 'domain|ip': {
      const cut = value.indexOf('|');
      if (cut < 0) return [{ indicator: value, type: 'domain' }];
      const [domain, ip] = [value.slice(0, cut).trim(), value.slice(cut + 1).trim()];
      return [
        { indicator: domain, type: 'domain', context: { ip } },
        { indicator: ip, type: 'ip', composite: true, context: { domain } },
      ];
    }
    case 'regkey|value': {
      const cut = value.indexOf('|');
      if (cut < 0) return [{ indicator: value, type: 'registry' }];
      const written = value.slice(cut + 1);
      return [
        { indicator: value.slice(0, cut), type: 'registry', composite: true, context: { registry_value: written } },
      ];
    }
    case 'uri':
      // mostly paths, `/gate.php`, which name no host
      return /^[a-z][a-z0-9+.-]{0,30}:\/\//i.test(value) ? [{ indicator: value, type: 'url' }] : undefined;
    default: {
      const never: never = rule;
      return never;
    }
  }
}

/**
 * `host|port` as MISP writes it now; `host:port` and `[ip]:port` as older ones did. `2001:db8::1:443` is an address too, but its type
 * promises a port, so the last group is the port if it can be one and an address is left before it.
 */
function withoutPort(value: string, type: 'ip' | 'domain'): { host: string; port?: string } {
  const bracketed = /^\[([^\]]{2,45})\](?:[:|](\d{1,5}))?$/.exec(value);
  if (bracketed !== null) return withPort(bracketed[1] ?? '', bracketed[2]);
  const bar = value.indexOf('|');
  if (bar >= 0) return withPort(value.slice(0, bar).trim(), value.slice(bar + 1).trim());
  const colon = value.lastIndexOf(':');
  if (colon < 0) return { host: value };
  const host = value.slice(0, colon);
  const port = value.slice(colon + 1);
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) return { host: value };
  if (type === 'ip' && host.includes(':') && parseIp(host) === undefined) return { host: value };
  return { host, port };
}

function withPort(host: string, port: string | undefined): { host: string; port?: string } {
  return port === undefined || port === '' ? { host } : { host, port };
}
