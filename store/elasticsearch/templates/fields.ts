import type { estypes } from '@elastic/elasticsearch';

export type Field = estypes.MappingProperty;
export type Fields = Record<string, Field>;

/**
 * A term of Lucene is 32,766 bytes at most and a UTF-16 unit up to three (a pair: four): longer text is kept, but not
 * found by it.
 */
export const LONGEST_TERM = 8191;

/** ECS's usual length: longer text is in the document, but is neither searched nor counted. */
const USUAL = 1024;

export const keyword = (ignoreAbove = USUAL): Field => ({ type: 'keyword', ignore_above: ignoreAbove });
/** In the document alone: neither searched nor counted, of any length. */
export const kept: Field = { type: 'keyword', index: false, doc_values: false };
/** JSON of any shape in the document alone: the server does not even read it. */
export const opaque: Field = { type: 'object', enabled: false };
export const date: Field = { type: 'date' };
export const long: Field = { type: 'long' };
export const integer: Field = { type: 'integer' };
export const float: Field = { type: 'float' };
export const boolean: Field = { type: 'boolean' };
export const ip: Field = { type: 'ip' };
export const ipRange: Field = { type: 'ip_range' };
export const geoPoint: Field = { type: 'geo_point' };

export const object = (properties: Fields): Field => ({ properties });
/** A second name for a field. */
export const alias = (path: string): Field => ({ type: 'alias', path });

/** `base` with the fields of `over` in place of, or beside, its own; objects are laid over one another, as the server does with templates. */
export function laidOver(base: Fields, over: Fields): Fields {
  const result = { ...base };
  for (const [name, field] of Object.entries(over)) {
    const below = base[name];
    const both =
      below !== undefined && 'properties' in below && 'properties' in field
        ? object(laidOver(below.properties ?? {}, field.properties ?? {}))
        : field;
    result[name] = both;
  }
  return result;
}
