import type { Indicator } from './type.ts';

/** The indicator as people may read it in a mail without a program making it a link. `refang` gives the value back. */
export function defang(indicator: Indicator): string {
  const { type, value } = indicator;
  switch (type) {
    case 'ip':
    case 'cidr':
    case 'mac':
      return value.replace(/[.:]/g, '[$&]');
    case 'domain':
    case 'email':
    case 'url':
    // names are free text, and so are the letters of a fuzzy hash: `3:https://x` is one
    case 'mutex':
    case 'registry':
    case 'ssdeep':
      return disarm(value);
    case 'md5':
    case 'sha1':
    case 'sha256':
    case 'sha512':
    case 'tlsh':
    case 'imphash':
    case 'asn':
    case 'x509':
    case 'cve':
      return value;
    default: {
      const never: never = type;
      return never;
    }
  }
}

/**
 * What programs make links of, wherever in a text it stands. Nothing is asked of what stands in front of it, since a text may be broken into lines
 * anywhere, and the rest of a word begins a line. By name:
 * - `web`, `file`: `http` and `ftp`, which are written as everybody knows them;
 * - `colon`: any other scheme, a word of two letters or more with a colon inside a word behind it;
 * - `stop`: hosts, a full stop inside a word, also those of other scripts that resolvers take for one (UTS 46); a decimal point is none;
 * - `at`: mailboxes;
 * - `path`: `//host` without a scheme, and `\\server`, which leads to a Windows share.
 */
const LINKED = new RegExp(
  [
    '(?<disarmed>\\[(?:\\.|:|@|://|//|\\\\\\\\)\\])',
    '(?<web>h)tt(?<p>ps?)(?=:)|(?<file>f)t(?=ps?:)',
    '(?<slashes>://)',
    '(?<colon>(?<=\\p{L}[\\p{L}\\p{N}+-]):(?=[^\\s/]|/(?!/)))',
    '(?<decimal>(?<![^\\s(])\\d{1,9}\\.\\d{1,9}(?![^\\s),;%]))',
    '(?<stop>(?<=\\S)[.\\u3002\\uff0e\\uff61](?=\\S))',
    '(?<at>@)',
    '(?<path>(?://|\\\\\\\\)(?=\\S))',
  ].join('|'),
  'giu',
);

/** Any text with everything taken apart that a program might make a link of. For all but double backslashes `refang` gives it back. */
export function disarm(text: string): string {
  return text.replace(LINKED, (whole, ...found) => {
    const { disarmed, web, p, file, decimal }: Record<string, string | undefined> = found.at(-1);
    if (web !== undefined) return `${web}xx${p}`;
    if (file !== undefined) return `${file}x`;
    return disarmed === undefined && decimal === undefined ? `[${whole}]` : whole;
  });
}
