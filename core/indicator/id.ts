import { hash } from 'node:crypto';
import type { Indicator } from './type.ts';

/**
 * The id of an indicator: the first 40 hex characters of `sha256(type + "\0" + value)`. It is the key of every record
 * and document. A canonical value holds neither NUL nor lone surrogates, so no two indicators hash the same bytes.
 */
export function indicatorId(indicator: Indicator): string {
  return hash('sha256', `${indicator.type}\0${indicator.value}`, 'hex').slice(0, 40);
}
