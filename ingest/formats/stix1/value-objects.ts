import { namesHive } from '../../../core/indicator/registry.ts';
import type { IndicatorType } from '../../../core/indicator/type.ts';
import { printable } from '../../printable.ts';
import { blockOf } from './address-range.ts';
import { attribute, type Element, find, findAll } from './element.ts';
import { allOf, isTrue, leaves, referred } from './leaves.ts';
import { type Leaf, type Part, together } from './part.ts';
import { type Reading, valuesOf } from './property.ts';

/** `ipv4-net-mask` is no address and `ext` names its kind elsewhere. */
const ADDRESS_TYPES: ReadonlyMap<string, IndicatorType> = new Map<string, IndicatorType>([
  ['ipv4-addr', 'ip'],
  ['ipv6-addr', 'ip'],
  ['ipv4-net', 'cidr'],
  ['ipv6-net', 'cidr'],
  ['cidr', 'cidr'],
  ['e-mail', 'email'],
  ['mac', 'mac'],
  ['asn', 'asn'],
]);

export function address(properties: Element, reading: Reading): Part[] {
  const elsewhere = referred(properties);
  if (elsewhere !== undefined) return elsewhere;
  const category = attribute(properties, 'category')?.toLowerCase();
  // the schema's default is ipv4-addr, but authors who leave it out write host names and IPv6 there too
  const type = category === undefined ? undefined : ADDRESS_TYPES.get(category);
  if (category !== undefined && type === undefined) {
    reading.skip(`an address of the category ${printable(category, 40)}`);
    return [];
  }
  const value = find(properties, 'Address_Value');
  const block = blockOf(value);
  const found: Part[] = block === undefined ? leaves(value, type, reading, false) : [{ v: block, t: 'cidr' }];
  // whoever is at a forged address is not the attacker
  return isTrue(properties, 'is_spoofed') ? together(found) : found;
}

export function autonomousSystem(properties: Element, reading: Reading): Part[] {
  return leaves(find(properties, 'Number') ?? find(properties, 'Handle'), 'asn', reading, false);
}

export function uri(properties: Element, reading: Reading): Part[] {
  const elsewhere = referred(properties);
  if (elsewhere !== undefined) return elsewhere;
  const kind = attribute(properties, 'type')?.toLowerCase();
  if (kind === 'general urn') {
    reading.skip('a URN');
    return [];
  }
  const value = find(properties, 'Value');
  if (kind === 'domain name') return leaves(value, 'domain', reading, false);
  if (kind === 'url') return leaves(value, 'url', reading, true);
  // what is called a URI and has neither scheme nor path is a name or an address
  return leaves(value, undefined, reading, true).map((leaf) => (leaf.v.includes('/') ? { ...leaf, t: 'url' } : leaf));
}

export function domainName(properties: Element, reading: Reading): Part[] {
  const elsewhere = referred(properties);
  if (elsewhere !== undefined) return elsewhere;
  if (attribute(properties, 'type')?.toUpperCase() === 'TLD') {
    reading.skip('a top-level domain');
    return [];
  }
  return leaves(find(properties, 'Value'), 'domain', reading, false);
}

export function hostname(properties: Element, reading: Reading): Part[] {
  const elsewhere = referred(properties);
  if (elsewhere !== undefined) return elsewhere;
  return leaves(find(properties, 'Hostname_Value'), 'domain', reading, false).filter((leaf) => {
    if (leaf.v.includes('.') || leaf.v.includes(':')) return true;
    reading.skip('a host name without a domain');
    return false;
  });
}

export function mutex(properties: Element, reading: Reading): Part[] {
  return leaves(find(properties, 'Name'), 'mutex', reading, true);
}

export function registryKey(properties: Element, reading: Reading): Part[] {
  const key = valuesOf(find(properties, 'Key'), reading);
  const hives = valuesOf(find(properties, 'Hive'), reading, false).values;
  const hive = hives.length === 1 ? hives[0] : undefined;
  const paths = key.values.map((value): Leaf => {
    const path = value.replace(/^\\+/, '');
    return { v: hive === undefined || namesHive(path) ? path : `${hive}\\${path}`, t: 'registry' };
  });
  // without its value a key like …\CurrentVersion\Run is on every machine
  const conditions = findAll(properties, 'Values', 'Value').length + (key.together || hives.length > 1 ? 1 : 0);
  return allOf([paths], conditions);
}

/** Hex digits of a serial number that no two authorities give by chance. */
const TELLING_SERIAL = 16;

export function certificate(properties: Element, reading: Reading): Part[] {
  const inside = find(properties, 'Certificate');
  const named = find(inside, 'Issuer') !== undefined || find(inside, 'Subject') !== undefined;
  return leaves(find(inside, 'Serial_Number'), 'x509', reading, false).flatMap((leaf): Leaf[] => {
    const serial = serialOf(leaf.v);
    if (serial === undefined) {
      reading.skip('a serial number of a certificate that is no run of hex digits');
      return [];
    }
    return [named && serial.length < TELLING_SERIAL ? { ...leaf, v: serial, c: 1 } : { ...leaf, v: serial }];
  });
}

/** Hex digits without punctuation. Of `290 (0x122)`, as OpenSSL prints what is short, the hex; nothing for its `(Negative)00:d1`. */
function serialOf(text: string): string | undefined {
  const short = /^\d{1,20} \(0x([\da-f]{1,16})\)$/i.exec(text)?.[1];
  const hex = short ?? text.replace(/^0x/i, '').replace(/[\s:]/g, '');
  if (!/^[\da-f]+$/i.test(hex)) return undefined;
  return hex.length % 2 === 0 ? hex : `0${hex}`;
}
