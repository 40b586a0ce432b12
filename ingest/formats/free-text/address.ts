import { canonicalIp, parseCidr, readDecimal } from '../../../core/indicator/address.ts';
import { type Finding, indicator, other } from './finding.ts';
import { isDisarmed, withoutMarks } from './marks.ts';
import { isOwnMachine } from './url.ts';

const VERSION_WORDS =
  'versions?|ver|v|releases?|builds?|firmware|patch|revision|rev|edition|update|upgrade|upgraded|updated to|prior to|before|below|section|chapter|clause';
/** `version 1.2.3.4`, `versions prior to 1.2.3.4`, `build number: 1.2.3.4`. */
const VERSION_BEFORE = new RegExp(
  `(?:^|[^A-Za-z])(?:${VERSION_WORDS})\\.?(?:\\s(?:number|numbers|no|is|was|of|to|from|and|or|through))?[\\s:=("'v]{0,3}$`,
  'i',
);
const VERSION_BEHIND = /^[)\s,]{0,2}(?:and|or)\s(?:earlier|later|older|newer|below|above|prior|up)\b/i;

/**
 * True if four numbers in plain prose are a version or the number of a section. Where the words around do not tell, four numbers of one
 * digit each are: 10,000 of four billion addresses look so, and most versions do.
 */
export function readsLikeVersion(quad: string, before: string, behind: string): boolean {
  if (/^\d(?:\.\d){3}$/.test(quad)) return true;
  // a product and its version: `Chrome/120.0.0.0`
  if (/[A-Za-z]\/$/.test(before)) return true;
  return VERSION_BEFORE.test(before) || VERSION_BEHIND.test(behind);
}

/**
 * IPv6 addresses that could be met on the wire, by their beginning: global, unique local, link-local, multicast. Without this `face::add`
 * and `12::34` of any listing of code would be addresses.
 */
const SEEN_IN_TEXT = /^(?:[23][0-9a-f]{3}|f[c-f][0-9a-f]{2}|64:ff9b:|::ffff:\d)/i;

/** Judges hex groups between colons; `behind` is what follows them. */
export function judgeIpv6(marked: string, behind: string, end: number): Finding {
  let text = withoutMarks(marked);
  const disarmed = isDisarmed(marked);
  let cut = end;
  // the colon or full stop of the sentence; `::` may be the address's own
  while (/[^:]:$|\.$/.test(text)) {
    text = text.slice(0, -1);
    cut -= 1;
  }
  if (canonicalIp(text) === undefined || (!disarmed && !SEEN_IN_TEXT.test(text))) return other(end);
  if (isOwnMachine(text)) return other(end);
  const length = cut === end ? /^\/(\d{1,3})(?!\w|\.\w)/.exec(behind) : null;
  const block = length === null ? '' : `${text}${length[0]}`;
  return length !== null && parseCidr(block) !== undefined
    ? indicator('cidr', block, disarmed, cut + length[0].length)
    : indicator('ip', text, disarmed, cut);
}

/** The end of a port behind a host, `:443` or `[:]443`; `at` itself when there is none. */
export function endOfPort(text: string, at: number): number {
  if (text.charAt(at) !== ':' && text.charAt(at) !== '\ue001') return at;
  let end = at + 1;
  while (end < at + 6 && isDigit(text, end)) end += 1;
  return !isDigit(text, end) && readDecimal(text, at + 1, end, 65_535) >= 0 ? end : at;
}

/** The end of a prefix length behind an IPv4 address; `at` itself when what follows is something else. */
export function endOfLength(text: string, at: number): number {
  if (text.charAt(at) !== '/') return at;
  let end = at + 1;
  while (end < at + 4 && isDigit(text, end)) end += 1;
  if (end === at + 1 || /[\w/]/.test(text.charAt(end))) return at;
  // the other address of `192.0.2.1/192.0.2.2`
  return /[.\ue000\ue004]/.test(text.charAt(end)) && isDigit(text, end + 1) ? at : end;
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 48 && code <= 57;
}
