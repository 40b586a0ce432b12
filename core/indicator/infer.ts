import { canonicalIp, parseCidr, readDecimal } from './address.ts';
import { canonicalDomain, isPlainDomain, withoutPort } from './domain.ts';
import { canonicalEmail } from './email.ts';
import { canonicalSsdeep, canonicalTlsh } from './fuzzy-hash.ts';
import { hashTypeOf, isLowerHex } from './hash.ts';
import { canonicalMac } from './mac.ts';
import { namesHive } from './registry.ts';
import type { IndicatorType } from './type.ts';
import { canonicalUrl } from './url.ts';

// Endings of files that are no top-level domains. Endings that are both (`zip`, `mov`, `py`, `sh`, `md`) count as
// domains: a feed of file names has to say so in its type.
const FILE_ENDINGS: ReadonlySet<string> = new Set(
  (
    'apk asp aspx bak bat bin bmp cfg chm class cmd conf cpl csv dat db dll dmg doc docm docx dot elf eml exe gif gz hta htm ' +
    'html ico img inf ini iso jar jpeg jpg js jse json jsp lnk log lua msg msi msp ocx odt ole pdf php pif png ppt pptm pptx ' +
    'psd rar reg rtf scr sct sln sql swf sys tar tmp txt vbe vbs war wav wsf xls xlsb xlsm xlsx xml yaml yml'
  ).split(' '),
);
const TOP_LEVEL = /^(?:[a-z]{2,63}|xn--[a-z0-9-]{2,59})$/;

/**
 * The type that an indicator has by its looks, from text that `refang` has been over. The order settles what could be
 * two things: `3::` is IPv6, not the ssdeep of an empty file; 32 hex digits are an MD5 (never an imphash), eight colon-separated pairs are IPv6
 * (never an EUI-64). A mutex, a certificate and a bare number have no looks and must be named.
 */
export function inferType(text: string): IndicatorType | undefined {
  if (canonicalIp(withoutIpPort(text)) !== undefined) return 'ip';
  if (parseCidr(text) !== undefined) return 'cidr';
  if (namesHive(text)) return 'registry';
  const hash = hashTypeOf(text);
  if (hash !== undefined) return hash;
  if (text.includes('://')) return canonicalUrl(text) === undefined ? undefined : 'url';
  if (/^CVE-\d{4}-\d{4,19}$/i.test(text)) return 'cve';
  if (/^ASN?\s?[\d.]{1,11}$/i.test(text)) return 'asn';
  if (text.includes('@') && !text.includes('/')) return isPlausibleEmail(text) ? 'email' : undefined;
  if (/[:.-]/.test(text) && canonicalMac(text) !== undefined) return 'mac';
  if (canonicalSsdeep(text) !== undefined) return 'ssdeep';
  if (canonicalTlsh(text) !== undefined) return 'tlsh';
  if (isPlausibleDomain(text)) return 'domain';
  return isUrlWithoutScheme(text) ? 'url' : undefined;
}

/**
 * The quick answer for a hash or a domain in canonical form, which together with addresses are most of what comes
 * without a type. Agrees with `inferType`; undefined means only that it takes a longer look.
 */
export function inferPlainType(text: string): 'md5' | 'sha1' | 'sha256' | 'sha512' | 'domain' | undefined {
  const hash = hashTypeOf(text);
  if (hash !== undefined) return isLowerHex(text) ? hash : undefined;
  // Of this length it might be a MAC address in Cisco's spelling (`aabb.ccdd.eeff`).
  if (text.length === 14 || text.length === 19) return undefined;
  return isPlainDomain(text) && endsLikeDomain(text) ? 'domain' : undefined;
}

/**
 * The address in `192.0.2.1:443`, `192.0.2.1|443` (MISP) and `[2001:db8::1]:443`; other text unchanged. Only a dotted
 * quad may have a port behind a bare colon: in `2001:db8::443` the last group is part of the address.
 */
export function withoutIpPort(text: string): string {
  if (text.startsWith('[')) {
    const end = text.indexOf(']');
    if (end < 0) return text;
    const port = text.slice(end + 1);
    return port === '' || withoutPort(`x${port}`) === 'x' ? text.slice(1, end) : text;
  }
  const cut = text.includes('|') ? text.lastIndexOf('|') : text.indexOf(':');
  if (cut < 0 || (text.charAt(cut) === ':' && !text.slice(0, cut).includes('.'))) return text;
  return readDecimal(text, cut + 1, text.length, 65_535) >= 0 ? text.slice(0, cut) : text;
}

function isPlausibleDomain(text: string): boolean {
  const domain = canonicalDomain(text);
  return domain !== undefined && endsLikeDomain(domain);
}

function endsLikeDomain(domain: string): boolean {
  const ending = domain.slice(domain.lastIndexOf('.') + 1);
  return TOP_LEVEL.test(ending) && !FILE_ENDINGS.has(ending);
}

function isPlausibleEmail(text: string): boolean {
  return canonicalEmail(text) !== undefined && isPlausibleDomain(text.slice(text.lastIndexOf('@') + 1));
}

/** `example.com/path` and `192.0.2.1:8080/path`, but neither `192.0.2.1/33`, a CIDR gone wrong, nor a path of files. */
function isUrlWithoutScheme(text: string): boolean {
  const slash = text.indexOf('/');
  if (slash < 1) return false;
  const host = text.slice(0, slash);
  if (canonicalIp(withoutIpPort(host)) !== undefined)
    return !/^\d*$/.test(text.slice(slash + 1)) && canonicalUrl(text) !== undefined;
  return isPlausibleDomain(host) && canonicalUrl(text) !== undefined;
}
