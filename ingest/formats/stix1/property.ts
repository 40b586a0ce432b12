import { printable } from '../../printable.ts';
import { attribute, type Element } from './element.ts';

/** What the reading of observables needs to know beyond the element at hand. */
export interface Reading {
  /** CybOX 2.0, in which a plain comma separates the values of a list; from 2.1 on it is `##comma##`. */
  readonly commaLists: boolean;
  /** Says that something of the observable cannot be used. */
  skip(reason: string): void;
}

export interface Values {
  readonly values: readonly string[];
  /** All of them at once, which no single one meets. */
  readonly together: boolean;
}

const NONE: Values = { values: [], together: false };
const EQUAL = new Set(['equals', 'equal', 'is', '=', '==']);
const LIST_MARK = '##comma##';
/** No indicator is longer. */
const LONGEST_VALUE = 4096;

/**
 * The values that a property must equal. Any other condition (Contains, StartsWith, FitsPattern, InclusiveBetween, DoesNotEqual …) describes
 * a set of values none of which the source has named; this is counted, and the property has no values.
 *
 * `holdsCommas`: whether a value of this kind may contain a comma, as a URL may and an address may not.
 */
export function valuesOf(property: Element | undefined, reading: Reading, holdsCommas = true): Values {
  if (property === undefined) return NONE;
  const text = property.text.trim();
  if (text === '') return NONE;
  const condition = attribute(property, 'condition');
  if (
    condition === undefined ? attribute(property, 'pattern_type') !== undefined : !EQUAL.has(condition.toLowerCase())
  ) {
    reading.skip(
      `${property.name} need not equal its value: the condition is ${printable(condition ?? 'a pattern', 40)}`,
    );
    return NONE;
  }
  const values = listOf(property, text, reading, holdsCommas).filter((value) => isUsable(value, property, reading));
  switch (attribute(property, 'apply_condition')?.toUpperCase()) {
    case 'NONE':
      reading.skip(`${property.name} must equal none of its values`);
      return NONE;
    case 'ALL':
      return { values, together: values.length > 1 };
    default:
      return { values, together: false };
  }
}

function listOf(property: Element, text: string, reading: Reading, holdsCommas: boolean): string[] {
  const marked = splitList(property);
  if (marked.length !== 1 || !reading.commaLists || holdsCommas || !text.includes(',')) return marked;
  return split(text, ',');
}

/** The members of a list: `##comma##` stands between them, or what `delimiter` says. */
export function splitList(property: Element): string[] {
  const text = property.text.trim();
  const delimiter = property.attributes.delimiter ?? LIST_MARK;
  return delimiter === '' ? [text] : split(text, delimiter);
}

function split(text: string, delimiter: string): string[] {
  return text.split(delimiter).flatMap((each) => each.trim() || []);
}

function isUsable(value: string, property: Element, reading: Reading): boolean {
  if (value.length > LONGEST_VALUE) {
    reading.skip(`${property.name} has more than ${LONGEST_VALUE} characters`);
    return false;
  }
  // a value that was broken on its way must not pass for one that somebody meant
  if (value.includes('\ufffd')) {
    reading.skip(`${property.name} has broken characters`);
    return false;
  }
  return true;
}
