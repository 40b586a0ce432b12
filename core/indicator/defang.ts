import type { Indicator } from './type.ts';

/**
 * The indicator as people may read it in a mail without a program making it a link. `refang` gives the value back.
 * Names of mutexes and registry keys are free text, so a feed could put a link there; they are treated alike.
 */
export function defang(indicator: Indicator): string {
  const { type, value } = indicator;
  switch (type) {
    case 'ip':
    case 'cidr':
      return value.replace(/[.:]/g, '[$&]');
    case 'domain':
      return value.replaceAll('.', '[.]');
    case 'email':
      return value.replace('@', '[@]').replaceAll('.', '[.]');
    case 'url':
      return defangUrl(value);
    case 'mutex':
    case 'registry':
      return value.replaceAll('://', '[://]').replaceAll('.', '[.]').replaceAll('@', '[@]');
    case 'md5':
    case 'sha1':
    case 'sha256':
    case 'sha512':
    case 'ssdeep':
    case 'tlsh':
    case 'imphash':
    case 'asn':
    case 'mac':
    case 'x509':
    case 'cve':
      return value;
    default: {
      const never: never = type;
      return never;
    }
  }
}

const SCHEMES: Readonly<Record<string, string>> = { http: 'hxxp://', https: 'hxxps://', ftp: 'fxp://' };

function defangUrl(url: string): string {
  const cut = url.indexOf('://');
  const scheme = url.slice(0, cut);
  const rest = url.slice(cut + 3);
  const hostLength = rest.search(/[/?]|$/);
  const host = rest.slice(0, hostLength).replaceAll('.', '[.]');
  return `${SCHEMES[scheme] ?? `${scheme}[://]`}${host}${rest.slice(hostLength)}`;
}
