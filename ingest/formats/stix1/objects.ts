import { printable } from '../../printable.ts';
import { type Element, find } from './element.ts';
import { emailMessage } from './email-object.ts';
import { archive, file } from './file-objects.ts';
import {
  dnsQuery,
  dnsRecord,
  httpSession,
  networkConnection,
  networkSocket,
  processObject,
  socketAddress,
  whois,
} from './network-objects.ts';
import type { Part } from './part.ts';
import type { Reading } from './property.ts';
import {
  address,
  autonomousSystem,
  certificate,
  domainName,
  hostname,
  mutex,
  registryKey,
  uri,
} from './value-objects.ts';

/** Reads the properties of one kind of CybOX object. */
type ObjectReader = (properties: Element, reading: Reading) => Part[];

/** By xsi:type without `ObjectType`. Kinds of files that add nothing of interest are read as File, see `readerOf`. */
const READERS: ReadonlyMap<string, ObjectReader> = new Map<string, ObjectReader>([
  ['Address', address],
  ['ArchiveFile', archive],
  ['Artifact', file],
  ['AS', autonomousSystem],
  ['DNSQuery', dnsQuery],
  ['DNSRecord', dnsRecord],
  ['DomainName', domainName],
  ['EmailMessage', emailMessage],
  ['File', file],
  ['Hostname', hostname],
  ['HTTPSession', httpSession],
  ['Link', uri],
  ['Mutex', mutex],
  ['NetworkConnection', networkConnection],
  ['NetworkSocket', networkSocket],
  ['Process', processObject],
  ['SocketAddress', socketAddress],
  ['URI', uri],
  ['Whois', whois],
  ['WindowsMutex', mutex],
  ['WindowsProcess', processObject],
  ['WindowsRegistryKey', registryKey],
  ['X509Certificate', certificate],
]);

/**
 * The values that an object names. Its properties hold together (AND), so a value with other conditions beside it is marked as part of a
 * compound, except where it tells the thing by itself: a hash of a file with a name, an address with a port.
 */
export function partsOfObject(properties: Element, reading: Reading): Part[] {
  const kind = properties.type?.replace(/Obj(?:ect)?Type$/, '') ?? '';
  const reader = readerOf(kind, properties);
  if (reader === undefined) {
    reading.skip(`an object of a kind without indicators: ${printable(kind === '' ? 'no xsi:type' : kind, 60)}`);
    return [];
  }
  return reader(properties, reading);
}

function readerOf(kind: string, properties: Element): ObjectReader | undefined {
  const reader = READERS.get(kind);
  if (reader !== undefined) return reader;
  // WindowsExecutableFile, PDFFile, … have the properties of File; whoever left the type out is known by what stands inside
  if (kind.endsWith('File') || find(properties, 'Hashes') !== undefined) return file;
  if (find(properties, 'Address_Value') !== undefined) return address;
  return find(properties, 'Hostname_Value') === undefined ? undefined : hostname;
}
