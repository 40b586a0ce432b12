import { isFields } from '../../core/contract/fields.ts';

/**
 * Paths into JSON documents: names with dots between, `[]` for each element of an array, `*` for each value of an object:
 * `data[].ipAddress`, `results[].indicators[].indicator`, `*[].url`, `ips[]`.
 */
type Step = { kind: 'name'; name: string } | { kind: 'elements' } | { kind: 'values' };

/** Undefined when it is no path. */
export function parsePath(path: string): readonly Step[] | undefined {
  const steps: Step[] = [];
  for (const part of path.split('.')) {
    const match = /^([^[\]]*)((?:\[\])*)$/.exec(part);
    if (match === null) return undefined;
    const [, name = '', brackets = ''] = match;
    if (name === '' && brackets === '') return undefined;
    if (name === '*') steps.push({ kind: 'values' });
    else if (name !== '') steps.push({ kind: 'name', name });
    for (let at = 0; at < brackets.length; at += 2) steps.push({ kind: 'elements' });
  }
  return steps.length > 20 ? undefined : steps;
}

/** A record's place in the document: the values on the way to it, from the document itself to the record. */
export type Place = readonly unknown[];

export interface JsonPaths {
  /** Each place that the indicator's path leads to, up to its last `[]` or `*`. */
  places(document: unknown): Iterable<Place>;
  /** Reads one column at a place. */
  cell(path: string): (place: Place) => unknown;
}

/**
 * The indicator's path tells what a record is: everything up to its last `[]` or `*`. Other columns are read inside the record, or, as
 * far as their path goes the same way, in the values above it: `meta.generatedAt`, `results[].name`. A path without `[]` in a document
 * that is an array itself is read in each element.
 */
export function jsonPaths(indicatorPath: string): JsonPaths {
  const steps = parsePath(indicatorPath) ?? [];
  const base = steps.slice(0, steps.findLastIndex((step) => step.kind !== 'name') + 1);
  return {
    places: (document) =>
      placesOf(Array.isArray(document) && base.length === 0 ? [{ kind: 'elements' }] : base, document),
    cell(path) {
      const wanted = parsePath(path) ?? [];
      let shared = 0;
      while (shared < base.length && shared < wanted.length && sameStep(base[shared], wanted[shared])) shared += 1;
      const many = wanted.some((step, index) => step.kind !== 'name' && index >= shared);
      const inside = wanted.slice(shared);
      if (base.length === 0) return (place) => valueAt(place.at(-1), inside, many);
      return (place) => valueAt(place[shared], inside, many);
    },
  };
}

function* placesOf(base: readonly Step[], document: unknown): Generator<Place> {
  if (base.length === 0) {
    yield [document];
    return;
  }
  yield* descend([document], base);
}

function* descend(place: unknown[], base: readonly Step[]): Generator<Place> {
  const step = base[place.length - 1];
  if (step === undefined) {
    yield place;
    return;
  }
  for (const next of stepInto(place.at(-1), step)) yield* descend([...place, next], base);
}

function stepInto(value: unknown, step: Step): readonly unknown[] {
  switch (step.kind) {
    case 'name':
      return isFields(value) && Object.hasOwn(value, step.name) ? [value[step.name]] : [];
    case 'elements':
      return Array.isArray(value) ? value : [];
    case 'values':
      return isFields(value) ? Object.values(value) : [];
    default: {
      const never: never = step;
      return never;
    }
  }
}

/** One value, or a list of them when the path fans out below the record. */
function valueAt(from: unknown, steps: readonly Step[], many: boolean): unknown {
  if (!many) {
    let value = from;
    for (const step of steps) {
      if (step.kind !== 'name' || !isFields(value) || !Object.hasOwn(value, step.name)) return undefined;
      value = value[step.name];
    }
    return value;
  }
  let values: readonly unknown[] = [from];
  for (const step of steps) values = values.flatMap((value) => stepInto(value, step)).slice(0, 100);
  return values;
}

function sameStep(a: Step | undefined, b: Step | undefined): boolean {
  if (a === undefined || b === undefined || a.kind !== b.kind) return false;
  return a.kind !== 'name' || b.kind !== 'name' || a.name === b.name;
}
