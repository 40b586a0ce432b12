import { strictestTlp } from '../../../core/contract/tlp.ts';
import { type Base, defined, describe } from './base.ts';
import { attribute, type Element, find, findAll, referenceOf, textAt } from './element.ts';
import { isTrue } from './leaves.ts';
import { partsOfObject } from './objects.ts';
import { joined, type Part, together } from './part.ts';
import type { Reading } from './property.ts';
import type { Scope } from './scope.ts';

/** Told of each object that has an id, with the values of its own properties: others may refer to it. */
type Define = (id: string, parts: readonly Part[]) => void;

/**
 * What an observable comes to.
 *
 * - `negate`: that something is absent; no value of it is an indicator.
 * - A composition with AND: all its parts only together, unless there is but one.
 * - Objects: the values of their properties. What an object is related to (the addresses a domain resolved to, the attachment of an e-mail,
 *   a mutex that a file created) was seen with it and need not be hostile by itself: it counts together with the object, while the object
 *   stands for itself.
 * - An event: its actions are told together.
 */
export function partsOfObservable(observable: Element, reading: Reading, define: Define): readonly Part[] {
  const elsewhere = referenceOf(observable);
  if (elsewhere !== undefined) return [{ r: `b:${elsewhere}` }];
  if (isTrue(observable, 'negate')) {
    reading.skip('an observable that must not be there (negate)');
    return [];
  }
  let parts: readonly Part[] = [];
  for (const child of observable.children) {
    switch (child.name) {
      case 'Object':
        parts = joined(parts, partsOfWhole(child, reading, define));
        break;
      case 'Observable_Composition':
        parts = joined(parts, partsOfComposition(child));
        break;
      case 'Event':
        parts = joined(parts, partsOfEvent(child, reading, define));
        break;
      default:
    }
  }
  return parts;
}

function partsOfEvent(event: Element, reading: Reading, define: Define): Part[] {
  const objects = findAll(event, 'Actions', 'Action', 'Associated_Objects', 'Associated_Object');
  return together(objects.flatMap((object) => partsOfWhole(object, reading, define)));
}

/** Observables of a composition, and indicators of an expression. */
export function partsOfComposition(composition: Element): readonly Part[] {
  const operator = attribute(composition, 'operator')?.toUpperCase();
  return operator === 'AND' && composition.operands > 1 ? together(composition.parts) : composition.parts;
}

function partsOfWhole(object: Element, reading: Reading, define: Define): readonly Part[] {
  const related = findAll(object, 'Related_Objects', 'Related_Object');
  const around = related.flatMap((each) => partsOfWhole(each, reading, define));
  return joined(partsOfOne(object, reading, define), together(around));
}

function partsOfOne(object: Element, reading: Reading, define: Define): readonly Part[] {
  const properties = find(object, 'Properties');
  const elsewhere = attribute(object, 'idref');
  if (properties === undefined) return elsewhere === undefined ? [] : [{ r: `o:${elsewhere}` }];
  const parts = partsOfObject(properties, reading);
  const id = attribute(object, 'id');
  if (id !== undefined) define(id, parts);
  return parts;
}

/** What records of an observable that speaks for itself have in common, see place.ts. */
export function baseOfObservable(observable: Element, scope: Scope, trusted: boolean): Base {
  const id = attribute(observable, 'id');
  const single = id === undefined ? undefined : scope.tlpById.get(id);
  return defined({
    ref: id,
    timestamp: scope.timestamp,
    tlp: strictestTlp(scope.tlp, single),
    description: describe(textAt(observable, 'Title'), textAt(observable, 'Description')),
    reference: scope.reference,
    ...(trusted ? {} : { tags: ['observable'], confidence: 0, composite: true }),
    event_id: scope.id,
    context: scope.producer === undefined ? undefined : { producer: scope.producer },
  });
}
