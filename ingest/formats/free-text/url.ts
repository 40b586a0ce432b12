import { canonicalUrl, urlHost } from '../../../core/indicator/url.ts';
import { printable } from '../../printable.ts';
import { type Finding, indicator, other, refused } from './finding.ts';
import { isDisarmed, SLASHES, withoutMarks } from './marks.ts';

/**
 * What cannot stand in a URL: white space, quotes, angle brackets and bars; and the letters and punctuation of scripts that put no space
 * between words, since the next word begins without one (a host in such letters must be written as `xn--`).
 */
export const NOT_IN_URLS =
  '\\s\\x00-\\x20\\x7f-\\x9f"<>`|^\\\\\\u00ab\\u00bb\\u2010-\\u201f\\u2026\\u2028-\\u202f\\u3000-\\u30ff\\u3400-\\u9fff\\uac00-\\ud7af\\uf900-\\ufaff\\uff00-\\uffff';

export const MOST_URL_LENGTH = 4096;

const NEXT_URL = /[,;](?=[a-z0-9]{3,6}[\ue003\ue005])/;
const NOT_IN_HOSTS = /[,;()[\]{}'*!$]/;
/** Punctuation of the sentence that a URL ends. */
const SENTENCE = ".,;:!?'*";
const CLOSERS: ReadonlyMap<string, string> = new Map([
  [')', '('],
  [']', '['],
  ['}', '{'],
]);

/**
 * How much of `body`, which is what stands behind the slashes, is the URL: as far as the next URL of a list, an apostrophe when it was
 * opened by one, a bracket that was opened before, and without the punctuation of the sentence around.
 */
export function urlLength(body: string, before: string): number {
  const next = NEXT_URL.exec(body);
  let end = next === null ? body.length : next.index;
  if (before === "'") end = cutAt(body, "'", end);
  const path = body.slice(0, end).search(/[/?#]/);
  const hostEnd = path === -1 ? end : path;
  if (body.startsWith('[')) {
    const close = body.indexOf(']');
    if (close !== -1 && close < hostEnd) end = Math.max(unopened(body, close + 1, end), close + 1);
  } else {
    const foreign = body.slice(0, hostEnd).search(NOT_IN_HOSTS);
    end = foreign === -1 ? unopened(body, hostEnd, end) : foreign;
  }
  while (end > 0 && SENTENCE.includes(body.charAt(end - 1))) end -= 1;
  return end;
}

function cutAt(text: string, char: string, end: number): number {
  const at = text.indexOf(char);
  return at === -1 ? end : Math.min(at, end);
}

/** The place of the first bracket that closes what was not opened inside. */
function unopened(body: string, from: number, to: number): number {
  const open = new Map([
    ['(', 0],
    ['[', 0],
    ['{', 0],
  ]);
  for (let at = from; at < to; at += 1) {
    const char = body.charAt(at);
    const count = open.get(char);
    if (count !== undefined) open.set(char, count + 1);
    const opener = CLOSERS.get(char);
    if (opener === undefined) continue;
    const left = (open.get(opener) ?? 0) - 1;
    if (left < 0) return at;
    open.set(opener, left);
  }
  return to;
}

/** Judges `scheme`, slashes and body; `at` is where the body begins. */
export function judgeUrl(scheme: string, slashes: string, body: string, before: string, at: number): Finding {
  const length = urlLength(body, before);
  const end = at + length;
  const marked = body.slice(0, length);
  if (length === 0) return other(at);
  const text = `${scheme}://${withoutMarks(marked)}`;
  const canonical = canonicalUrl(text);
  const host = canonical === undefined ? '' : urlHost(canonical);
  if (canonical === undefined || !/[.:]/.test(host)) {
    return refused(`"${printable(text, 60)}" has no host that could be looked up`, end);
  }
  if (isOwnMachine(host)) return other(end);
  return indicator('url', text, slashes === SLASHES || isDisarmed(marked), end);
}

/** The machine that the text is read on, whoever reads it; no indicator of anything. */
export function isOwnMachine(host: string): boolean {
  return /^(?:127|0)(?:\.\d{1,3}){3}$/.test(host) || host === '::1' || host === '::';
}
