import { hashTypeOf } from '../../../core/indicator/hash.ts';
import { type Finding, indicator, other, refused } from './finding.ts';

/** What may stand between a label and its value: `imphash: `, `"imphash" = "`, cells of a table. */
const BETWEEN = '[\\s:=|"\'`(\\[-]{0,24}$';
const IMPHASH = new RegExp(`(?:imphash|imp hash|import hash)${BETWEEN}`, 'i');
const CERTIFICATE = new RegExp(
  `(?:thumbprints?|(?:certificate|cert|ssl|tls|x\\.?509)[^.\\n]{0,24}(?:fingerprint|serial(?: ?(?:number|no\\.?))?|sha-?1|sha-?256|md5|hash)s?)${BETWEEN}`,
  'i',
);
/** Digests of something else than a file, and hex that is no digest. */
const NO_FILE = new RegExp(
  `\\b(ja3s?|ja4[a-z+]{0,3}|jarm|hassh|authentihash|pe ?hash|v ?hash|dhash|telfhash|permhash|icon hash|rich(?: pe)?(?: header)?(?: hash)?|commit|revision|etag|nonce|salt|uuid|guid|token|api[ _-]?key|session|cookie|serials?(?: ?(?:numbers?|no\\.?|#))?)${BETWEEN}`,
  'i',
);
const LONGEST_LABEL = 96;

/** Judges a run of hex digits, or TLSH behind its `T1`; `before` is what precedes it. */
export function judgeHash(hex: string, before: string, end: number): Finding {
  const label = before.slice(-LONGEST_LABEL);
  if (/^T1/i.test(hex)) return hex.length === 72 ? indicator('tlsh', hex, false, end) : other(end);
  // ids, keys and numbers: one digest in 3 million has no letter
  if (/^\d+$/.test(hex) || /^(.)\1+$/.test(hex)) return other(end);
  const type = hashTypeOf(hex);
  if (type === undefined)
    return hex.length === 70 && /tlsh/i.test(label) ? indicator('tlsh', hex, false, end) : other(end);
  const foreign = NO_FILE.exec(label)?.[1];
  const certificate = type !== 'sha512' && CERTIFICATE.test(label);
  if (foreign !== undefined && !(certificate && /^serial/i.test(foreign)))
    return refused(`what follows "${foreign}" is no digest of a file`, end);
  if (type === 'md5' && IMPHASH.test(label)) return indicator('imphash', hex, false, end);
  if (certificate) return indicator('x509', hex, false, end);
  return indicator(type, hex, false, end);
}

/** Judges pairs of hex digits with colons or hyphens between: a MAC address, or the fingerprint of a certificate if its label says so. */
export function judgePairs(pairs: string, before: string, end: number): Finding {
  const count = (pairs.length + 1) / 3;
  if (count === 6) {
    // dates and times of day look alike, and two addresses mean nobody
    const someone = !/^(?:00[:-]){5}00$|^(?:ff[:-]){5}ff$/i.test(pairs);
    return someone && (pairs.includes(':') || /[a-f]/i.test(pairs)) ? indicator('mac', pairs, false, end) : other(end);
  }
  const isPrint = count === 16 || count === 20 || count === 32;
  return isPrint && pairs.includes(':') && CERTIFICATE.test(before.slice(-LONGEST_LABEL))
    ? indicator('x509', pairs, false, end)
    : other(end);
}

/** ssdeep's block sizes are 3 · 2^n; without that every time of day with a path behind it would be one. */
export function judgeSsdeep(text: string, end: number): Finding {
  let size = Number(text.slice(0, text.indexOf(':')));
  while (size > 3 && size % 2 === 0) size /= 2;
  return size === 3 ? indicator('ssdeep', text, false, end) : other(end);
}
