import { z } from 'zod';
import { duration, size } from '../core/process/config/values.ts';
import type { FeedDefinition } from '../ingest/feed.ts';
import { milliseconds } from '../ingest/setting-values.ts';

/** What the schemas of feeds say of themselves: their keys, and of each key what the manual tells. */

type Schema = z.core.$ZodType;
type Shape = Readonly<Record<string, Schema>>;

/** A row of a table of keys. */
export interface KeyRow {
  /** With dots between, when it is a key of a section. */
  readonly key: string;
  /** The sentence of `.describe()`; undefined when there is none. */
  readonly meaning: string | undefined;
  /** As one would write it in YAML; undefined when there is none. */
  readonly standard: string | undefined;
  /** `yes`, or when; empty when it may be left out. */
  readonly required: string;
}

/** The keys of a feed. */
export function shapeOf({ schema }: FeedDefinition): Shape {
  return schema._zod.def.type === 'object' ? defOf(schema).shape : {};
}

/** The rows of some keys, each before those of the section that it is. Keys of a section that have no sentence are told of by the section's own. */
export function keyRows(shape: Shape, section?: { key: string; required: string }): KeyRow[] {
  return Object.entries(shape).flatMap(([name, schema]) => {
    const key = section === undefined ? name : `${section.key}.${name}`;
    const { meaning, standard, optional, plain, inner } = read(schema);
    const row = { key, meaning, standard, required: optional ? '' : (section?.required ?? 'yes') };
    const required = plain ? `when \`${key}\` is a section` : optional ? `with \`${key}\`` : 'yes';
    const below = inner.flatMap((each) => keyRows(each, { key, required }));
    return section !== undefined && meaning === undefined ? below : [row, ...below];
  });
}

/** Every key of the sections of some keys, whether they have a sentence or not, with the sentence of the section that they are in. */
export function sectionKeys(shape: Shape): { section: string; key: string; told: boolean }[] {
  return Object.values(shape).flatMap((schema) => {
    const { meaning = '', inner } = read(schema);
    return inner.flatMap((keys) => [
      ...Object.entries(keys).map(([key, each]) => ({ section: meaning, key, told: read(each).meaning !== undefined })),
      ...sectionKeys(keys),
    ]);
  });
}

interface Def {
  readonly type: string;
  readonly shape: Shape;
  readonly innerType: Schema;
  readonly in: Schema;
  readonly options: readonly Schema[];
  readonly defaultValue: unknown;
}

/** Only what the kind of schema in hand has is looked at; zod's type of all of them together has no common keys. */
function defOf(schema: Schema): Def {
  return schema._zod.def as unknown as Def;
}

interface Reading {
  meaning: string | undefined;
  standard: string | undefined;
  optional: boolean;
  /** Not a section, or not always. */
  plain: boolean;
  /** Keys of the section that it is, or may be. */
  inner: Shape[];
}

function read(schema: Schema): Reading {
  const meaning = z.globalRegistry.get(schema)?.description;
  const def = defOf(schema);
  switch (def.type) {
    case 'object':
      return { meaning, standard: undefined, optional: false, plain: false, inner: [def.shape] };
    case 'default':
    case 'prefault': {
      const below = read(def.innerType);
      const standard = written(def.defaultValue, unitOf(def.innerType));
      return { ...below, meaning: meaning ?? below.meaning, standard, optional: true };
    }
    case 'optional': {
      const below = read(def.innerType);
      return { ...below, meaning: meaning ?? below.meaning, optional: true };
    }
    case 'pipe': {
      const below = read(def.in);
      return { ...below, meaning: meaning ?? below.meaning };
    }
    case 'union': {
      const below = def.options.map(read);
      const plain = below.some((each) => each.plain);
      return { meaning, standard: undefined, optional: false, plain, inner: below.flatMap(({ inner }) => inner) };
    }
    default:
      return { meaning, standard: undefined, optional: false, plain: true, inner: [] };
  }
}

type Unit = 'duration' | 'size' | undefined;

/** Durations and sizes are numbers once they are read; nobody writes them so. */
function unitOf(schema: Schema): Unit {
  if (schema === duration || schema === milliseconds) return 'duration';
  if (schema === size) return 'size';
  const def = defOf(schema);
  if (def.type === 'pipe') return unitOf(def.in);
  if (def.type === 'union') return def.options.map(unitOf).find((unit) => unit !== undefined);
  return ['optional', 'default', 'prefault'].includes(def.type) ? unitOf(def.innerType) : undefined;
}

const DURATIONS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const;
const SIZES = [
  ['gb', 1024 ** 3],
  ['mb', 1024 ** 2],
  ['kb', 1024],
  ['b', 1],
] as const;

function written(value: unknown, unit: Unit): string {
  if (typeof value === 'number' && value > 0 && unit !== undefined) {
    const [name, worth] = (unit === 'duration' ? DURATIONS : SIZES).find(([, each]) => value % each === 0) ?? ['', 1];
    return `${value / worth}${name}`;
  }
  if (Array.isArray(value)) return `[${value.map((each) => written(each, unit)).join(', ')}]`;
  return typeof value === 'string' && value !== '' ? value : JSON.stringify(value);
}
