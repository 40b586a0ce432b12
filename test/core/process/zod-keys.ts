import type { z } from 'zod';

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
      // what goes before may be a function, as in `preprocess`
      return [...new Set([...inner('in'), ...inner('out')])];
    case 'union':
      return [...new Set((def.options as Schema[]).flatMap((option) => keysOf(option, prefix)))];
    default:
      return [];
  }
}
