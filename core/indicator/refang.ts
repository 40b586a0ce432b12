/**
 * Undoes what people do to an indicator so that nobody clicks it by accident: `hxxp`, `[.]`, `(dot)`, `[at]` and so on.
 *
 * One pass over the characters keeps an output stack and reduces at each closing bracket, so nested and mixed brackets
 * (`[(.)}`) cost linear time. What sits in brackets is undone anywhere. Looser forms (` dot `, `1.)1`, `evil . com`, full
 * stops of other scripts) are undone only before the path, where such characters cannot be part of the indicator.
 * An IPv6 host (`http://[2001:db8::1]/`) survives: its brackets never hold one of the tokens alone.
 */

const OPENERS = '[({';
const CLOSERS = '])}';
const TOKENS: ReadonlyMap<string, string> = new Map([
  ['.', '.'],
  ['dot', '.'],
  [':', ':'],
  ['/', '/'],
  ['//', '//'],
  ['://', '://'],
  ['@', '@'],
  ['at', '@'],
]);
const LONGEST_TOKEN = 3;
const FOREIGN_STOPS = '\u3002\uff0e\uff61';
const INVISIBLE = /[\u00ad\u200b\u2060\ufeff]+/g;

const SUSPICIOUS =
  /[[\](){}\\<>"'`\s\u00ad\u200b\u2060\ufeff\u2018-\u201d\u3002\uff0e\uff61]|[,;]$|^(?:h[tx*_z]{2}p(?<!http)|meow|s?f[x*_]p|ttps?:)/i;

// Behind each must come the colon, in whatever brackets, so that a host called `hxxp.example` stays one.
const HTTP = /^[[({]?(?:h?[[({]?[tx*_z]{2}[\])}]?p|meow)([[({]?s[\])}]?)?[\])}]?(?=[\s[({]*:)/i;
const FTP = /^(s?)f[[({]?[tx*_][\])}]?p(s?)(?=[\s[({]*:)/i;
const SLASHES = /^([a-z][a-z0-9+-]*)\s?:\s?[\\/]{2}\s?/i;

const MOST_ROUNDS = 4;
/** What is longer, twice as long as an indicator may be, is none: a line of a file that is looked at, or worse. */
const LONGEST = 8192;

/** True if `refang` might change the text. Cheap; most indicators are answered here. */
export function isDefanged(text: string): boolean {
  return SUSPICIOUS.test(text);
}

/**
 * The indicator as it is written without disguise; also drops quotes, angle brackets and list punctuation around it.
 * Idempotent: text that still changes after a few rounds is no indicator, and is handed back as it came, like text that is too long to be one.
 */
export function refang(text: string): string {
  if (text.length > LONGEST) return text;
  let current = text;
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    if (!isDefanged(current)) return current;
    const next = refangOnce(current);
    if (next === current) return current;
    current = next;
  }
  return refangOnce(current) === current ? current : text;
}

function refangOnce(text: string): string {
  return reduce(unwrap(text.replace(INVISIBLE, '')))
    .replace(HTTP, (_, s: string | undefined) => (s === undefined ? 'http' : 'https'))
    .replace(FTP, '$1ftp$2')
    .replace(SLASHES, '$1://');
}

const BEFORE = '<"\'`\u2018\u201c';
const AFTER = '>"\'`\u2019\u201d,;';

function unwrap(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && (BEFORE.includes(text.charAt(start)) || isSpace(text.charAt(start)))) start += 1;
  while (end > start && (AFTER.includes(text.charAt(end - 1)) || isSpace(text.charAt(end - 1)))) end -= 1;
  return text.slice(start, end);
}

function isSpace(char: string): boolean {
  return char.trim() === '';
}

interface Output {
  readonly chars: string[];
  sawScheme: boolean;
  inPath: boolean;
}

function reduce(text: string): string {
  const out: Output = { chars: [], sawScheme: false, inPath: false };
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (CLOSERS.includes(char)) close(out, char);
    else if (FOREIGN_STOPS.includes(char) && !out.inPath) push(out, '.');
    else if (isSpace(char) && !out.inPath) space(out, char);
    else push(out, char);
  }
  return out.chars.join('');
}

function close(out: Output, char: string): void {
  const { chars } = out;
  // Before the path a full stop has swallowed its opening bracket already, if there was one: `1.)1` is seen, too.
  if (!out.inPath && chars.at(-1) === '.') return;
  let end = chars.length;
  while (end > 0 && isSpace(chars[end - 1] ?? '')) end -= 1;
  let start = end;
  while (
    start > 0 &&
    end - start < LONGEST_TOKEN &&
    !OPENERS.includes(chars[start - 1] ?? '') &&
    !isSpace(chars[start - 1] ?? '')
  )
    start -= 1;
  const token = TOKENS.get(chars.slice(start, end).join('').toLowerCase());
  let opener = start;
  while (opener > 0 && isSpace(chars[opener - 1] ?? '')) opener -= 1;
  if (token !== undefined && opener > 0 && OPENERS.includes(chars[opener - 1] ?? '')) {
    chars.length = opener - 1;
    for (const part of token) push(out, part);
    return;
  }
  chars.push(char);
}

function push(out: Output, char: string): void {
  const { chars } = out;
  if (char === '.' || char === '/') {
    // `\.` of regular expressions and `\/` of JSON.
    while (chars.at(-1) === '\\') chars.pop();
  }
  if (char === '.' && !out.inPath) {
    while (chars.length > 0 && (OPENERS.includes(chars.at(-1) ?? '') || isSpace(chars.at(-1) ?? ''))) chars.pop();
  }
  if (char === '/') {
    const last = chars.at(-1);
    if (!out.sawScheme && last === '/' && chars.at(-2) === ':') out.sawScheme = true;
    else if (out.sawScheme || last !== ':') out.inPath = true;
  } else if (char === '?' || char === '#') {
    out.inPath = true;
  }
  chars.push(char);
}

function space(out: Output, char: string): void {
  const { chars } = out;
  if (chars.at(-1) === '.') return;
  const word = chars.slice(-3).join('').toLowerCase();
  if (word === 'dot' && isSpace(chars.at(-4) ?? 'x')) {
    chars.length -= 4;
    push(out, '.');
  } else if (word.slice(1) === 'at' && isSpace(chars.at(-3) ?? 'x')) {
    chars.length -= 3;
    push(out, '@');
  } else {
    chars.push(char);
  }
}
