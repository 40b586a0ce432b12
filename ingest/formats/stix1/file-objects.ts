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
  return told.flatMap((hash) => hashes(hash, reading));
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
