import { z } from 'zod';
import { isFields } from '../../contract/fields.ts';

/**
 * Which keys of the configuration name hosts, said where the keys are made: the responder must block none that tipline works with, and a
 * list of them beside the schemas would soon lack one. A test walks all schemas and asks for a mark at every key that takes an address.
 */
export interface HostKey {
  /** False: it is no host that tipline connects to. */
  readonly reached: boolean;
  /** URLs that are reached when the key is left out. */
  readonly otherwise?: readonly string[];
}

type Schema = z.core.$ZodType;

export const hostKeys = z.registry<HostKey>();

/** Marks a URL or `host:port` that tipline connects to; `otherwise`: URLs of a key that may be left out. */
export function reached<T extends Schema>(schema: T, otherwise?: readonly string[]): T {
  return marked(schema, otherwise === undefined ? { reached: true } : { reached: true, otherwise });
}

/** Marks what tipline does not connect to: where it listens, what is the operator's own. */
export function notReached<T extends Schema>(schema: T): T {
  return marked(schema, { reached: false });
}

/** A schema has one mark: keys that share it share that. */
function marked<T extends Schema>(schema: T, mark: HostKey): T {
  if (hostKeys.get(schema) !== undefined) throw new TypeError('this schema is marked already');
  hostKeys.add(schema, mark);
  return schema;
}

/** Names and addresses, without ports, that are reached by what `value`, once checked by `schema`, says; each once. */
export function hostsIn(schema: Schema, value: unknown): string[] {
  const hosts = new Set<string>();
  for (const text of addressesIn(schema, value)) {
    const host = hostOf(text);
    if (host !== undefined) hosts.add(host);
  }
  return [...hosts];
}

function addressesIn(schema: Schema, value: unknown): readonly string[] {
  const mark = hostKeys.get(schema);
  if (mark?.reached === false) return [];
  if (mark !== undefined && value === undefined) return mark.otherwise ?? [];
  if (mark !== undefined && typeof value === 'string') return [value];
  return partsOf(schema).flatMap(({ key, schema: part }) => {
    if (key === undefined) return addressesIn(part, value);
    if (key === EACH) return Array.isArray(value) ? value.flatMap((each) => addressesIn(part, each)) : [];
    return isFields(value) && isOption(schema, value) ? addressesIn(part, value[key]) : [];
  });
}

/** The key of what a list holds. */
export const EACH = '[]';

/** What a schema is made of: keys of a section, entries of a list, or (without a key) other schemas for the same value. */
export function partsOf(schema: Schema): readonly { readonly key?: string; readonly schema: Schema }[] {
  const def = schema._zod.def as unknown as Readonly<Record<string, unknown>>;
  const named = (part: string): { schema: Schema }[] => [{ schema: def[part] as Schema }];
  switch (def.type) {
    case 'object':
      return Object.entries(def.shape as Record<string, Schema>).map(([key, property]) => ({ key, schema: property }));
    case 'array':
      return [{ key: EACH, schema: def.element as Schema }];
    case 'union':
      return (def.options as Schema[]).map((option) => ({ schema: option }));
    case 'pipe':
      return named('in');
    default:
      return def.innerType === undefined ? [] : named('innerType');
  }
}

/** Of a choice of sections, is it this one? They are told apart by a key with a fixed value. */
function isOption(schema: Schema, value: Readonly<Record<string, unknown>>): boolean {
  return partsOf(schema).every(({ key = '', schema: { _zod } }) => {
    const def = _zod.def as unknown as { type: string; values?: unknown[] };
    return def.type !== 'literal' || value[key] === undefined || def.values?.includes(value[key]) === true;
  });
}

/** The host of a URL or of `host:port`, without the brackets of IPv6. */
function hostOf(text: string): string | undefined {
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `tcp://${text}`;
  const host = URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, '') : '';
  return host === '' ? undefined : host;
}
