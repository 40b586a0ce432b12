import { isVagueAlias, typeFromAlias } from '../../../core/indicator/alias.ts';
import type { IndicatorType } from '../../../core/indicator/type.ts';
import type { ListColumn } from '../record.ts';

/** What a column is by its name. */
export type HeaderRole =
  /** Its cells are indicators, of any type when none is told. */
  | { readonly kind: 'indicator'; readonly type: IndicatorType | undefined }
  /** Its cells may be indicators, when another column tells their types. */
  | { readonly kind: 'value' }
  | { readonly kind: 'type' }
  | { readonly kind: 'to_ids' }
  | { readonly kind: 'field'; readonly field: ListColumn; readonly rank: number }
  /** It may look like indicators and holds none: digests of something else, victims, servers that everybody uses. */
  | { readonly kind: 'never' };

/** Names in small letters and digits alone; of several columns for one field the name that stands first here is taken. */
const FIELDS: Readonly<Partial<Record<ListColumn, string>>> = {
  confidence: 'confidence confidencelevel abuseconfidencescore',
  severity: 'severity',
  tags: 'tags tag labels attributetag campaign campaigns actor threatactor group cluster',
  tlp: 'tlp',
  ref: 'uuid iocid',
  first_seen:
    'firstseen firstseenutc firstseendate datefirstseen dateadded discovered detectiondate datedetected firstsubmission firstsubmitted firstsubonvt date',
  last_seen: 'lastseen lastseenutc lastonline lastseendate datelastseen lastupdated lastupdate',
  valid_from: 'validfrom',
  valid_until: 'validuntil endofvalidity expires expiresat',
  timestamp: 'published reported reporteddate lastmodifieddate',
  port: 'port dstport destport destinationport',
  sightings: 'sightings sightingcount sightingscount',
  malware: 'malwareprintable malware malwarefamily family malwarename signature threatname malwarefamilies',
  categories: 'threattype category categories threat killchain iocthreattype',
  description:
    'description desc comment comments note notes info information details context remark remarks listingreason explanation',
  reference: 'reference references urlhauslink link links sourceurl reporturl report permalink sources sourcelink',
};
const INDICATORS: readonly string[] =
  'indicator indicators ioc iocs iocvalue indicatorvalue observable artifact value uri domainname fqdn ipaddr dstip srcip destip sourceip ipv4 ipv6 netblock c2 cnc cc ccserver c2server hash filehash'.split(
    ' ',
  );
const VALUES: ReadonlySet<string> = new Set(['data', 'name', 'content', 'entity', 'element', 'pattern']);
const TYPES: ReadonlySet<string> = new Set(
  'type indicatortype ioctype observabletype observabletypes attributetype entitytype kind datatype typeofindicator'.split(
    ' ',
  ),
);
/** Words in a longer name that say what the column holds. */
const TYPE_WORDS: ReadonlyMap<string, IndicatorType | undefined> = new Map<string, IndicatorType | undefined>([
  ['sha256', 'sha256'],
  ['sha1', 'sha1'],
  ['sha512', 'sha512'],
  ['md5', 'md5'],
  ['imphash', 'imphash'],
  ['ssdeep', 'ssdeep'],
  ['tlsh', 'tlsh'],
  ['mutex', 'mutex'],
  ['mutexes', 'mutex'],
  ['cve', 'cve'],
  ['asn', 'asn'],
  ['email', 'email'],
  ['emails', 'email'],
  ['thumbprint', 'x509'],
  ...['ip', 'ips', 'cidr', 'subnet', 'network', 'domain', 'domains', 'hostname', 'hostnames', 'host', 'hosts'].map(
    plain,
  ),
  ...[
    'url',
    'urls',
    'uri',
    'uris',
    'hash',
    'hashes',
    'ioc',
    'iocs',
    'c2',
    'cnc',
    'indicator',
    'address',
    'addresses',
  ].map(plain),
  ...['registry', 'sender', 'senders'].map(plain),
]);
const NEVER_WORDS: ReadonlySet<string> = new Set(
  'serial ja3 ja3s ja4 jarm authentihash vhash pehash rich richpe guid victim victims target targets registrar nameserver nameservers ns whois screenshot version size status count country city port file filename path pdb subject agent useragent permalink detection detections vt virustotal report reports link links source reference legit legitimate benign parent registrant compile creation created modified image user username id package packages packagename bundle bundleid'.split(
    ' ',
  ),
);
/** Words of types that feeds have and tipline has not; they show that a column tells types. */
const OTHER_TYPES: ReadonlySet<string> = new Set(
  'tool account useraccount registryvalue hostinfo filename filepath filepathname path filedirectory directory folder commandline command description information info text comment other link pattern yara sigma snort useragent ja3 ja3s jarm pdb pdbpath namedpipe process service port btc bitcoin wallet targetemail targetorg phonenumber authentihash pehash bundleid appid package packagename username user password subject emailsubject attachment emailattachment pattterninfile patterninfile sizeinbytes float datetime counter'.split(
    ' ',
  ),
);

function plain(word: string): [string, undefined] {
  return [word, undefined];
}

export function fold(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]+/g, '');
}

/** Longer cells are sentences. */
const LONGEST_NAME = 60;

/** What a column of this name is; undefined when the name says nothing that is known. */
export function roleOf(name: string): HeaderRole | undefined {
  if (name.length > LONGEST_NAME) return undefined;
  const folded = fold(name);
  if (folded === '') return undefined;
  if (TYPES.has(folded)) return { kind: 'type' };
  if (folded === 'toids') return { kind: 'to_ids' };
  for (const [field, names] of Object.entries(FIELDS) as [ListColumn, string][]) {
    const rank = names.split(' ').indexOf(folded);
    if (rank !== -1) return { kind: 'field', field, rank };
  }
  if (VALUES.has(folded)) return { kind: 'value' };
  if (INDICATORS.includes(folded)) return { kind: 'indicator', type: undefined };
  const words = wordsOf(name);
  if (words.some((word) => NEVER_WORDS.has(word)) && !/^(?:source|src|target|dst)(?:ip|host|domain)$/.test(folded)) {
    // the digest of a file is one all the same
    const digest = words.find((word) => /^(?:sha256|sha1|sha512|md5|hash|hashes|imphash)$/.test(word));
    const other = words.some((word) =>
      /^(?:serial|ja3s?|ja4|jarm|authentihash|vhash|pehash|rich|richpe|legit|parent)$/.test(word),
    );
    if (digest === undefined || other) return { kind: 'never' };
  }
  const word = words.find((each) => TYPE_WORDS.has(each));
  return word === undefined ? undefined : { kind: 'indicator', type: TYPE_WORDS.get(word) };
}

/** `SHA-256 of theFile` as sha256, of, the, file. */
function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .replace(/\bsha[-_ ](\d)/g, 'sha$1')
    .replace(/\bmd[-_ ]5/g, 'md5')
    .replace(/\bc&c\b/g, 'c2')
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
}

/** True for a word of a type that is not ours but says that there is an address, a name or a digest: `domain_port`, `c2_server_ip`. */
export function speaksOfIndicators(word: string): boolean {
  return !OTHER_TYPES.has(fold(word)) && wordsOf(word).some((each) => TYPE_WORDS.has(each));
}

/** True for a column of addresses to which names pointed at some time. */
export function isResolution(name: string): boolean {
  return /resol|passive\s?dns/i.test(name);
}

/** True for what stands in a column that tells the types of indicators. */
export function isTypeWord(cell: string): boolean {
  const word = cell.trim();
  return (
    word !== '' && word.length <= LONGEST_NAME && (isOwnType(word) || isVagueAlias(word) || OTHER_TYPES.has(fold(word)))
  );
}

/** True for the words of our own types, compound ones of MISP as well. */
export function isOwnType(word: string): boolean {
  if (typeFromAlias(word) !== undefined) return true;
  return word.includes('|') && word.split('|', 3).some((part) => typeFromAlias(part) !== undefined);
}
