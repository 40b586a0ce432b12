import type { Fields } from '../../../core/contract/fields.ts';
import { timeIn } from '../fields.ts';

/** A day that may not exist in its month (29 to 31) is left to the slower reader. */
const STIX_TIME = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?Z$/;
const SHAPE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/;
/** Year 9999 is how some authors write that there is no end. */
const NEVER = '9999';

/**
 * A time in UTC, with as many digits of the second as were written: versions of one object may lie less than a millisecond apart. Undefined
 * for what is no time, and for one that stands for never.
 */
export function timeOf(fields: Fields, name: string): string | undefined {
  const told = fields[name];
  if (typeof told !== 'string') return undefined;
  const time = STIX_TIME.test(told) ? told : slowlyRead(told, fields, name);
  return time?.startsWith(NEVER) === true ? undefined : time;
}

function slowlyRead(told: string, fields: Fields, name: string): string | undefined {
  const time = timeIn(fields, name);
  return time !== undefined && SHAPE.test(told) ? told : time;
}

/** Orders what `timeOf` gives; '' is before all times. */
export function compareTimes(a: string, b: string): number {
  const x = a.slice(0, 19);
  const y = b.slice(0, 19);
  if (x !== y) return x < y ? -1 : 1;
  const p = a.slice(20, -1).padEnd(9, '0');
  const q = b.slice(20, -1).padEnd(9, '0');
  return p === q ? 0 : p < q ? -1 : 1;
}

export function earlier(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return compareTimes(a, b) <= 0 ? a : b;
}

export function later(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return compareTimes(a, b) >= 0 ? a : b;
}
