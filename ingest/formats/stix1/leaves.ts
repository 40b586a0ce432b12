import type { IndicatorType } from '../../../core/indicator/type.ts';
import { attribute, type Element } from './element.ts';
import { type Leaf, type Part, together } from './part.ts';
import { type Reading, valuesOf } from './property.ts';

/** `holdsCommas`: see `valuesOf`. Without a type it is to be inferred. */
export function leaves(
  element: Element | undefined,
  type: IndicatorType | undefined,
  reading: Reading,
  holdsCommas: boolean,
): Leaf[] {
  const { values, together: all } = valuesOf(element, reading, holdsCommas);
  return values.map((v) => ({ v, ...(type === undefined ? {} : { t: type }), ...(all ? { c: 1 } : {}) }));
}

/** Groups of values that must all be met, and how many conditions without a value stand beside them. */
export function allOf(groups: readonly Part[][], conditions = 0): Part[] {
  const told = groups.filter((group) => group.length > 0);
  const parts = told.flat();
  return told.length + conditions > 1 ? together(parts) : parts;
}

/** Properties may stand elsewhere and be named by the id of their object. */
export function referred(properties: Element): Part[] | undefined {
  const id = attribute(properties, 'object_reference');
  return id === undefined ? undefined : [{ r: `o:${id}` }];
}

export function isTrue(element: Element, name: string): boolean {
  return /^(?:true|1)$/i.test(attribute(element, name) ?? '');
}
