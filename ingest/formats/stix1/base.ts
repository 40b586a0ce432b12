import type { RawIndicator } from '../../../core/contract/raw-indicator.ts';

/** All that the records of one statement have in common. */
export type Base = Omit<RawIndicator, 'indicator'>;

const LONGEST_DESCRIPTION = 2000;

export function describe(title: string | undefined, told: string | undefined): string | undefined {
  const text =
    title === undefined || told === undefined || told.startsWith(title) ? (told ?? title) : `${title}: ${told}`;
  return text?.slice(0, LONGEST_DESCRIPTION);
}

/** Leaves the field as it is when there is nothing to say. */
export function set<T extends object, K extends keyof T>(fields: T, name: K, value: T[K] | undefined): void {
  if (value !== undefined) fields[name] = value;
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without what is undefined, which is not the same as absent to whoever compares records. */
export function defined<T extends object>(fields: T): Defined<T> {
  const kept: Defined<T> = {};
  for (const name in fields) {
    const value = fields[name];
    if (value !== undefined) kept[name] = value as Exclude<T[typeof name], undefined>;
  }
  return kept;
}
