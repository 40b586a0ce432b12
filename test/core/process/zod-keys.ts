import { z } from 'zod';
import { explain } from '../../../core/process/config/explain.ts';

type Schema = z.core.$ZodType;

/** Every key that a schema knows, with dots between; entries of a list stand under the list's own key. */
export function keysOf(schema: Schema, prefix = ''): string[] {
  const def = schema._zod.def as unknown as Readonly<Record<string, unknown>>;
  const inner = (key: string): string[] => keysOf(def[key] as Schema, prefix);
  switch (def.type) {
    case 'object':
      return Object.entries(def.shape as Record<string, Schema>).flatMap(([key, property]) => {
        const path = prefix === '' ? key : `${prefix}.${key}`;
        return [path, ...keysOf(property, path)];
      });
    case 'optional':
    case 'default':
    case 'prefault':
    case 'nullable':
    case 'readonly':
    case 'catch':
      return inner('innerType');
    case 'array':
      return inner('element');
    case 'pipe':
      return inner('in');
    case 'union':
      return [...new Set((def.options as Schema[]).flatMap((option) => keysOf(option, prefix)))];
    default:
      return [];
  }
}

/** The schema behind a parser that does not show it: the object schema that complains of a key that nobody knows. */
export function schemaBehind(parse: (section: unknown) => unknown, section: Readonly<Record<string, unknown>>): Schema {
  let found: Schema | undefined;
  z.config({
    customError: (issue) => {
      if (issue.code === 'unrecognized_keys') found ??= issue.inst as Schema;
      return explain(issue);
    },
  });
  try {
    parse({ ...section, 'a key that nobody knows': 1 });
  } finally {
    z.config({ customError: explain });
  }
  if (found === undefined) throw new Error('the parser takes unknown keys');
  return found;
}
