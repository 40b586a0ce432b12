import { canonicalIp, formatCidr, formatIp, parseCidr } from './address.ts';
import { canonicalAsn } from './asn.ts';
import { canonicalCve } from './cve.ts';
import { canonicalDomain, isPlainDomain } from './domain.ts';
import { canonicalEmail } from './email.ts';
import { canonicalSsdeep, canonicalTlsh } from './fuzzy-hash.ts';
import { canonicalHash, isPlainHash } from './hash.ts';
import { inferPlainType, inferType, withoutIpPort } from './infer.ts';
import { canonicalMac } from './mac.ts';
import { canonicalMutex } from './mutex.ts';
import { NOT_PLAIN } from './plain-text.ts';
import { isDefanged, refang } from './refang.ts';
import { canonicalRegistry, namesHive } from './registry.ts';
import type { Indicator, IndicatorType } from './type.ts';
import { canonicalUrl } from './url.ts';
import { canonicalX509 } from './x509.ts';

/** Why a text is no indicator, for the dead letter: the code is stable, the message tells what was expected. */
export type CanonicalCode = keyof typeof REASONS;

export type Canonical =
  | { readonly ok: true; readonly indicator: Indicator }
  | { readonly ok: false; readonly code: CanonicalCode; readonly message: string };

/** No indicator is longer, in UTF-16 units, neither as it came nor in canonical form. */
export const MAX_INDICATOR_LENGTH = 4096;

const REASONS = {
  INDICATOR_EMPTY: 'the indicator is empty',
  INDICATOR_TOO_LONG: `the indicator is longer than ${MAX_INDICATOR_LENGTH} characters`,
  INDICATOR_CONTROL_CHARACTERS:
    'the indicator holds control characters, text direction marks or broken Unicode; send it as plain text',
  INDICATOR_UNKNOWN_TYPE: 'no type was given and none can be told from the looks of the indicator; send its type',
  INDICATOR_BAD_IP: 'not an IP address: four decimal parts without leading zeros, or IPv6 without a zone, are expected',
  INDICATOR_BAD_CIDR: 'not a CIDR block: an address, a slash and a prefix length are expected',
  INDICATOR_BAD_DOMAIN: 'not a domain: two labels or more and no path are expected; send a URL with the type url',
  INDICATOR_BAD_URL: 'not a URL with a host that can be looked up',
  INDICATOR_BAD_EMAIL: 'not an e-mail address',
  INDICATOR_BAD_HASH:
    'not a hash of the given type: md5 and imphash have 32 hex digits, sha1 40, sha256 64, sha512 128',
  INDICATOR_BAD_SSDEEP: 'not an ssdeep hash: blocksize:hash:hash is expected',
  INDICATOR_BAD_TLSH: 'not a TLSH: 70 hex digits, with or without T1 before them, are expected',
  INDICATOR_BAD_ASN: 'not an AS number: AS and a number from 1 to 4294967295 are expected',
  INDICATOR_BAD_MAC: 'not a MAC address: six or eight pairs of hex digits are expected',
  INDICATOR_BAD_MUTEX: 'not a mutex name: 1 to 512 characters are expected',
  INDICATOR_BAD_REGISTRY: 'not a registry key: a hive and a path are expected',
  INDICATOR_BAD_X509: 'not a certificate fingerprint or serial number: 2 to 128 hex digits are expected',
  INDICATOR_BAD_CVE: 'not a CVE id: CVE, a year and four digits or more are expected',
} as const;

/**
 * The one canonical indicator behind a feed's text, or the reason why there is none. Never throws.
 *
 * The given type is believed, except that an address and a block are told apart by the text (`ip` with a prefix length
 * becomes `cidr`, a full length becomes `ip`) and that a domain which is an IP address becomes `ip`. A port behind an
 * address or a domain is dropped. Applied to its own result it gives the same result.
 */
export function canonicalise(text: string, type: IndicatorType | undefined): Canonical {
  // Most of what comes is canonical already, and a look at each character is all it takes.
  switch (type) {
    case 'ip':
    case undefined: {
      const address = canonicalIp(text);
      if (address !== undefined) return found('ip', address);
      const plain = type === undefined ? inferPlainType(text) : undefined;
      if (plain !== undefined) return found(plain, text);
      break;
    }
    case 'domain':
      if (isPlainDomain(text)) return found('domain', text);
      break;
    case 'md5':
    case 'sha1':
    case 'sha256':
    case 'sha512':
      if (isPlainHash(text, type)) return found(type, text);
      break;
    default:
  }
  if (text.length > MAX_INDICATOR_LENGTH) return failed('INDICATOR_TOO_LONG');
  const trimmed = text.trim();
  if (trimmed === '') return failed('INDICATOR_EMPTY');
  if (!isPlainText(trimmed)) return failed('INDICATOR_CONTROL_CHARACTERS');
  const result = type === undefined ? untyped(trimmed) : typed(trimmed, type);
  if (result.ok && result.indicator.value.length > MAX_INDICATOR_LENGTH) return failed('INDICATOR_TOO_LONG');
  return result;
}

function untyped(text: string): Canonical {
  // A registry path may hold what looks like disguise (`\.`), so it is told apart before anything is undone.
  if (namesHive(text)) return typed(text, 'registry');
  const clean = refang(text);
  // Nothing else holds this, and it saves parsing a URL twice.
  if (clean.includes('://')) return typed(clean, 'url');
  const type = inferType(clean);
  return type === undefined ? failed('INDICATOR_UNKNOWN_TYPE') : typed(clean, type);
}

function typed(text: string, type: IndicatorType): Canonical {
  switch (type) {
    case 'ip':
    case 'cidr':
      return addressOrBlock(refang(text), type);
    case 'domain':
      return domainOrAddress(refang(text));
    case 'url':
      return foundOr(type, urlOf(text), 'INDICATOR_BAD_URL');
    case 'email':
      return foundOr(type, canonicalEmail(refang(text)), 'INDICATOR_BAD_EMAIL');
    case 'md5':
    case 'sha1':
    case 'sha256':
    case 'sha512':
    case 'imphash':
      return foundOr(type, canonicalHash(text, type), 'INDICATOR_BAD_HASH');
    case 'ssdeep':
      return foundOr(type, canonicalSsdeep(text), 'INDICATOR_BAD_SSDEEP');
    case 'tlsh':
      return foundOr(type, canonicalTlsh(text), 'INDICATOR_BAD_TLSH');
    case 'asn':
      return foundOr(type, canonicalAsn(text), 'INDICATOR_BAD_ASN');
    case 'mac':
      return foundOr(type, canonicalMac(text), 'INDICATOR_BAD_MAC');
    case 'mutex':
      return foundOr(type, canonicalMutex(text), 'INDICATOR_BAD_MUTEX');
    case 'registry':
      return foundOr(type, canonicalRegistry(text), 'INDICATOR_BAD_REGISTRY');
    case 'x509':
      return foundOr(type, canonicalX509(text), 'INDICATOR_BAD_X509');
    case 'cve':
      return foundOr(type, canonicalCve(text), 'INDICATOR_BAD_CVE');
    default: {
      const never: never = type;
      return never;
    }
  }
}

function addressOrBlock(text: string, type: 'ip' | 'cidr'): Canonical {
  const address = canonicalIp(withoutIpPort(text));
  if (address !== undefined) return found('ip', address);
  const block = parseCidr(text);
  if (block === undefined) return failed(type === 'ip' ? 'INDICATOR_BAD_IP' : 'INDICATOR_BAD_CIDR');
  if (block.length === block.bytes.length * 8) return found('ip', formatIp(block.bytes));
  return found('cidr', formatCidr(block));
}

function domainOrAddress(text: string): Canonical {
  const address = canonicalIp(withoutIpPort(text));
  if (address !== undefined) return found('ip', address);
  return foundOr('domain', canonicalDomain(text), 'INDICATOR_BAD_DOMAIN');
}

/**
 * Decoding an escape can bring disguise to light (`/a[%2E]b`). Such a URL goes round again, so that the value accepted
 * is one that stays as it is.
 */
function urlOf(text: string): string | undefined {
  let current = text;
  for (let round = 0; round < 3; round += 1) {
    const url = canonicalUrl(refang(current));
    if (url === undefined || !isDefanged(url) || refang(url) === url) return url;
    current = url;
  }
  return undefined;
}

function isPlainText(text: string): boolean {
  return !NOT_PLAIN.test(text) && text.isWellFormed();
}

function found(type: IndicatorType, value: string): Canonical {
  return { ok: true, indicator: { type, value } };
}

function foundOr(type: IndicatorType, value: string | undefined, code: CanonicalCode): Canonical {
  return value === undefined ? failed(code) : found(type, value);
}

function failed(code: CanonicalCode): Canonical {
  return { ok: false, code, message: REASONS[code] };
}
