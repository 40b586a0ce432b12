import { type Fields, isFields } from '../../../core/contract/fields.ts';
import { isFileHash, type RawFile } from '../../../core/contract/raw-indicator.ts';
import { typeFromAlias } from '../../../core/indicator/alias.ts';
import { textIn } from '../fields.ts';
import { baseOf, hasAny, idOf, idsOf, marksOf } from './common.ts';
import { type Base, type Leaf, type Statement, type Tie, valueId } from './draft.ts';
import { timeOf } from './time.ts';

/** Observables whose value stands in one field. `hostname` is OpenCTI's. */
const VALUES: ReadonlyMap<string, { readonly field: string; readonly type: string }> = new Map([
  ['domain-name', { field: 'value', type: 'domain' }],
  ['hostname', { field: 'value', type: 'domain' }],
  ['x-opencti-hostname', { field: 'value', type: 'domain' }],
  ['url', { field: 'value', type: 'url' }],
  ['email-addr', { field: 'value', type: 'email' }],
  ['mac-addr', { field: 'value', type: 'mac' }],
  ['mutex', { field: 'name', type: 'mutex' }],
  ['windows-registry-key', { field: 'key', type: 'registry' }],
  ['autonomous-system', { field: 'number', type: 'asn' }],
]);
/** The rest of the vocabulary: they hold no value of ours themselves, and lead to observables that do. */
const BINDING = new Set(['directory', 'email-message', 'network-traffic', 'process', 'software', 'user-account']);
const MOST_HASHES = 20;
const MOST_INSIDE = 1000;
const NAME_LENGTH = 256;

export function isObservable(type: string): boolean {
  return VALUES.has(type) || BINDING.has(type) || /^(?:ipv[46]-addr|file|artifact|x509-certificate)$/.test(type);
}

/** The values of an observable; none for one that is only made of others, or of a file without a hash. */
export function leavesOf(type: string, object: Fields): Leaf[] {
  switch (type) {
    case 'ipv4-addr':
    case 'ipv6-addr': {
      const value = textIn(object, 'value');
      return value === undefined ? [] : [[value.includes('/') ? 'cidr' : 'ip', value]];
    }
    case 'file':
    case 'artifact':
      return ofOneFile(object, [...hashesOf('file', object.hashes), ...imphashOf(object)]);
    case 'x509-certificate': {
      const hashes = hashesOf('x509-certificate', object.hashes);
      const serial = textIn(object, 'serial_number');
      // a number is the weaker name: two authorities may give the same
      return hashes.length > 0 || serial === undefined ? hashes : [['x509', serial]];
    }
    default: {
      const place = VALUES.get(type);
      const value = place === undefined ? undefined : textIn(object, place.field);
      return place === undefined || value === undefined ? [] : [[place.type, value]];
    }
  }
}

function hashesOf(type: string, hashes: unknown): Leaf[] {
  if (!isFields(hashes)) return [];
  const leaves: Leaf[] = [];
  for (const name of Object.keys(hashes).slice(0, MOST_HASHES)) {
    const known = typeFromAlias(`${type}:hashes.${name}`);
    const value = textIn(hashes, name);
    if (known !== undefined && value !== undefined) leaves.push([known, value]);
  }
  return leaves;
}

/** Each hash with all that is known of the file. */
function ofOneFile(object: Fields, leaves: readonly Leaf[]): Leaf[] {
  const file: RawFile = {};
  const name = textIn(object, 'name');
  const type = textIn(object, 'mime_type');
  if (name !== undefined) file.name = name.slice(0, NAME_LENGTH);
  if (typeof object.size === 'number') file.size = object.size;
  if (type !== undefined) file.type = type.slice(0, NAME_LENGTH);
  if (leaves.length > 1) {
    file.hashes = {};
    for (const [hash, value] of leaves) if (isFileHash(hash)) file.hashes[hash] ??= value;
  }
  return leaves.map((leaf) => (hasAny(file) ? [leaf[0], leaf[1], null, { file }] : leaf));
}

function imphashOf(object: Fields): Leaf[] {
  const extension = isFields(object.extensions) ? object.extensions['windows-pebinary-ext'] : undefined;
  const value = isFields(extension) ? textIn(extension, 'imphash') : undefined;
  return value === undefined ? [] : [['imphash', value]];
}

export function observableOf(
  id: string | undefined,
  leaves: readonly Leaf[],
  object: Fields,
  number: number,
): Statement {
  const by = idOf(object, 'created_by_ref');
  return {
    kind: 'observable',
    ref: id ?? '',
    leaves,
    base: asObservable(baseOf(object, {})),
    marks: marksOf(object),
    ...(by === undefined ? {} : { by }),
    number,
  };
}

/** Nobody says that it is bad: the tag keeps it apart from indicators. */
export function asObservable(base: Base): Base {
  return { ...base, tags: ['observable', ...(base.tags ?? [])] };
}

/** The observables that this one is made of; undefined when of none. */
export function partsOf(object: Fields): Tie | undefined {
  const refs: string[] = [];
  for (const name in object) {
    if (name === 'created_by_ref' || name === 'object_marking_refs') continue;
    if (name.endsWith('_ref')) refs.push(idOf(object, name) ?? '');
    else if (name.endsWith('_refs')) refs.push(...idsOf(object[name]));
  }
  const targets = refs.filter((id) => id !== '');
  return targets.length === 0 ? undefined : { targets, edge: { kind: 'part' } };
}

/** `observed-data`: observables by reference (STIX 2.1), or written inside (STIX 2.0). */
export function observedDataOf(id: string, object: Fields): Tie {
  const inside = isFields(object.objects) ? Object.values(object.objects).slice(0, MOST_INSIDE) : [];
  const leaves = inside.flatMap((each) => (isFields(each) ? leavesOf(textIn(each, 'type') ?? '', each) : []));
  const first = timeOf(object, 'first_observed');
  const last = timeOf(object, 'last_observed');
  return {
    targets: [...idsOf(object.object_refs), ...leaves.map(valueId)],
    edge: {
      kind: 'observed',
      ref: id,
      ...(first === undefined ? {} : { first }),
      ...(last === undefined ? {} : { last }),
      marks: marksOf(object),
    },
  };
}
