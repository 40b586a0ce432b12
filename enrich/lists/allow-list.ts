import { formatIp, type Prefix, parseIp, parsePrefix } from '../../core/indicator/address.ts';
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
  const ranges = createRanges();
  for (const entry of entries) {
    if (entry.until <= now) continue;
    const { type, value } = entry.indicator;
    if (type === 'ip' || type === 'cidr') {
      const prefix = parsePrefix(value);
      if (prefix !== undefined) ranges.add(prefix, entry);
    } else if (type === 'domain') domains.set(value, entry);
    else exact.set(`${type} ${value}`, entry);
  }

  const byAddress = (prefix: Prefix): string | undefined => {
    const special = specialPurpose(prefix);
    if (special !== undefined) return `special-purpose range: ${special}`;
    const entry = ranges.overlapping(prefix);
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

/** Overlap of prefixes: of two prefixes that overlap, one contains the other, so each entry is looked up at its own length. */
function createRanges(): {
  add(prefix: Prefix, entry: AllowEntry): void;
  overlapping(prefix: Prefix): AllowEntry | undefined;
} {
  const byLength = new Map<number, Map<string, AllowEntry>>();
  const all: { prefix: Prefix; entry: AllowEntry }[] = [];
  return {
    add(prefix, entry) {
      const slot = slotOf(prefix);
      const entries = byLength.get(slot) ?? new Map<string, AllowEntry>();
      entries.set(maskedKey(prefix.bytes, prefix.length), entry);
      byLength.set(slot, entries);
      all.push({ prefix, entry });
    },
    overlapping(prefix) {
      if (all.length === 0) return undefined;
      for (const [slot, entries] of byLength) {
        const length = slot & 0xff;
        if (slot >> 8 !== prefix.bytes.length || length > prefix.length) continue;
        const entry = entries.get(maskedKey(prefix.bytes, length));
        if (entry !== undefined) return entry;
      }
      if (prefix.length === prefix.bytes.length * 8) return undefined;
      // a wide indicator can hold narrower entries; CIDRs are rare, so a walk over all is cheap enough
      const inside = maskedKey(prefix.bytes, prefix.length);
      return all.find(
        ({ prefix: other }) =>
          other.bytes.length === prefix.bytes.length &&
          other.length > prefix.length &&
          maskedKey(other.bytes, prefix.length) === inside,
      )?.entry;
    },
  };
}

function slotOf(prefix: Prefix): number {
  return (prefix.bytes.length << 8) | prefix.length;
}

function maskedKey(bytes: Uint8Array, length: number): string {
  const masked = new Uint8Array(bytes.length);
  const whole = length >> 3;
  masked.set(bytes.subarray(0, whole));
  if (whole < bytes.length) masked[whole] = (bytes[whole] ?? 0) & (0xff << (8 - (length & 7)));
  return formatIp(masked);
}
