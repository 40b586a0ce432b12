import { domainToASCII } from 'node:url';
import { readDecimal } from './address.ts';

const LONGEST_NAME = 253;
const LONGEST_LABEL = 63;
const DOT = 46;
const HYPHEN = 45;
const UNDERSCORE = 95;

const ASCII = /^[\x20-\x7e]*$/;
const NOT_IN_NAMES = /[\x00-\x2c\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\x7f]/;

/**
 * True if text[start, end) is a name of two labels or more in canonical form that needs no look at IDNA: lower-case
 * letters, digits, hyphens and underscores (real in malware and in service names), and no `xn--`.
 */
export function isPlainDomain(text: string, start = 0, end = text.length): boolean {
  return countLabels(text, start, end) >= 2 && !text.includes('xn--');
}

/**
 * The canonical form of a host name: lower case, IDNA (UTS 46, as browsers do it) in its ASCII form, no trailing dot.
 * Undefined for a name that DNS cannot carry, and for one that ends in a number: browsers take that for an IPv4
 * address (`1.2.3`, `0x7f.1`), and so would whatever acts on the indicator.
 */
export function canonicalHostName(text: string): string | undefined {
  const name = text.endsWith('.') ? text.slice(0, -1) : text;
  if (name.length === 0 || NOT_IN_NAMES.test(name)) return undefined;
  const lower = name.toLowerCase();
  if (ASCII.test(lower) && !lower.includes('xn--')) return countLabels(lower, 0, lower.length) > 0 ? lower : undefined;
  const ascii = domainToASCII(lower);
  // The conversion applied again must give the same, else one name would have two canonical forms. It also turns
  // `１.1` into an IPv4 address, which is not the name that was written.
  if (countLabels(ascii, 0, ascii.length) === 0 || domainToASCII(ascii) !== ascii) return undefined;
  return ascii;
}

/**
 * The canonical form of a domain: a host name of two labels or more; a port (`host:443`, `host|443` in MISP) is
 * dropped. Undefined for single labels, since a feed that says `com` or `localhost` must not put a whole zone or the
 * reader's own machine under suspicion, and for anything with a path, since what is true of a URL need not be true of
 * its host. Wildcards are refused as well: `*.example.com` says nothing about `example.com`.
 */
export function canonicalDomain(text: string): string | undefined {
  const name = canonicalHostName(withoutPort(text));
  return name?.includes('.') ? name : undefined;
}

/** The text before a port that is written behind `:` or `|`; the whole text if there is none. */
export function withoutPort(text: string): string {
  const cut = Math.max(text.lastIndexOf(':'), text.lastIndexOf('|'));
  return cut > 0 && readDecimal(text, cut + 1, text.length, 65_535) >= 0 ? text.slice(0, cut) : text;
}

/**
 * The number of labels of a lower-case ASCII name; 0 if it is no host name or ends in a number. Hyphens may stand
 * anywhere in a label, as resolvers have it, but not first of all: programs read that as an option.
 */
function countLabels(text: string, start: number, end: number): number {
  if (start >= end || end - start > LONGEST_NAME || text.charCodeAt(start) === HYPHEN) return 0;
  let labels = 1;
  let labelStart = start;
  let letters = 0;
  for (let at = start; at < end; at += 1) {
    const code = text.charCodeAt(at);
    if (code === DOT) {
      if (at === labelStart || at - labelStart > LONGEST_LABEL) return 0;
      labels += 1;
      labelStart = at + 1;
      letters = 0;
    } else if ((code >= 97 && code <= 122) || code === HYPHEN || code === UNDERSCORE) {
      letters += 1;
    } else if (code < 48 || code > 57) {
      return 0;
    }
  }
  if (end === labelStart || end - labelStart > LONGEST_LABEL || letters === 0) return 0;
  return isHexNumber(text, labelStart, end) ? 0 : labels;
}

function isHexNumber(text: string, start: number, end: number): boolean {
  return text.startsWith('0x', start) && /^[0-9a-f]*$/.test(text.slice(start + 2, end));
}
