import { typeFromAlias } from '../../../core/indicator/alias.ts';
import { INDICATOR_TYPES, type IndicatorType } from '../../../core/indicator/type.ts';

/** Types of indicators, a bit each. */
export type TypeMask = number;

const BITS: ReadonlyMap<IndicatorType, number> = new Map(INDICATOR_TYPES.map((type, bit) => [type, 2 ** bit]));

export const ALL_TYPES: TypeMask = 2 ** INDICATOR_TYPES.length - 1;

export function maskOf(type: IndicatorType): TypeMask {
  return BITS.get(type) ?? 0;
}

/**
 * The types of ours that MISP's attribute names mean. A compound one (`domain|ip`, `filename|sha256`) means each of its parts; names of
 * which we have no type (`filename`) mean none. Without names a list is for all types, as in MISP.
 */
export function typesMatched(attributes: readonly string[]): TypeMask {
  if (attributes.length === 0) return ALL_TYPES;
  let mask = 0;
  for (const attribute of attributes) {
    for (const part of attribute.split('|')) {
      const type = typeFromAlias(part);
      if (type !== undefined) mask |= maskOf(type);
    }
  }
  // MISP has one name for addresses and their networks
  const either = maskOf('ip') | maskOf('cidr');
  return (mask & either) === 0 ? mask : mask | either;
}
