import { canonicalUrl, urlHost } from '../../../core/indicator/url.ts';
import { printable } from '../../printable.ts';
import { isReport } from '../reports.ts';
import { type Finding, indicator, other, refused } from './finding.ts';
import { isDisarmed, SLASHES, withoutMarks } from './marks.ts';

/**
 * What cannot stand in a URL: white space, quotes, angle brackets and bars; and the letters and punctuation of scripts that put no space
 * between words, since the next word begins without one (a host in such letters must be written as `xn--`).
 */
export const NOT_IN_URLS =
  '\\s\\x00-\\x20\\x7f-\\x9f"<>`|^\\\\\\u00ab\\u00bb\\u2010-\\u201f\\u2026\\u2028-\\u202f\\u3000-\\u30ff\\u3400-\\u9fff\\uac00-\\ud7af\\uf900-\\ufaff\\uff00-\\uffff';

export const MOST_URL_LENGTH = 4096;

/** The longest host with a name and a password in front of it and a port behind. */
const MOST_AUTHORITY = 512;
const HOST_ENDS = `/?#,;()[\\]{}'*!$\\ue003\\ue005`;
const AUTHORITY = new RegExp(
  `(?:\\[[0-9A-Fa-f:.\\ue000\\ue001]{2,64}\\])?[^${NOT_IN_URLS}${HOST_ENDS}]{0,${MOST_AUTHORITY}}`,
  'y',
);
/** Of the rest, as far as nothing has to be looked at. */
const PLAIN = new RegExp(`[^${NOT_IN_URLS}()[\\]{}',;\\ue003\\ue005]{1,${MOST_URL_LENGTH}}`, 'y');
const URL_CHARACTER = new RegExp(`[^${NOT_IN_URLS}]`);
const MOST_PLACEHOLDER = 64;
const NEXT_URL = /[,;][a-z0-9]{3,6}[\ue003\ue005]/y;
/** Punctuation of the sentence that a URL ends. */
const SENTENCE = ".,;:!?'*";
const CLOSERS: ReadonlyMap<string, string> = new Map([
  [')', '('],
  [']', '['],
  ['}', '{'],
]);

/**
 * Where the URL ends whose host begins at `at`: at the next URL of a list, at the end of a cell, at an apostrophe when it was opened by one, at a
 * bracket that was opened before, and without the punctuation of the sentence around. What is looked at is taken, or costs nothing to look at
 * again: a list of URLs costs the time of one.
 */
export function urlEnd(text: string, at: number, before: string): number {
  AUTHORITY.lastIndex = at;
  let end = at + (AUTHORITY.exec(text)?.[0].length ?? 0);
  if ('/?#'.includes(text.charAt(end)) && end < text.length)
    end = endOfPath(text, end, Math.min(text.length, at + MOST_URL_LENGTH), before);
  while (end > at && SENTENCE.includes(text.charAt(end - 1))) end -= 1;
  return end;
}

function endOfPath(text: string, from: number, most: number, before: string): number {
  const open = new Map([
    ['(', 0],
    ['[', 0],
    ['{', 0],
  ]);
  let end = from;
  /** Where a placeholder of several words begins, `?name=[your address]`: a square bracket that stays open. */
  let placeholder: number | undefined;
  let mayBeWords = before === '' || before === '\n';
  while (end < most) {
    PLAIN.lastIndex = end;
    const plain = PLAIN.exec(text);
    if (plain !== null) {
      end += plain[0].length;
      continue;
    }
    const char = text.charAt(end);
    if (!URL_CHARACTER.test(char)) break;
    if (char === "'" && before === "'") break;
    if (char === ',' || char === ';') {
      if (endsCell(text, end, before) || (mayBeWords && meets(WORDS_TO_END, text, end))) break;
      mayBeWords = false;
    }
    const opener = CLOSERS.get(char);
    if (opener !== undefined) {
      const left = (open.get(opener) ?? 0) - 1;
      if (left < 0) break;
      open.set(opener, left);
      if (opener === '[' && left === 0) placeholder = undefined;
    } else if (open.has(char)) {
      if (char === '[') placeholder ??= end;
      open.set(char, (open.get(char) ?? 0) + 1);
    }
    end += 1;
  }
  // one that is long is none; and what was read is then taken, so that no text is read again and again
  if (placeholder !== undefined && end - placeholder <= MOST_PLACEHOLDER) end = placeholder;
  return Math.min(end, most);
}

/** Dates, digests, addresses, empty and quoted cells. */
const OTHER_CELL =
  /[,;](?:[,;"]|\d{4}-\d\d-\d\d|\d{1,2}\/\d{1,2}\/\d{2,4}|(?:[0-9A-Fa-f]{32}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})(?![\w.-])|\d{1,3}(?:[.\ue000]\d{1,3}){3}(?![\w.-]))/y;
/** The rest of a line that is words: `malware_download,online`. */
const WORDS_TO_END = /[,;](?:[A-Za-z_]{2,40}(?:[ -][A-Za-z_]{1,40}){0,8})(?:[,;][^\n]{0,512})?(?:\r?\n|$)/y;

/**
 * A comma may stand in a URL. It ends a cell where another URL follows, or what is a cell of its own, where the URL follows such a comma itself,
 * and where the URL begins the line and words end it.
 */
function endsCell(text: string, at: number, before: string): boolean {
  return before === text.charAt(at) || meets(NEXT_URL, text, at) || meets(OTHER_CELL, text, at);
}

function meets(expression: RegExp, text: string, at: number): boolean {
  expression.lastIndex = at;
  return expression.test(text);
}

/** Judges `scheme`, slashes and what stands behind them, at `at`. */
export function judgeUrl(scheme: string, slashes: string, text: string, before: string, at: number): Finding {
  const end = urlEnd(text, at, before);
  const marked = text.slice(at, end);
  if (end === at) return other(at);
  const url = `${scheme}://${withoutMarks(marked)}`;
  const canonical = canonicalUrl(url);
  const host = canonical === undefined ? '' : urlHost(canonical);
  if (canonical === undefined || !/[.:]/.test(host)) {
    return refused(`"${printable(url, 60)}" has no host that could be looked up`, end);
  }
  if (isOwnMachine(host)) return other(end);
  const disarmed = slashes === SLASHES || isDisarmed(marked);
  return !disarmed && isReport(canonical) ? other(end) : indicator('url', url, disarmed, end);
}

/** The machine that the text is read on, whoever reads it; no indicator of anything. */
export function isOwnMachine(host: string): boolean {
  return /^(?:127|0)(?:\.\d{1,3}){3}$/.test(host) || host === '::1' || host === '::';
}
