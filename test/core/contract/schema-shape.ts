import type { AnySchemaObject } from 'ajv/dist/2020.js';
import { resolve, type SchemaName, schemas } from './schemas.ts';

/** Keys that a type names; an index signature names none. */
type NamedKeys<T> = keyof { [K in keyof T as string extends K ? never : K]: T[K] };

type Kind<V> = V extends string
  ? 'string'
  : V extends number
    ? 'number'
    : V extends boolean
      ? 'boolean'
      : V extends readonly unknown[]
        ? 'array'
        : 'object';

/**
 * A type as a value: each key with what it holds, `?` behind it when it may be absent. A literal that `satisfies Shape<T>` has exactly the
 * keys of T, so the compiler ties it to the type, and a test ties it to the schema.
 */
export type Shape<T> = {
  readonly [K in NamedKeys<T>]-?: T extends Record<K, T[K]> ? Kind<T[K]> : `${Kind<NonNullable<T[K]>>}?`;
};

interface Flat {
  properties: Map<string, { name: string; schema: AnySchemaObject }>;
  required: Set<string>;
}

/** The properties of an object schema, through references and allOf. */
function flatten(name: string, schema: AnySchemaObject, into: Flat): Flat {
  if (typeof schema.$ref === 'string') {
    const target = resolve(name, schema.$ref);
    flatten(target.name, target.schema, into);
  }
  for (const part of (schema.allOf ?? []) as AnySchemaObject[]) flatten(name, part, into);
  for (const [key, property] of Object.entries((schema.properties ?? {}) as Record<string, AnySchemaObject>))
    into.properties.set(key, { name, schema: property });
  for (const key of (schema.required ?? []) as string[]) into.required.add(key);
  return into;
}

/** JSON types that a schema lets through, with whole numbers as numbers. */
function typesOf(name: string, schema: AnySchemaObject): Set<string> {
  const types = new Set<string>();
  const add = (more: Iterable<string>): void => {
    for (const type of more) types.add(type === 'integer' ? 'number' : type);
  };
  if (typeof schema.$ref === 'string') {
    const target = resolve(name, schema.$ref);
    add(typesOf(target.name, target.schema));
  }
  for (const part of (schema.anyOf ?? []) as AnySchemaObject[]) add(typesOf(name, part));
  add([schema.type ?? []].flat() as string[]);
  const values = 'const' in schema ? [schema.const] : ((schema.enum ?? []) as unknown[]);
  add(values.map((value) => (Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value)));
  return types;
}

/** The part of a schema under these property names. */
export function partOf(
  name: SchemaName,
  path: readonly string[],
  from = '',
): { name: string; schema: AnySchemaObject } {
  let part = from === '' ? { name: name as string, schema: schemas.get(name) ?? {} } : resolve(name, from);
  for (const key of path) {
    const next = flatten(part.name, part.schema, { properties: new Map(), required: new Set() }).properties.get(key);
    if (next === undefined) throw new Error(`${name}: no property ${path.join('.')}`);
    part = next.schema.type === 'array' && next.schema.items ? { name: next.name, schema: next.schema.items } : next;
  }
  return part;
}

/** Does the schema let through what it does not name? */
export function isOpen({ name, schema }: { name: string; schema: AnySchemaObject }): boolean {
  if (schema.additionalProperties === false || schema.unevaluatedProperties === false) return false;
  return typeof schema.$ref === 'string' ? isOpen(resolve(name, schema.$ref)) : true;
}

/** The schema in the form of a Shape; where it takes more than one type, those that are not the type's are left out by `kinds`. */
export function shapeOf(
  { name, schema }: { name: string; schema: AnySchemaObject },
  kinds: Readonly<Record<string, string>>,
): Record<string, string> {
  const { properties, required } = flatten(name, schema, { properties: new Map(), required: new Set() });
  const entries = [...properties].map(([key, property]) => {
    const types = typesOf(property.name, property.schema);
    const wanted = (kinds[key] ?? '').replace('?', '');
    const kind = types.has(wanted) ? wanted : [...types].sort().join('|');
    return [key, `${kind}${required.has(key) ? '' : '?'}`] as const;
  });
  return Object.fromEntries(entries);
}
