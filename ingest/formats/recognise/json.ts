import { shapeOf } from '../../files/shape.ts';
import { printable } from '../../printable.ts';
import { type JsonOutline, outlineOf } from './json-outline.ts';
import { known, type Recognition, unknown } from './recognition.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const ENVELOPE: ReadonlySet<string> = new Set(['more', 'next', 'objects']);
const STIX_ID = /^[a-z0-9-]{3,250}--[0-9a-f-]{36}$/i;

/** Which kind of JSON begins so; `text` is the decoded head. */
export function recogniseJson(text: string): Recognition {
  const outline = outlineOf(text);
  if (outline.root === undefined) return unknown('it begins like JSON and is none');
  return stixOf(outline) ?? stix1Of(outline) ?? mispOf(outline) ?? rawOf(outline, text) ?? strangerOf(outline);
}

function stixOf(outline: JsonOutline): Recognition | undefined {
  if (textAt(outline, 'type') === 'bundle') return known('stix2', 'a JSON object of type "bundle"');
  if (textAt(outline, 'objects[].date_added') !== undefined && textAt(outline, 'objects[].type') === undefined) {
    return unknown('it is the manifest of a TAXII 2 collection, which names objects and holds none of them');
  }
  // the type may stand behind the objects, and envelopes of TAXII 2.1 have none
  if (outline.values.get('objects')?.kind === 'array') {
    const isStix =
      STIX_ID.test(textAt(outline, 'objects[].id') ?? '') || textAt(outline, 'objects[].type') !== undefined;
    if (isStix) return known('stix2', '"objects" with the ids of STIX');
    if (STIX_ID.test(textAt(outline, 'id') ?? '')) return known('stix2', 'the id of a STIX bundle');
    if (outline.values.get('more')?.kind === 'scalar' && outline.names.every((name) => ENVELOPE.has(name))) {
      return known('stix2', 'an envelope of TAXII 2 without objects');
    }
  }
  if (textAt(outline, '[].type') === 'bundle') return known('stix2', 'a list of STIX bundles');
  if (isObject(outline, '')) return known('stix2', 'an object with the id and type of STIX');
  return isObject(outline, '[].') ? known('stix2', 'a list of objects with the ids and types of STIX') : undefined;
}

/** An id of STIX begins with the type of what it names. */
function isObject(outline: JsonOutline, place: '' | '[].'): boolean {
  const id = textAt(outline, `${place}id`) ?? '';
  return STIX_ID.test(id) && id.startsWith(`${textAt(outline, `${place}type`) ?? ''}--`);
}

/** What stands in a document of STIX 1 as python-stix writes it, and in nothing else. */
const STIX1_PLACES = [
  'stix_header',
  'observables.cybox_major_version',
  'cybox_major_version',
  'indicators[].observable.object',
  'observable.object.properties',
  'object.properties.xsi:type',
] as const;
const STIX1_ID = /^[^:]{1,250}:(?:(?:STIX)?Package|Indicator|Observable)-/i;

function stix1Of(outline: JsonOutline): Recognition | undefined {
  for (const place of ['', '[].']) {
    const found = STIX1_PLACES.find((path) => outline.values.has(`${place}${path}`));
    if (found !== undefined) return known('stix1', `"${place}${found}" as STIX 1 has it in JSON`);
    const version = textAt(outline, `${place}version`) ?? '1';
    const holds = ['version', 'observable', 'object'].some((name) => outline.values.has(`${place}${name}`));
    if (holds && /^1(?:\.|$)/.test(version) && STIX1_ID.test(textAt(outline, `${place}id`) ?? ''))
      return known('stix1', 'an id of STIX 1');
  }
  return undefined;
}

const MISP_PLACES = [
  'Event',
  'response[].Event',
  'response.Event',
  '[].Event',
  '[].Attribute',
  'response.Attribute',
  'response[].Attribute',
  'Attribute',
] as const;

function mispOf(outline: JsonOutline): Recognition | undefined {
  const place = MISP_PLACES.find((path) => {
    const kind = outline.values.get(path)?.kind;
    return kind === 'object' || kind === 'array';
  });
  if (place !== undefined) return known('misp', `"${place}" as MISP has it`);
  if (['category', 'type', 'value', 'uuid'].every((name) => textAt(outline, `[].${name}`) !== undefined)) {
    return known('misp', 'a list of attributes as MISP has them');
  }
  const { names } = outline;
  if (names.length === 1 && outline.values.get('response')?.kind === 'array') return known('misp', 'an answer of MISP');
  if (names.length > 0 && names.every((name) => UUID.test(name)) && outline.values.has(`${names[0]}.timestamp`)) {
    return unknown(
      'it is the manifest of a MISP feed, which names events and holds no indicator; a feed of type misp-feed reads it',
    );
  }
  return undefined;
}

function rawOf(outline: JsonOutline, text: string): Recognition | undefined {
  if (textAt(outline, '[].indicator') !== undefined) return known('raw', 'a JSON array of objects with an "indicator"');
  if (textAt(outline, 'indicator') === undefined) return undefined;
  return shapeOf(Buffer.from(text)) === 'lines'
    ? known('raw-lines', 'JSON lines with an "indicator"')
    : known('raw', 'a JSON object with an "indicator"');
}

function strangerOf(outline: JsonOutline): Recognition {
  // the attributes that it is meant for stand behind the list, and so perhaps behind the head
  if (outline.values.get('list[]')?.kind === 'text' && outline.names[0] === 'description') {
    return unknown('it is a warning list of MISP, which tells what is harmless and holds no indicator');
  }
  const names = outline.names.slice(0, 6).map((name) => `"${printable(name, 30)}"`);
  const first = outline.root === 'array' ? 'an array' : `an object with ${names.join(', ') || 'nothing in it'}`;
  return unknown(
    `it is JSON, ${first}, and neither STIX, nor MISP, nor records with an "indicator"; a feed of type http-list with "columns" can read JSON of any kind`,
  );
}

function textAt(outline: JsonOutline, path: string): string | undefined {
  const value = outline.values.get(path);
  return value?.kind === 'text' ? value.text : undefined;
}
