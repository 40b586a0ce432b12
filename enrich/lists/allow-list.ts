import { type Prefix, parseIp, parsePrefix } from '../../core/indicator/address.ts';
import { createPrefixIndex, isHost, type PrefixIndex } from '../../core/indicator/prefix-index.ts';
import { specialPurpose } from '../../core/indicator/special-purpose.ts';
import type { Indicator } from '../../core/indicator/type.ts';
import { urlHost } from '../../core/indicator/url.ts';
import type { AllowEntry } from './entry.ts';

/** Answers who may never be called a threat, with the reason. */
export interface AllowList {
  /** The reason, or undefined when nothing allows it. */
  reasonFor(indicator: Indicator): string | undefined;
}

/**
 * Compiles entries for look-ups on the hot path. An address or CIDR is allowed by any overlap with an entry or with a
 * special-purpose range (RFC 6890: nobody's, or everybody's, address); a domain by itself or a parent; a URL by its host or itself;
 * anything else by being equal.
 */
export function createAllowList(entries: readonly AllowEntry[], now: number): AllowList {
  const exact = new Map<string, AllowEntry>();
  const domains = new Map<string, AllowEntry>();
  const ranges = createPrefixIndex<AllowEntry>();
  for (const entry of entries) {
    if (entry.until <= now) continue;
    const { type, value } = entry.indicator;
    if (type === 'ip' || type === 'cidr') {
      const prefix = parsePrefix(value);
      if (prefix !== undefined) ranges.set(prefix, entry);
    } else if (type === 'domain') domains.set(value, entry);
    else exact.set(`${type} ${value}`, entry);
  }

  const byAddress = (prefix: Prefix): string | undefined => {
    const special = specialPurpose(prefix);
    if (special !== undefined) return `special-purpose range: ${special}`;
    const entry = ranges.size === 0 ? undefined : (ranges.covering(prefix)[0] ?? insideOf(ranges, prefix));
    return entry === undefined ? undefined : describe(entry);
  };
  const byHost = (host: string): string | undefined => {
    if (domains.size > 0) {
      for (let name = host; name !== ''; name = parentOf(name)) {
        const entry = domains.get(name);
        if (entry !== undefined) return describe(entry);
      }
    }
    const prefix = hostPrefix(host);
    return prefix === undefined ? undefined : byAddress(prefix);
  };

  return {
    reasonFor(indicator) {
      const { type, value } = indicator;
      if (type === 'ip' || type === 'cidr') {
        const prefix = parsePrefix(value);
        return prefix === undefined ? undefined : byAddress(prefix);
      }
      if (type === 'domain') return byHost(value);
      const entry = exact.size === 0 ? undefined : exact.get(`${type} ${value}`);
      if (entry !== undefined) return describe(entry);
      if (type === 'url') return byHost(urlHost(value));
      if (type === 'email') return domains.size === 0 ? undefined : byHost(value.slice(value.lastIndexOf('@') + 1));
      return undefined;
    },
  };
}

/** A wide indicator can hold narrower entries. */
function insideOf(ranges: PrefixIndex<AllowEntry>, prefix: Prefix): AllowEntry | undefined {
  return isHost(prefix) ? undefined : ranges.inside(prefix)[0];
}

function describe(entry: AllowEntry): string {
  return `${entry.indicator.value}: ${entry.reason} (${entry.from})`;
}

function parentOf(name: string): string {
  const dot = name.indexOf('.');
  return dot < 0 ? '' : name.slice(dot + 1);
}

/** A host that is an address, as the prefix of full length. */
function hostPrefix(host: string): Prefix | undefined {
  const last = host.charCodeAt(host.length - 1);
  const mayBeAddress = (last >= 48 && last <= 57) || host.includes(':');
  const bytes = mayBeAddress ? parseIp(host) : undefined;
  return bytes === undefined ? undefined : { bytes, length: bytes.length * 8 };
}
