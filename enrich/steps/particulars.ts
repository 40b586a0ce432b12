import type { FileParticulars, Particulars } from '../../core/contract/enriched-document.ts';
import { FILE_HASHES } from '../../core/contract/raw-indicator.ts';
import { canonicalise } from '../../core/indicator/canonical.ts';
import type { Indicator } from '../../core/indicator/type.ts';
import { cleanText } from './told.ts';

const ID_LENGTH = 128;
const NAME_LENGTH = 256;
const TYPE_LENGTH = 128;
/** A longer URL is not repeated in the spelling of its source. */
const ORIGINAL_LENGTH = 1024;
const MOST_SIGHTINGS = 2 ** 31 - 1;

type Told = Readonly<Record<string, unknown>>;

/** What each of these keys says; undefined for what does not fit: it is no reason to refuse a record, and stays in the context. */
const READERS = {
  port: (told: unknown) => whole(told, 1, 65_535),
  sightings: (told: unknown) => whole(told, 1, MOST_SIGHTINGS),
  event_id: (told: unknown) => text(told, ID_LENGTH),
  object_id: (told: unknown) => text(told, ID_LENGTH),
  file: fileOf,
} as const;

/** What a source knows of an indicator beside its judgement; undefined when it tells nothing of that. */
export function readParticulars(told: Told, indicator: Indicator): Particulars | undefined {
  if (indicator.type !== 'url' && tellsNone(told)) return undefined;
  const found: Particulars = {};
  const original = indicator.type === 'url' ? originalOf(told.indicator, indicator.value) : undefined;
  if (original !== undefined) found.original = original;
  const port = told.port === undefined ? undefined : READERS.port(told.port);
  if (port !== undefined) found.port = port;
  const sightings = told.sightings === undefined ? undefined : READERS.sightings(told.sightings);
  if (sightings !== undefined) found.sightings = sightings;
  const event = told.event_id === undefined ? undefined : READERS.event_id(told.event_id);
  if (event !== undefined) found.event_id = event;
  const object = told.object_id === undefined ? undefined : READERS.object_id(told.object_id);
  if (object !== undefined) found.object_id = object;
  const file = told.file === undefined ? undefined : READERS.file(told.file);
  if (file !== undefined) found.file = file;
  for (const _ in found) return found;
  return undefined;
}

/** So it is with most records. */
function tellsNone({ port, sightings, event_id, object_id, file }: Told): boolean {
  return (
    port === undefined &&
    sightings === undefined &&
    event_id === undefined &&
    object_id === undefined &&
    file === undefined
  );
}

/** Is it told under `key` in a way that `readParticulars` takes? */
export function isParticular(key: string, told: unknown): boolean {
  return Object.hasOwn(READERS, key) && READERS[key as keyof typeof READERS](told) !== undefined;
}

/**
 * What of it makes a statement another one. Counts of sightings and ids of bundles change with every export; what is said does not change with
 * them.
 */
export function contentOf(particulars: Particulars | undefined): string {
  if (particulars === undefined) return '';
  const { port, file } = particulars;
  return port === undefined && file === undefined ? '' : `\0${JSON.stringify([port ?? null, file ?? null])}`;
}

function originalOf(told: unknown, value: string): string | undefined {
  if (told === value || typeof told !== 'string' || told.length > ORIGINAL_LENGTH) return undefined;
  const original = cleanText(told, ORIGINAL_LENGTH);
  return original === value || original === '' ? undefined : original;
}

function text(told: unknown, most: number): string | undefined {
  if (typeof told !== 'string' && typeof told !== 'number') return undefined;
  const clean = cleanText(String(told), most);
  return clean === '' ? undefined : clean;
}

function whole(told: unknown, least: number, most: number): number | undefined {
  const number = typeof told === 'string' && /^\s*\d{1,16}\s*$/.test(told) ? Number(told) : told;
  if (typeof number !== 'number' || !Number.isInteger(number)) return undefined;
  return number >= least && number <= most ? number : undefined;
}

function fileOf(told: unknown): FileParticulars | undefined {
  if (typeof told !== 'object' || told === null || Array.isArray(told)) return undefined;
  const { name, size, type, hashes } = told as Told;
  const file: FileParticulars = {};
  const named = text(name, NAME_LENGTH);
  if (named !== undefined) file.name = named;
  const bytes = whole(size, 0, Number.MAX_SAFE_INTEGER);
  if (bytes !== undefined) file.size = bytes;
  const kind = text(type, TYPE_LENGTH);
  if (kind !== undefined) file.type = kind;
  const known = hashesOf(hashes);
  if (known !== undefined) file.hashes = known;
  for (const _ in file) return file;
  return undefined;
}

/** In canonical form: what is no such hash is left out. */
function hashesOf(told: unknown): FileParticulars['hashes'] {
  if (typeof told !== 'object' || told === null || Array.isArray(told)) return undefined;
  const hashes: NonNullable<FileParticulars['hashes']> = {};
  let any = false;
  for (const type of FILE_HASHES) {
    const value = (told as Told)[type];
    if (typeof value !== 'string') continue;
    const canonical = canonicalise(value, type);
    if (!canonical.ok || canonical.indicator.type !== type) continue;
    hashes[type] = canonical.indicator.value;
    any = true;
  }
  return any ? hashes : undefined;
}
