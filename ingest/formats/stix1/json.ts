import { type Fields, isFields } from '../../../core/contract/fields.ts';
import { TiplineError } from '../../../core/process/errors.ts';
import type { XmlHandler } from '../xml-stream.ts';
import { elementName, isPlural, memberNames } from './json-names.ts';

/** Fields that are attributes in XML. */
const ATTRIBUTES: ReadonlySet<string> = new Set([
  'apply_condition',
  'capec_id',
  'category',
  'color',
  'condition',
  'cybox_major_version',
  'cybox_minor_version',
  'cybox_update_version',
  'delimiter',
  'id',
  'idref',
  'is_destination',
  'is_source',
  'is_spoofed',
  'negate',
  'object_reference',
  'operator',
  'pattern_type',
  'sightings_count',
  'timestamp',
  'version',
  'xsi:type',
]);
/** Fields that are attributes of some elements, and elements in others. */
const EITHER: ReadonlySet<string> = new Set(['name', 'type']);
const LIST_MARK = '##comma##';
/** Objects and lists within each other; elements may nest so deep in XML, too. */
const MOST_DEPTH = 256;
/** After so many elements the reader is asked for what has come of them. */
const PAUSE = 500;
const NONE: Readonly<Record<string, string>> = Object.freeze(Object.create(null));

/**
 * Tells a document of STIX 1 in JSON as the events of the same document in XML, so that one reader understands both. Yields now and then, for
 * what was read to be taken.
 *
 * Such JSON has no order of its own: what a header says of a package is told before what it is said of, wherever it stands.
 */
export function* jsonEvents(document: unknown, handler: XmlHandler): Generator<void> {
  let number = 0;
  let told = 0;

  function* element(name: string, value: unknown, depth: number): Generator<void> {
    if (depth > MOST_DEPTH) throw notStix1(`it nests more than ${MOST_DEPTH} objects`);
    if (isFields(value) && value.id !== undefined) number += 1;
    const attributes = isFields(value) ? attributesOf(value) : NONE;
    handler.open({
      name,
      type: localName(attributes['xsi:type']),
      attributes,
      length: lengthOf(attributes),
      line: number,
    });
    const text = textOf(isFields(value) ? value.value : value);
    if (text !== undefined) handler.text(text);
    if (isFields(value)) yield* fieldsOf(name, value, depth);
    handler.close(name);
    told += 1;
    if (told % PAUSE === 0) yield;
  }

  function* fieldsOf(holder: string, fields: Fields, depth: number): Generator<void> {
    for (const field of ['stix_header', 'header']) if (Object.hasOwn(fields, field)) yield* one(field, fields[field]);
    for (const field of Object.keys(fields)) {
      if (field !== 'stix_header' && field !== 'header' && !ATTRIBUTES.has(field)) yield* one(field, fields[field]);
    }

    function* one(field: string, value: unknown): Generator<void> {
      if (saysNothing(value)) return;
      if (Array.isArray(value) && (isPlural(field) || !value.every(isScalar)))
        yield* members(holder, field, value, depth + 1);
      else yield* element(elementName(field), value, depth + 1);
    }
  }

  function* members(holder: string, field: string, list: readonly unknown[], depth: number): Generator<void> {
    const { around, member } = memberNames(field, holder);
    if (around !== undefined)
      handler.open({ name: around, type: undefined, attributes: NONE, length: 0, line: number });
    for (const each of list) if (!saysNothing(each)) yield* element(member, each, depth + 1);
    if (around !== undefined) handler.close(around);
  }

  for (const each of Array.isArray(document) ? document : [document]) yield* element(rootOf(each), each, 1);
}

/** By what stands in it: a package, observables alone, or a single one of what a package has many of. */
function rootOf(document: unknown): string {
  if (isFields(document)) {
    const has = (...names: readonly string[]): boolean => names.some((name) => Object.hasOwn(document, name));
    if (has('object', 'observable_composition', 'event')) return 'Observable';
    if (has('observable', 'composite_indicator_expression', 'indicator_types')) return 'Indicator';
    if (has('cybox_major_version')) return 'Observables';
    if (has('stix_header', 'indicators', 'observables', 'incidents', 'ttps', 'related_packages', 'reports'))
      return 'STIX_Package';
  }
  throw notStix1('it is neither a package nor an indicator or observable of one');
}

function notStix1(why: string): TiplineError {
  return new TiplineError('FEED_NOT_STIX', `the document is not STIX 1 in JSON: ${why}`, { retryable: false });
}

function attributesOf(fields: Fields): Readonly<Record<string, string>> {
  let attributes: Record<string, string> | undefined;
  for (const field of Object.keys(fields)) {
    if (!ATTRIBUTES.has(field) && !EITHER.has(field)) continue;
    const text = scalarText(fields[field]);
    if (text === undefined) continue;
    attributes ??= Object.create(null) as Record<string, string>;
    attributes[field] = text;
  }
  return attributes ?? NONE;
}

function lengthOf(attributes: Readonly<Record<string, string>>): number {
  let length = 0;
  for (const name in attributes) length += name.length + (attributes[name]?.length ?? 0);
  return length;
}

/** Several values of one property are a list with marks between in XML. */
function textOf(value: unknown): string | undefined {
  if (!Array.isArray(value)) return scalarText(value);
  const texts = value.flatMap((each) => scalarText(each) ?? []);
  return texts.length === 0 ? undefined : texts.join(LIST_MARK);
}

function isScalar(value: unknown): boolean {
  return scalarText(value) !== undefined;
}

function scalarText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/** python-stix writes empty objects and lists where there is nothing. */
function saysNothing(value: unknown): boolean {
  return isEmpty(value) || (Array.isArray(value) && value.every(isEmpty));
}

function isEmpty(value: unknown): boolean {
  return value === null || (typeof value === 'object' && Object.keys(value).length === 0);
}

/** `FileObjectType` of `FileObj:FileObjectType`. */
function localName(type: string | undefined): string | undefined {
  return type?.slice(type.indexOf(':') + 1).trim();
}
