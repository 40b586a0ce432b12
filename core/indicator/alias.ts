import type { IndicatorType } from './type.ts';

// What feeds call our types: MISP attributes (and those of its compound ones that hold one indicator), OTX, STIX 1 and 2
// (object, property or whole path), ThreatFox, Zeek, OpenIOC, Cortex and XSOAR. Left out on purpose: words for victims
// (`target-email`), for hashes that are not of the file (`authentihash`, `pehash`, `ja3`), and for links to reports.
const ALIASES: Readonly<Record<IndicatorType, readonly string[]>> = {
  ip: [
    'ip',
    'ipv4',
    'ipv6',
    'ip-dst',
    'ip-src',
    'ip-dst|port',
    'ip-src|port',
    'ip:port',
    'ipv4-addr',
    'ipv6-addr',
    'ipv4-address',
    'ipv6-address',
    'ip-addr',
    'ip-address',
    'ipaddr',
    'ips',
    'address',
    'addr',
    'Intel::ADDR',
    'host-ip',
    'src-ip',
    'dst-ip',
    'source-ip',
    'destination-ip',
    'remote-ip',
    'PortItem/remoteIP',
    'RouteEntryItem/Destination',
    'DnsEntryItem/RecordData/IPv4Address',
  ],
  cidr: [
    'cidr',
    'ipv4-cidr',
    'ipv6-cidr',
    'ipv4cidr',
    'ipv4-net',
    'ipv6-net',
    'ipv4-network',
    'ipv6-network',
    'ip-range',
    'ip-prefix',
    'prefix',
    'netblock',
    'network',
    'subnet',
    'Intel::SUBNET',
  ],
  domain: [
    'domain',
    'domains',
    'domain-name',
    'hostname',
    'host',
    'host-name',
    'hostname|port',
    'fqdn',
    'dns',
    'dns-name',
    'domain-glob',
    'x-opencti-hostname',
    'Intel::DOMAIN',
    'Network/DNS',
    'DnsEntryItem/Host',
    'DnsEntryItem/RecordName',
  ],
  url: [
    'url',
    'urls',
    'uri',
    'url-string',
    'http-url',
    'phishing-url',
    'Intel::URL',
    'UrlHistoryItem/URL',
    'Network/URI',
  ],
  email: [
    'email',
    'e-mail',
    'mail',
    'email-addr',
    'email-address',
    'email-src',
    'email-dst',
    'email-reply-to',
    'email-sender',
    'sender',
    'account-email',
    'whois-registrant-email',
    'Intel::EMAIL',
    'Email/From',
  ],
  md5: ['md5', 'md5-hash', 'hash-md5', 'FileHash-MD5', 'file-md5', 'filename|md5', 'malware-sample', 'FileItem/Md5sum'],
  sha1: ['sha1', 'sha1-hash', 'hash-sha1', 'FileHash-SHA1', 'file-sha1', 'filename|sha1', 'FileItem/Sha1sum'],
  sha256: [
    'sha256',
    'sha256-hash',
    'hash-sha256',
    'FileHash-SHA256',
    'file-sha256',
    'filename|sha256',
    'FileItem/Sha256sum',
  ],
  sha512: [
    'sha512',
    'sha512-hash',
    'hash-sha512',
    'FileHash-SHA512',
    'file-sha512',
    'filename|sha512',
    'FileItem/Sha512sum',
  ],
  ssdeep: ['ssdeep', 'ssdeep-hash', 'FileHash-SSDEEP', 'hash-ssdeep'],
  tlsh: ['tlsh', 'tlsh-hash', 'FileHash-TLSH', 'hash-tlsh'],
  imphash: ['imphash', 'imp-hash', 'pe-imphash', 'import-hash', 'FileHash-IMPHASH', 'filename|imphash'],
  asn: ['asn', 'as', 'as-number', 'asn-number', 'autonomous-system', 'autonomous-system-number'],
  mac: ['mac', 'mac-addr', 'mac-address', 'mac-eui-64'],
  mutex: ['mutex', 'mutant', 'mutex-name', 'ProcessItem/HandleList/Handle/Name'],
  registry: [
    'registry',
    'regkey',
    'reg-key',
    'regkey|value',
    'registry-key',
    'registry-path',
    'win-registry-key',
    'windows-registry-key',
    'RegistryItem/Path',
    'RegistryItem/KeyPath',
  ],
  x509: [
    'x509',
    'x509-certificate',
    'x509-fingerprint-md5',
    'x509-fingerprint-sha1',
    'x509-fingerprint-sha256',
    'x509-serial-number',
    'certificate',
    'certificate-fingerprint',
    'cert-fingerprint',
    'cert-hash',
    'ssl-cert-fingerprint',
    'SSLCertFingerprint',
    'ssl-fingerprint',
    'tls-fingerprint',
    'Intel::CERT_HASH',
  ],
  cve: ['cve', 'cve-id', 'vulnerability', 'cves'],
};

// STIX object types that may carry a property behind them, folded: `ipv4-addr:value`, `file:hashes.'SHA-256'`.
const VALUE_PATHS: Readonly<Record<string, IndicatorType>> = {
  'ipv4-addr:value': 'ip',
  'ipv6-addr:value': 'ip',
  'domain-name:value': 'domain',
  'url:value': 'url',
  'email-addr:value': 'email',
  'mac-addr:value': 'mac',
  'mutex:name': 'mutex',
  'autonomous-system:number': 'asn',
  'windows-registry-key:key': 'registry',
  'x509-certificate:serial_number': 'x509',
  'vulnerability:name': 'cve',
};
const FILE_HASHES: readonly IndicatorType[] = ['md5', 'sha1', 'sha256', 'sha512', 'ssdeep', 'tlsh', 'imphash'];
const CERTIFICATE_HASHES: readonly IndicatorType[] = ['md5', 'sha1', 'sha256'];

// Words that promise an indicator and leave open which: the text itself tells.
const VAGUE: ReadonlySet<string> = new Set(
  [
    '',
    'auto',
    'any',
    'unknown',
    'indicator',
    'ioc',
    'observable',
    'hash',
    'hashes',
    'file',
    'file-hash',
    'filehash',
    'Intel::FILE_HASH',
  ].map(fold),
);

const LONGEST_ALIAS = 64;
// As they are written above: one look for nearly every record. Folded: the rest.
const WRITTEN = new Map<string, IndicatorType>();
const FOLDED = new Map<string, IndicatorType>();

for (const [type, aliases] of Object.entries(ALIASES) as [IndicatorType, readonly string[]][]) {
  for (const alias of aliases) add(alias, type);
}
for (const [path, type] of Object.entries(VALUE_PATHS)) add(path, type);
for (const type of FILE_HASHES) {
  add(`file:hashes.${type}`, type);
  add(`artifact:hashes.${type}`, type);
}
for (const type of CERTIFICATE_HASHES) add(`x509-certificate:hashes.${type}`, 'x509');

function add(alias: string, type: IndicatorType): void {
  WRITTEN.set(alias, type);
  FOLDED.set(fold(alias), type);
}

/** Lower case without anything but letters and digits, so that `SHA-256`, `sha_256` and `'SHA 256'` are one word. */
function fold(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]+/g, '');
}

/**
 * The type that a feed's word names, whatever its case, hyphens, underscores, spaces and quotes. Undefined for words
 * that name no type of ours; text of such a type must not be inferred (a `filename` like `evil.com` is no domain)
 * unless `isVagueAlias` says so.
 */
export function typeFromAlias(text: string): IndicatorType | undefined {
  const type = WRITTEN.get(text);
  if (type !== undefined || text.length > LONGEST_ALIAS) return type;
  return FOLDED.get(fold(text));
}

/** True for words like `hash`, `file`, `indicator` or the empty one, after which the type is to be inferred. */
export function isVagueAlias(text: string): boolean {
  return text.length <= LONGEST_ALIAS && VAGUE.has(fold(text));
}
