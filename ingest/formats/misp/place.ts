import type { JsonPath, JsonWish } from '../json-stream.ts';

/**
 * Where in an export of MISP a value stands, whichever the shape:
 * `{"response": [{"Event"}]}`, `{"response": {"Event" | "Attribute"}}`, `{"Event"}`, an event or attribute itself, a list of any of them.
 * `item`: an element of such a list. `object`: one of a list; `objects` is that list, and a single object where it stands instead of one.
 * `unknown`: beside what makes a document an export of MISP.
 */
export type Place =
  | 'document'
  | 'response'
  | 'item'
  | 'event'
  | 'attributes'
  | 'attribute'
  | 'objects'
  | 'object'
  | 'field'
  | 'unknown'
  | 'other';

/** All that is read of an event, object or attribute beside what is below it. The rest may be large: reports, samples, correlations. */
const FIELDS = new Set([
  'id',
  'uuid',
  'info',
  'date',
  'timestamp',
  'publish_timestamp',
  'threat_level_id',
  'Orgc',
  'Tag',
  'EventTag',
  'AttributeTag',
  'type',
  'category',
  'value',
  'comment',
  'to_ids',
  'deleted',
  'first_seen',
  'last_seen',
  'object_relation',
  'decay_score',
  'name',
  'meta-category',
]);

const WISHES: Readonly<Record<Place, JsonWish>> = {
  document: 'into',
  response: 'into',
  item: 'whole-or-into',
  event: 'whole-or-into',
  attributes: 'into',
  attribute: 'whole-or-into',
  objects: 'into',
  object: 'whole-or-into',
  field: 'whole',
  // for the place of it: such a document is refused
  unknown: 'into',
  other: 'pass',
};

export function placeOf(path: JsonPath): Place {
  let place: Place = 'document';
  for (const key of path) {
    place = below(place, key);
    if (place === 'other') break;
  }
  return place;
}

export function wishAt(path: JsonPath): JsonWish {
  return WISHES[placeOf(path)];
}

function below(place: Place, key: string | number): Place {
  switch (place) {
    case 'document':
    case 'response': {
      if (typeof key === 'number') return 'item';
      if (key === 'response' && place === 'document') return 'response';
      const inside = ofEvent(key);
      return inside === 'other' ? 'unknown' : inside;
    }
    case 'item':
    case 'event':
      return typeof key === 'number' ? 'other' : ofEvent(key);
    case 'attributes':
      return isNumber(key) ? 'attribute' : ofAttribute(key);
    case 'attribute':
      return ofAttribute(key);
    case 'objects':
      return isNumber(key) ? 'object' : ofObject(key);
    case 'object':
      return ofObject(key);
    case 'field':
    case 'unknown':
    case 'other':
      return 'other';
    default: {
      const never: never = place;
      return never;
    }
  }
}

function ofEvent(key: string): Place {
  if (key === 'Attribute') return 'attributes';
  if (key === 'Object') return 'objects';
  if (key === 'Event') return 'event';
  return FIELDS.has(key) ? 'field' : 'other';
}

function ofObject(key: string | number): Place {
  if (key === 'Attribute') return 'attributes';
  return key === 'Event' || (typeof key === 'string' && FIELDS.has(key)) ? 'field' : 'other';
}

function ofAttribute(key: string | number): Place {
  return key === 'Event' || key === 'Object' || (typeof key === 'string' && FIELDS.has(key)) ? 'field' : 'other';
}

/** PHP writes a list with a gap as an object with numbers for names. */
function isNumber(key: string | number): boolean {
  return typeof key === 'number' || /^\d{1,9}$/.test(key);
}
