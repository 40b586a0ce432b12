import { type Fields, isFields } from '../../../core/contract/fields.ts';
import { textIn, wordsIn } from '../fields.ts';
import { marksOf } from './common.ts';
import type { Known, ThingKind } from './draft.ts';

/** What an indicator can point to. A `tool` is lawful software that attackers use as well, and so no malware. */
const KINDS: ReadonlyMap<string, ThingKind> = new Map([
  ['malware', 'malware'],
  ['attack-pattern', 'attack-pattern'],
  ['threat-actor', 'actor'],
  ['intrusion-set', 'actor'],
  ['campaign', 'campaign'],
  ['infrastructure', 'infrastructure'],
  ['tool', 'tool'],
  ['identity', 'identity'],
]);
const NAME_LENGTH = 128;
const EXTERNAL_ID = /^(?:T\d{4}(?:\.\d{3})?|CAPEC-\d{1,5})$/;

export function isThing(type: string): boolean {
  return KINDS.has(type);
}

/** Undefined when it has no name to tell. */
export function thingOf(type: string, object: Fields): Known | undefined {
  const what = KINDS.get(type);
  const name = textIn(object, 'name')?.slice(0, NAME_LENGTH);
  if (what === undefined || name === undefined) return undefined;
  const externalId = what === 'attack-pattern' ? externalIdOf(object) : undefined;
  const kinds =
    what === 'malware' || what === 'infrastructure' ? wordsIn(object, `${what}_types`, 'labels').slice(0, 8) : [];
  return {
    what,
    name,
    ...(externalId === undefined ? {} : { externalId }),
    ...(kinds.length === 0 ? {} : { kinds }),
    marks: marksOf(object),
  };
}

function externalIdOf(object: Fields): string | undefined {
  const list = Array.isArray(object.external_references) ? object.external_references.slice(0, 50) : [];
  for (const each of list) {
    const id = isFields(each) ? textIn(each, 'external_id') : undefined;
    if (id !== undefined && EXTERNAL_ID.test(id)) return id;
  }
  const id = textIn(object, 'x_mitre_id');
  return id !== undefined && EXTERNAL_ID.test(id) ? id : undefined;
}
