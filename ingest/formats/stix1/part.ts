import type { RawFile } from '../../../core/contract/raw-indicator.ts';
import type { IndicatorType } from '../../../core/indicator/type.ts';

/** A value that an observable names. Short keys: parts are kept as JSON until the document ends. */
export interface Leaf {
  /** The value. */
  v: string;
  /** Its type; absent: to be inferred. */
  t?: IndicatorType;
  /** It counts together with others only. */
  c?: 1;
  /** The port that was said with it. */
  p?: string;
  /** What is known of the file that it is a hash of. */
  f?: RawFile;
}

/** What is said elsewhere: `b:` and the id of an observable, `o:` of an object, `i:` of an indicator, `f:` and a number of our own. */
export interface Reference {
  r: string;
  c?: 1;
}

/**
 * An observable as far as it names values. However deep its composition was, a flat list is enough: parts of an OR stand for themselves,
 * and below an AND no part does, however deep it is.
 */
export type Part = Leaf | Reference;

export function isReference(part: Part): part is Reference {
  return 'r' in part;
}

/** The same parts, none of which stands for itself. */
export function together(parts: readonly Part[]): Part[] {
  return parts.map((part) => ({ ...part, c: 1 }));
}

/** Both lists; the one itself where the other is empty, see `Known.define`. */
export function joined(a: readonly Part[], b: readonly Part[]): readonly Part[] {
  if (b.length === 0) return a;
  return a.length === 0 ? b : [...a, ...b];
}

const FILE_LENGTH = 300;

/** About how many characters they take as JSON. */
export function lengthOfParts(parts: readonly Part[]): number {
  let length = 0;
  for (const part of parts)
    length += 30 + (isReference(part) ? part.r.length : part.v.length + (part.f === undefined ? 0 : FILE_LENGTH));
  return length;
}
