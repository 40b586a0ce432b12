import { judgeIpv6 } from './address.ts';
import { type Finding, indicator, other } from './finding.ts';
import { judgeHash, judgePairs, judgeSsdeep } from './hash.ts';
import { judgeHost, judgeMail } from './host.ts';
import { judgeRegistry } from './registry.ts';
import { judgeUrl, MOST_URL_LENGTH } from './url.ts';

const HEX = '[0-9A-Fa-f]';
/** Letters of scripts that put spaces between words, and so may stand in a name of plain text. */
const LETTER = 'A-Za-z0-9\\u00c0-\\u02af\\u0370-\\u052f';
const LABEL = `[${LETTER}_-]{1,63}`;
const ANY_DOT = '[.\\ue000\\ue004]';
const ANY_COLON = '[:\\ue001]';
const HOST = `${LABEL}(?:${ANY_DOT}${LABEL}){1,127}`;
const DASH = '[\\u2010-\\u2015-]';

/**
 * Everything that has the looks of an indicator. Each alternative begins where a word begins and takes a bounded number of characters
 * before it fails, so that no text costs more than linear time; what it found is judged by code.
 */
const LOOKS = new RegExp(
  [
    `(?<![${LETTER}_-])(?:${[
      `(?<scheme>[a-z0-9]{3,6})(?<slashes>[\\ue003\\ue005])`,
      `(?<hive>[Hh][Kk](?:[Ee][Yy]_[A-Za-z_]{5,20}|[A-Za-z]{1,2}):?[\\\\\\ue004])`,
      `(?<ssdeep>\\d{1,10}:[A-Za-z0-9+/]{6,64}:[A-Za-z0-9+/]{6,64}(?![A-Za-z0-9+/:]))`,
      `(?<pairs>${HEX}{2}(?:[:-]${HEX}{2}){5,31}(?![:-]?[${LETTER}_]))`,
      `(?<ipv6>(?:${HEX}{0,4}${ANY_COLON}){2,8}(?:\\d{1,3}(?:${ANY_DOT}\\d{1,3}){3}|${HEX}{0,4})(?![${LETTER}_]))`,
      `(?<host>${HOST})`,
      `(?<hash>(?:[Tt]1)?${HEX}{32,128}(?![${LETTER}_]))`,
      `(?<cve>[Cc][Vv][Ee]${DASH}\\d{4}${DASH}\\d{4,19}(?![${LETTER}_]))`,
      `(?<asn>(?:AS|[Aa][Ss][Nn]) ?\\d{1,10}(?![${LETTER}_.]))`,
    ].join('|')})`,
    `[@\\ue002](?<mail>${HOST})`,
  ].join('|'),
  'g',
);

/** Words in front of an indicator that tell what it is. */
export const MOST_BEFORE = 128;
/** As far as anything that begins at a place can reach. */
export const MOST_BEHIND = MOST_URL_LENGTH + 1024;

export type Found = Finding & { readonly at: number };

/** What begins in text[from, to), in order. The text is one that `rearmed` has been over. */
export function* findIn(text: string, from: number, to: number): Generator<Found> {
  LOOKS.lastIndex = from;
  for (;;) {
    const match = LOOKS.exec(text);
    if (match === null || match.index >= to) return;
    const found = judge(match, text);
    // whoever takes what was found may have used the expression in between
    LOOKS.lastIndex = Math.max(found.end, match.index + 1);
    const resume = LOOKS.lastIndex;
    if (found.kind !== 'other' || found.end > to) yield { ...found, at: match.index };
    LOOKS.lastIndex = resume;
  }
}

function judge(match: RegExpExecArray, text: string): Finding {
  const { index } = match;
  const whole = match[0];
  const end = index + whole.length;
  const { scheme, slashes, hive, ssdeep, pairs, ipv6, host, hash, cve, asn, mail } = match.groups ?? {};
  const before = (): string => text.slice(Math.max(0, index - MOST_BEFORE), index);
  if (scheme !== undefined && slashes !== undefined)
    return judgeUrl(scheme, slashes, text, text.charAt(index - 1), end);
  if (host !== undefined) return judgeHost(text, index, host);
  if (mail !== undefined) return judgeMail(text, index, mail);
  if (hash !== undefined) return judgeHash(hash, before(), end);
  if (ipv6 !== undefined) return judgeIpv6(ipv6, text.slice(end, end + 8), end);
  if (pairs !== undefined) return judgePairs(pairs, before(), end);
  if (ssdeep !== undefined) return judgeSsdeep(ssdeep, end);
  if (hive !== undefined) return judgeRegistry(text, index);
  if (cve !== undefined) return indicator('cve', cve.replace(/[\u2010-\u2015]/g, '-').toUpperCase(), false, end);
  // IBM's AS/400 was named without the slash, too
  if (asn !== undefined && asn !== 'AS400' && asn !== 'AS 400') return indicator('asn', asn, false, end);
  return other(end);
}
