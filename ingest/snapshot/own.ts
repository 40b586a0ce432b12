import { type Prefix, parseIp, parsePrefix, prefixOverlaps } from '../../core/indicator/address.ts';
import { canonicalDomain } from '../../core/indicator/domain.ts';
import type { Indicator } from '../../core/indicator/type.ts';
import { urlHost } from '../../core/indicator/url.ts';

/** The operator's own domains and networks. */
export interface OwnThings {
  /** An address or network that shares an address with one of them, a name that is one of them or below it, also in a URL or an e-mail address. */
  holds(indicator: Indicator): boolean;
}

export function createOwnThings(entries: readonly string[]): OwnThings {
  const networks: Prefix[] = [];
  const domains = new Set<string>();
  for (const entry of entries) {
    const prefix = parsePrefix(entry);
    const domain = prefix === undefined ? canonicalDomain(entry) : undefined;
    if (prefix !== undefined) networks.push(prefix);
    else if (domain !== undefined) domains.add(domain);
  }
  const touches = (prefix: Prefix | undefined): boolean =>
    prefix !== undefined && networks.some((network) => prefixOverlaps(network, prefix));

  function holdsHost(host: string): boolean {
    for (let name = host; name !== ''; name = parentOf(name)) if (domains.has(name)) return true;
    if (networks.length === 0) return false;
    const bytes = parseIp(host.replace(/^\[|\]$/g, ''));
    return bytes !== undefined && touches({ bytes, length: bytes.length * 8 });
  }

  return {
    holds({ type, value }) {
      if (networks.length === 0 && domains.size === 0) return false;
      switch (type) {
        case 'ip':
        case 'cidr':
          return networks.length > 0 && touches(parsePrefix(value));
        case 'domain':
          return holdsHost(value);
        case 'url':
          return holdsHost(urlHost(value));
        case 'email':
          return holdsHost(value.slice(value.lastIndexOf('@') + 1));
        default:
          return false;
      }
    },
  };
}

function parentOf(name: string): string {
  const dot = name.indexOf('.');
  return dot < 0 ? '' : name.slice(dot + 1);
}
