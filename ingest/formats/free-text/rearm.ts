import { AT, CLEAR_SLASHES, COLON, DOT, ESCAPED_DOT, SLASHES } from './marks.ts';
import { windows } from './windows.ts';

// Each alternative is of bounded length and begins with a character of its own, so a text of brackets alone costs linear time.
const OPEN = '[\\[({]';
const CLOSE = '[\\])}]';
const GAP = '[ \\t\\u00a0]?';
const WORD = '[A-Za-z0-9\\u00c0-\\u052f]';
const SCHEMES = 'https?|s?ftps?|wss?|tcp|udp|ldaps?|rmi|smb|ssh|telnet|socks[45]?|ircs?|tftp|dns|git';
/** How people spell `http` and `ftp` so that nothing becomes a link; see also core/indicator/refang.ts. */
const DISARMED_SCHEMES = `${OPEN}?(?:h?${OPEN}?[tx*_z]{2}${CLOSE}?p|meow)(?:${OPEN}?s${CLOSE}?)?${CLOSE}?|s?f${OPEN}?[x*_]${CLOSE}?ps?`;
/** One or two slashes or backslashes that each may stand in brackets. */
const SLASH_PAIR = `(?:${OPEN}?\\\\{0,2}[/\\\\]${CLOSE}?){2}${CLOSE}?`;

const PATTERN = new RegExp(
  [
    // a scheme, with what stands between it and the host; behind the `\\n` of text that is quoted in text, too
    `(?<scheme>(?:(?<![A-Za-z0-9])|(?<=\\\\[nrt]))(?:${SCHEMES}|${DISARMED_SCHEMES}))(?<slashes>${GAP}${OPEN}?:${CLOSE}?${GAP}${SLASH_PAIR}${GAP})`,
    `(?<dot>${GAP}${OPEN}{1,3}${GAP}(?:[.,\\u3002\\uff0e]|dot|DOT|Dot)${GAP}${CLOSE}{1,3}${GAP})`,
    `(?<halfDot>(?<=${WORD})(?:\\[\\.|\\.\\])(?=${WORD}))`,
    `(?<at>${GAP}${OPEN}{1,2}${GAP}(?:@|at|AT|At)${GAP}${CLOSE}{1,2}${GAP})`,
    `(?<colon>${OPEN}:${CLOSE})`,
    `(?<escapedDot>(?<=${WORD})\\\\{1,2}\\.(?=${WORD}))`,
    `(?<slash>\\\\/|${OPEN}/${CLOSE})`,
    // full stops of other scripts, where they stand between letters of ours
    `(?<wideDot>(?<=[A-Za-z0-9])[\\u3002\\uff0e\\uff61](?=[A-Za-z0-9]))`,
    `(?<foreign>[\\ue000-\\ue005])`,
  ].join('|'),
  'gi',
);

/** Soft hyphens, zero width spaces and joiners, byte order marks: they cut an indicator apart without showing. */
const INVISIBLE = /[\u00ad\u200b-\u200d\u2060\ufeff]+/g;

/** No pattern is longer. */
const LONGEST = 64;
const WINDOW = { size: 64 * 1024, before: 4, after: LONGEST };

/** Puts a mark where something was disarmed, and takes out what does not show. Line ends stay as they are. */
export async function* rearmed(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  /** Characters of the next window that the last match of this one has taken already. */
  let taken = 0;
  for await (const { text, from, to } of windows(visible(pieces), WINDOW)) {
    let written = from + taken;
    let out = '';
    PATTERN.lastIndex = written;
    for (let match = PATTERN.exec(text); match !== null && match.index < to; match = PATTERN.exec(text)) {
      out += text.slice(written, match.index) + replacement(match);
      written = match.index + match[0].length;
    }
    if (written < to) out += text.slice(written, to);
    taken = Math.max(0, written - to);
    yield out;
  }
}

/** The same for a short text that is there whole. */
export function rearm(text: string): string {
  const shown = text.replace(INVISIBLE, '');
  let out = '';
  let written = 0;
  for (const match of shown.matchAll(PATTERN)) {
    out += shown.slice(written, match.index) + replacement(match);
    written = match.index + match[0].length;
  }
  return out + shown.slice(written);
}

async function* visible(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const piece of pieces) yield piece.replace(INVISIBLE, '');
}

function replacement(match: RegExpExecArray): string {
  const { scheme, slashes, dot, halfDot, at, colon, escapedDot, slash, wideDot } = match.groups ?? {};
  if (scheme !== undefined && slashes !== undefined) {
    // a letter in front of it is that of a quoted line end
    const gap = /\w/.test(match.input.charAt(match.index - 1)) ? ' ' : '';
    return gap + rearmScheme(scheme, slashes);
  }
  if (dot !== undefined || halfDot !== undefined) return DOT;
  if (at !== undefined) return AT;
  if (colon !== undefined) return COLON;
  if (escapedDot !== undefined) return ESCAPED_DOT;
  if (slash !== undefined) return '/';
  // what is left is a character that we use as a mark
  return wideDot === undefined ? '\ufffd' : '.';
}

const CLEAR_SCHEME = new RegExp(`^(?:${SCHEMES})$`, 'i');

function rearmScheme(scheme: string, slashes: string): string {
  const clear = CLEAR_SCHEME.test(scheme);
  // JSON writes `:\/\/`
  if (clear && (slashes === '://' || slashes === ':\\/\\/')) return scheme.toLowerCase() + CLEAR_SLASHES;
  // a gap before the host is a part of disguise alone: `http:// and so on` is prose
  if (clear && /^:\/\/\s$/.test(slashes)) return `${scheme}://${slashes.slice(3)}`;
  const letters = scheme.toLowerCase().replace(/[[\](){}]/g, '');
  const secure = letters.endsWith('s') ? 's' : '';
  if (clear) return letters + SLASHES;
  if (/^s?f/.test(letters)) return `${letters.startsWith('s') ? 's' : ''}ftp${secure}${SLASHES}`;
  return `http${secure}${SLASHES}`;
}
