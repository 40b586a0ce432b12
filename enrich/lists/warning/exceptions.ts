import { type Prefix, parsePrefix, prefixContains } from '../../../core/indicator/address.ts';
import { canonicalise } from '../../../core/indicator/canonical.ts';
import { inferType } from '../../../core/indicator/infer.ts';
import type { Indicator } from '../../../core/indicator/type.ts';

/** Values that are never harmless, whatever a list says: an operator knows better. */
export interface Exceptions {
  /** An address or network within one that is named; a domain that is named or below one; anything else by being equal. */
  has(indicator: Indicator): boolean;
}

/** `told`: values as an operator writes them; what is no indicator has been refused with the configuration. */
export function createExceptions(told: readonly string[]): Exceptions {
  const exact = new Set<string>();
  const domains = new Set<string>();
  const networks: Prefix[] = [];
  for (const text of told) {
    const canonical = canonicalise(text, inferType(text));
    if (!canonical.ok) continue;
    const { type, value } = canonical.indicator;
    const prefix = type === 'ip' || type === 'cidr' ? parsePrefix(value) : undefined;
    if (prefix !== undefined) networks.push(prefix);
    else if (type === 'domain') domains.add(value);
    else exact.add(`${type} ${value}`);
  }
  return {
    has({ type, value }) {
      if (type === 'ip' || type === 'cidr') {
        const prefix = networks.length === 0 ? undefined : parsePrefix(value);
        return prefix !== undefined && networks.some((network) => prefixContains(network, prefix));
      }
      if (type === 'domain') return domains.size > 0 && isAtOrBelow(value, domains);
      return exact.has(`${type} ${value}`);
    },
  };
}

function isAtOrBelow(name: string, domains: ReadonlySet<string>): boolean {
  for (let at = 0; at >= 0; ) {
    if (domains.has(name.slice(at))) return true;
    const dot = name.indexOf('.', at);
    at = dot < 0 ? -1 : dot + 1;
  }
  return false;
}
