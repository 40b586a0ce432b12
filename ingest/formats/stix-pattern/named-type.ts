import { canonicalCve } from '../../../core/indicator/cve.ts';
import { inferType } from '../../../core/indicator/infer.ts';
import type { IndicatorType } from '../../../core/indicator/type.ts';
import type { ObjectPath } from './tree.ts';

/** How the type of an indicator follows from where its value stands. */
type Rule =
  | { readonly kind: 'fixed'; readonly type: IndicatorType }
  /** An address, or a network if the value has a prefix. */
  | { readonly kind: 'address' }
  /** An address, a network or a domain: a reference may lead to either. */
  | { readonly kind: 'endpoint' }
  | { readonly kind: 'cve' }
  /** A digest whose key the path leaves open: `hashes[*]`. */
  | { readonly kind: 'any-hash' };

// Paths without their indexes. The specification's own examples write win-registry-key; OpenCTI and OTX write hostname.
const VALUES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['ipv4-addr:value', { kind: 'address' }],
  ['ipv6-addr:value', { kind: 'address' }],
  ['network-traffic:dst_ref.value', { kind: 'endpoint' }],
  ['network-traffic:src_ref.value', { kind: 'endpoint' }],
  ['domain-name:resolves_to_refs.value', { kind: 'endpoint' }],
  ['domain-name:value', { kind: 'fixed', type: 'domain' }],
  ['hostname:value', { kind: 'fixed', type: 'domain' }],
  ['x-opencti-hostname:value', { kind: 'fixed', type: 'domain' }],
  ['url:value', { kind: 'fixed', type: 'url' }],
  ['email-addr:value', { kind: 'fixed', type: 'email' }],
  ['email-message:from_ref.value', { kind: 'fixed', type: 'email' }],
  ['email-message:sender_ref.value', { kind: 'fixed', type: 'email' }],
  ['mac-addr:value', { kind: 'fixed', type: 'mac' }],
  ['mutex:name', { kind: 'fixed', type: 'mutex' }],
  ['autonomous-system:number', { kind: 'fixed', type: 'asn' }],
  ['windows-registry-key:key', { kind: 'fixed', type: 'registry' }],
  ['win-registry-key:key', { kind: 'fixed', type: 'registry' }],
  ['x509-certificate:serial_number', { kind: 'fixed', type: 'x509' }],
  ['vulnerability:name', { kind: 'cve' }],
  ['file:extensions.windows-pebinary-ext.imphash', { kind: 'fixed', type: 'imphash' }],
]);

// Folded keys. SHA-224, SHA-384, SHA-3 and digests of parts of a file are no indicators of ours.
const FILE_HASHES: ReadonlyMap<string, IndicatorType> = new Map([
  ['MD5', 'md5'],
  ['SHA1', 'sha1'],
  ['SHA256', 'sha256'],
  ['SHA512', 'sha512'],
  ['SSDEEP', 'ssdeep'],
  ['TLSH', 'tlsh'],
  ['IMPHASH', 'imphash'],
]);
const CERTIFICATE_HASHES: ReadonlyMap<string, IndicatorType> = new Map([
  ['MD5', 'x509'],
  ['SHA1', 'x509'],
  ['SHA256', 'x509'],
  ['SHA512', 'x509'],
]);

/** Where a dictionary of hashes hangs that is one of a file's content or of a certificate. */
const HASHES: ReadonlyMap<string, ReadonlyMap<string, IndicatorType>> = new Map([
  ['file:hashes', FILE_HASHES],
  ['file:content_ref.hashes', FILE_HASHES],
  ['artifact:hashes', FILE_HASHES],
  ['process:binary_ref.hashes', FILE_HASHES],
  ['process:image_ref.hashes', FILE_HASHES],
  ['x509-certificate:hashes', CERTIFICATE_HASHES],
]);

/** How to type the values that are compared with this path, or undefined when they are no indicators of ours. */
export function ruleOf(path: ObjectPath): Rule | undefined {
  const names: string[] = [];
  for (const step of path.steps) {
    if (step.kind !== 'key') continue;
    // a quoted key may hold dots, and must not be taken for a path
    if (step.name.includes('.')) return undefined;
    names.push(step.name);
  }
  const value = VALUES.get(`${path.object}:${names.join('.')}`);
  if (value !== undefined) return value;

  const last = path.steps.at(-1);
  if (last === undefined) return undefined;
  if (last.kind !== 'key') {
    const hashes = HASHES.get(`${path.object}:${names.join('.')}`);
    if (hashes === undefined) return undefined;
    return hashes === FILE_HASHES ? { kind: 'any-hash' } : { kind: 'fixed', type: 'x509' };
  }
  const hashes = HASHES.get(`${path.object}:${names.slice(0, -1).join('.')}`);
  const type = hashes?.get(foldKey(last.name));
  return type === undefined ? undefined : { kind: 'fixed', type };
}

/**
 * The type of a value under a rule; undefined when it is none (a vulnerability without a CVE), 'infer' when the value
 * alone can tell. `asNetwork`: the comparison was ISSUBSET.
 */
export function typeUnder(rule: Rule, value: string, asNetwork: boolean): IndicatorType | 'infer' | undefined {
  switch (rule.kind) {
    case 'address':
      return asNetwork || value.includes('/') ? 'cidr' : 'ip';
    case 'endpoint':
      return asNetwork ? 'cidr' : 'infer';
    case 'fixed':
      return asNetwork ? undefined : rule.type;
    case 'cve':
      return asNetwork || canonicalCve(value) === undefined ? undefined : 'cve';
    case 'any-hash': {
      const type = asNetwork ? undefined : inferType(value);
      return type !== undefined && [...FILE_HASHES.values()].includes(type) ? type : undefined;
    }
    default: {
      const never: never = rule;
      return never;
    }
  }
}

/** `SHA-256`, `sha_256` and `SHA256` are one key; `SHA3-256` is another. */
function foldKey(key: string): string {
  return key.toUpperCase().replace(/[^A-Z0-9]/g, '');
}
