import type { Fields } from '../../../core/contract/fields.ts';
import { numberIn, textIn, truthIn } from '../fields.ts';
import { idOf, idsOf, marksOf } from './common.ts';
import type { Known, Statement, Tie } from './draft.ts';
import { indicatorOf, otherLanguageOf } from './indicator.ts';
import { markingOf } from './marking.ts';
import { isObservable, leavesOf, observableOf, observedDataOf, partsOf } from './observable.ts';
import { isThing, thingOf } from './thing.ts';
import { timeOf } from './time.ts';

/** What an object is to us, and what is kept of it. */
export type Sorted =
  | { readonly kind: 'kept'; readonly statement?: Statement; readonly known?: Known; readonly tie?: Tie }
  | { readonly kind: 'other'; readonly what: string }
  | { readonly kind: 'fault'; readonly reason: string };

/** `id` is absent only where an object can do without. */
export function sort(object: Fields, id: string | undefined, number: number): Sorted {
  const type = textIn(object, 'type')?.toLowerCase();
  if (type === undefined) return fault('an object without a type');
  if (type === 'indicator') {
    const language = otherLanguageOf(object);
    if (language !== undefined) return { kind: 'other', what: `indicator with a pattern of ${language}` };
    return { kind: 'kept', statement: indicatorOf(id, object, number) };
  }
  if (isObservable(type)) return sortObservable(type, object, id, number);
  if (id === undefined) return fault('an object without an id');
  switch (type) {
    case 'marking-definition':
      return { kind: 'kept', known: markingOf(object) };
    case 'observed-data':
      return { kind: 'kept', tie: observedDataOf(id, object) };
    case 'relationship':
      return sortRelationship(object);
    case 'report':
      return { kind: 'kept', tie: { targets: idsOf(object.object_refs), edge: { kind: 'reported', ref: id } } };
    case 'sighting':
      return sortSighting(object);
    default:
      return isThing(type) ? sortThing(type, object, id) : { kind: 'other', what: type };
  }
}

function fault(reason: string): Sorted {
  return { kind: 'fault', reason };
}

function sortObservable(type: string, object: Fields, id: string | undefined, number: number): Sorted {
  const leaves = leavesOf(type, object);
  const tie = partsOf(object);
  if (leaves.length === 0 && tie === undefined) return { kind: 'other', what: type };
  return {
    kind: 'kept',
    ...(leaves.length === 0 ? {} : { statement: observableOf(id, leaves, object, number) }),
    ...(tie === undefined ? {} : { tie }),
  };
}

function sortThing(type: string, object: Fields, id: string): Sorted {
  const known = thingOf(type, object);
  if (known === undefined) return { kind: 'other', what: `${type} without a name` };
  const samples = type === 'malware' ? idsOf(object.sample_refs) : [];
  if (samples.length === 0) return { kind: 'kept', known };
  return { kind: 'kept', known, tie: { targets: samples, edge: { kind: 'indicates', to: id, marks: [] } } };
}

function sortRelationship(object: Fields): Sorted {
  const kind = textIn(object, 'relationship_type')?.toLowerCase();
  const from = idOf(object, 'source_ref');
  const to = idOf(object, 'target_ref');
  if (kind === undefined || from === undefined || to === undefined) return fault('a relationship without type or ends');
  if (kind !== 'indicates') return { kind: 'other', what: `relationship ${kind}` };
  return { kind: 'kept', tie: { targets: [from], edge: { kind: 'indicates', to, marks: marksOf(object) } } };
}

function sortSighting(object: Fields): Sorted {
  const of = idOf(object, 'sighting_of_ref');
  if (of === undefined) return fault('a sighting of nothing');
  const first = timeOf(object, 'first_seen');
  const last = timeOf(object, 'last_seen');
  const count = numberIn(object, 'count') ?? 1;
  const edge = {
    kind: 'sighting',
    ...(first === undefined ? {} : { first }),
    ...(last === undefined ? {} : { last }),
    count: Math.max(0, Math.trunc(count)),
    negative: count <= 0 || truthIn(object, 'x_opencti_negative') === true,
    marks: marksOf(object),
  } as const;
  return { kind: 'kept', tie: { targets: [of], edge } };
}
