import { isFileHash, type RawFile } from '../../../core/contract/raw-indicator.ts';
import { isVagueAlias, typeFromAlias } from '../../../core/indicator/alias.ts';
import { hashTypeOf } from '../../../core/indicator/hash.ts';
import type { IndicatorType } from '../../../core/indicator/type.ts';
import { printable } from '../../printable.ts';
import { type Element, find, findAll, textAt } from './element.ts';
import { referred } from './leaves.ts';
import { type Leaf, type Part, together } from './part.ts';
import { type Reading, valuesOf } from './property.ts';

export function file(properties: Element, reading: Reading): Part[] {
  const elsewhere = referred(properties);
  if (elsewhere !== undefined) return elsewhere;
  const told = findAll(properties, 'Hashes', 'Hash');
  if (told.length === 0) reading.skip('a file without a hash');
  return ofOneFile(
    properties,
    told.map((hash) => hashes(hash, reading)),
  );
}

/** Each hash with all that is known of the file, as far as one value is told: a list of hashes is one of several files. */
function ofOneFile(properties: Element, told: readonly Leaf[][]): Leaf[] {
  const file: RawFile = {};
  const name = factOf(properties, 'File_Name');
  const size = factOf(properties, 'Size_In_Bytes') ?? '';
  const format = factOf(properties, 'File_Format');
  if (name !== undefined) file.name = name;
  if (/^\d{1,15}$/.test(size)) file.size = Number(size);
  if (format !== undefined) file.type = format;
  const leaves = told.flat();
  if (leaves.length > 1 && told.every((hash) => hash.length < 2)) {
    file.hashes = {};
    for (const { t, v } of leaves) if (isFileHash(t)) file.hashes[t] ??= v;
  }
  for (const _ in file) return leaves.map((leaf) => ({ ...leaf, f: file }));
  return leaves;
}

const LONGEST_FACT = 256;

/** A fact in one value; what is told of it otherwise (a pattern, a list) says nothing of one file. */
function factOf(properties: Element, name: string): string | undefined {
  const { values } = valuesOf(find(properties, name), { commaLists: false, skip: () => {} });
  const [value] = values;
  return values.length === 1 && value !== undefined && value.length <= LONGEST_FACT ? value : undefined;
}

export function archive(properties: Element, reading: Reading): Part[] {
  const inside = findAll(properties, 'Archived_File').flatMap((each) => file(each, reading));
  return [...file(properties, reading), ...together(inside)];
}

function hashes(hash: Element, reading: Reading): Leaf[] {
  const named = textAt(hash, 'Type') ?? '';
  const simple = valuesOf(find(hash, 'Simple_Hash_Value'), reading, false);
  const fuzzy = valuesOf(find(hash, 'Fuzzy_Hash_Value'), reading, true);
  return [simple, fuzzy].flatMap(({ values, together: all }) =>
    values.flatMap((v) => {
      const t = hashType(named, v);
      if (t !== undefined) return { v, t, ...(all ? { c: 1 as const } : {}) };
      reading.skip(`a hash of the type ${printable(named === '' ? 'unknown' : named, 40)}`);
      return [];
    }),
  );
}

const HASH_TYPES: ReadonlySet<IndicatorType> = new Set([
  'md5',
  'sha1',
  'sha256',
  'sha512',
  'ssdeep',
  'tlsh',
  'imphash',
]);

/** By its name if the value can be that, else by its length; never by its length against a name like PEHASH that means something else. */
function hashType(named: string, value: string): IndicatorType | undefined {
  const byLength = hashTypeOf(value);
  if (isVagueAlias(named) || /^other$/i.test(named)) return byLength ?? (value.includes(':') ? 'ssdeep' : undefined);
  const type = typeFromAlias(named);
  if (type === undefined || !HASH_TYPES.has(type)) return undefined;
  if (type === 'imphash' || type === 'tlsh') return type;
  return byLength ?? type;
}
