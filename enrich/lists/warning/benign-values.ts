import { type Prefix, parseIp, parsePrefix } from '../../../core/indicator/address.ts';
import type { Indicator } from '../../../core/indicator/type.ts';
import { urlHost } from '../../../core/indicator/url.ts';
import { isOneOwner } from '../../registered-domain.ts';
import type { Sorted } from './compile.ts';
import type { Exceptions } from './exceptions.ts';
import { maskOf, type TypeMask } from './matching-types.ts';
import { createPatterns } from './patterns.ts';
import { createRangeTable } from './range-table.ts';
import { createSubstrings } from './substrings.ts';
import { createValueTable } from './value-table.ts';

/** Answers which values are harmless, on the hot path. */
export interface BenignValues {
  /** The name of the first list found that knows the indicator, or undefined. */
  listOf(indicator: Indicator): string | undefined;
  readonly lists: number;
  readonly entries: number;
}

const SLASH = 47;
const COLON = 58;
const QUESTION_MARK = 63;
const AT = 64;
const BRACKET = 91;
const CLOSING_BRACKET = 93;

export interface BenignOptions {
  readonly exceptions: Exceptions;
  /** Names of lists whose hosts serve nobody else's content: all URLs on them are harmless. */
  readonly wholeHosts: ReadonlySet<string>;
}

/** No lists at all. */
export const NOTHING_BENIGN: BenignValues = { listOf: () => undefined, lists: 0, entries: 0 };

/**
 * Compiles lists for look-ups.
 *
 * What MISP shows to an analyst as a hint silences an alert here, so three rules are narrower than MISP's:
 * - a host speaks for a URL only if the URL is its front page. Anybody can put a file on a harmless host;
 * - a name speaks for the names below it as far as they have one owner: a public suffix (`github.io`, by the Public Suffix List with its
 *   private section) for itself alone;
 * - a network is harmless when one entry holds all of it, not when it merely has a harmless address in it.
 */
export function createBenignValues(sorted: Sorted, { exceptions, wholeHosts }: BenignOptions): BenignValues {
  // the entries themselves are not held on to: the tables have them
  const names = sorted.lists.map(({ name }) => name);
  const masks = Uint32Array.from(sorted.lists, ({ types }) => types);
  const whole = names.map((name) => wholeHosts.has(name));
  const exact = createValueTable(sorted.exact);
  const hosts = createValueTable(sorted.hosts);
  const v4 = createRangeTable(
    sorted.ranges.filter(([{ bytes }]) => bytes.length === 4),
    4,
  );
  const v6 = createRangeTable(
    sorted.ranges.filter(([{ bytes }]) => bytes.length === 16),
    16,
  );
  const substrings = createSubstrings(sorted.substrings);
  const patterns = createPatterns(sorted.patterns);

  // one look-up at a time: no closure is made for each
  let wanted: TypeMask = 0;
  let wholeOnly = false;
  let found = -1;
  const visit = (list: number): boolean => {
    if (((masks[list] ?? 0) & wanted) === 0 || (wholeOnly && whole[list] !== true)) return false;
    found = list;
    return true;
  };

  const inRange = (prefix: Prefix | undefined): boolean =>
    prefix !== undefined && (prefix.bytes.length === 4 ? v4 : v6).find(prefix, visit);

  function byHost(host: string): boolean {
    if (hosts.size === 0) return false;
    if (hosts.find(host, 0, visit)) return true;
    for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
      if (hosts.find(host, dot + 1, visit)) return isOneOwner(host, host.length - dot - 1);
    }
    return false;
  }

  /** A URL is harmless by what is known of its host. */
  function byUrlHost(host: string): boolean {
    const address = mayBeAddress(host) ? parseIp(host) : undefined;
    if (address !== undefined)
      return exact.find(host, 0, visit) || inRange({ bytes: address, length: address.length * 8 });
    return exact.find(host, 0, visit) || byHost(host);
  }

  function search({ type, value }: Indicator): boolean {
    if (exact.find(value, 0, visit)) return true;
    switch (type) {
      case 'ip':
      case 'cidr':
        if (inRange(parsePrefix(value))) return true;
        break;
      case 'domain':
        if (byHost(value)) return true;
        break;
      case 'url': {
        wholeOnly = !isFrontPage(value);
        if ((!wholeOnly || wholeHosts.size > 0) && byUrlHost(urlHost(value))) return true;
        wholeOnly = false;
        break;
      }
      default:
    }
    return substrings.find(value, visit) || patterns.find(value, visit);
  }

  return {
    listOf(indicator) {
      wanted = maskOf(indicator.type);
      wholeOnly = false;
      found = -1;
      if (!search(indicator)) return undefined;
      return exceptions.has(indicator) ? undefined : names[found];
    },
    lists: names.length,
    entries: exact.size + hosts.size + v4.size + v6.size + substrings.size + patterns.size,
  };
}

/** `https://host/` and nothing else: the server itself, not something on it. */
function isFrontPage(url: string): boolean {
  const start = url.indexOf('://') + 3;
  if (!url.startsWith('http')) return false;
  for (let at = start; at < url.length; at += 1) {
    const char = url.charCodeAt(at);
    if (char === SLASH) return at === url.length - 1;
    if (char === QUESTION_MARK || char === AT) return false;
    // a port other than the scheme's own is another server; within brackets a colon belongs to the address
    if (char === COLON && url.charCodeAt(start) !== BRACKET) return false;
    if (char === COLON && url.charCodeAt(at - 1) === CLOSING_BRACKET) return false;
  }
  return true;
}

/** No name ends in a number, and none has a colon. */
function mayBeAddress(host: string): boolean {
  const last = host.charCodeAt(host.length - 1);
  return (last >= 48 && last <= 57) || host.includes(':');
}
