import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Action } from '../../../core/contract/action.ts';
import type { DeadLetter } from '../../../core/contract/dead-letter.ts';
import {
  type AutonomousSystem,
  DOCUMENT_SCHEMA,
  type EnrichedDocument,
  type EventAction,
  type Geo,
  type SlimClaim,
  type Status,
  type TiplinePart,
  type Why,
} from '../../../core/contract/enriched-document.ts';
import type { RawIndicator, Recheck } from '../../../core/contract/raw-indicator.ts';
import { TLP_LEVELS } from '../../../core/contract/tlp.ts';
import { INDICATOR_TYPES } from '../../../core/indicator/type.ts';
import { isOpen, partOf, type Shape, shapeOf } from './schema-shape.ts';
import { resolve, SCHEMA_NAMES, type SchemaName, schemas } from './schemas.ts';

interface Pair {
  what: string;
  schema: SchemaName;
  /** Where the part begins, and the properties that lead to it. */
  from?: string;
  path?: readonly string[];
  shape: Readonly<Record<string, string>>;
}

const rawIndicator = {
  indicator: 'string',
  source: 'string?',
  ref: 'string?',
  type: 'string?',
  confidence: 'number?',
  severity: 'number?',
  timestamp: 'string?',
  first_seen: 'string?',
  last_seen: 'string?',
  valid_from: 'string?',
  valid_until: 'string?',
  revoked: 'boolean?',
  tags: 'array?',
  tlp: 'string?',
  description: 'string?',
  reference: 'string?',
  categories: 'array?',
  malware: 'array?',
  composite: 'boolean?',
  port: 'number?',
  sightings: 'number?',
  event_id: 'string?',
  object_id: 'string?',
  file: 'object?',
  context: 'object?',
  collected_at: 'string?',
} as const satisfies Shape<RawIndicator>;

const slimClaim = {
  feed: 'string?',
  outside: 'boolean?',
  undated: 'boolean?',
  source: 'string',
  ref: 'string?',
  confidence: 'number',
  severity: 'number',
  severity_derived: 'boolean?',
  score: 'number',
  timestamp: 'string',
  first_seen: 'string?',
  last_seen: 'string',
  valid_from: 'string?',
  valid_until: 'string?',
  expires_at: 'string',
  revoked: 'boolean?',
  composite: 'boolean?',
  tags: 'array?',
  tlp: 'string?',
  categories: 'array?',
  malware: 'array?',
  description: 'string?',
  reference: 'string?',
  original: 'string?',
  port: 'number?',
  sightings: 'number?',
  event_id: 'string?',
  object_id: 'string?',
  file: 'object?',
  hash: 'string',
  origin: 'string',
  action: 'string',
} as const satisfies Shape<SlimClaim>;

const why = {
  feed: 'string?',
  outside: 'boolean?',
  source: 'string',
  ref: 'string?',
  confidence: 'number',
  severity: 'number',
  severity_derived: 'boolean?',
  score: 'number',
  weights: 'object',
  allowed_by: 'string?',
} as const satisfies Shape<Why>;

const tiplinePart = {
  schema: 'number',
  id: 'string',
  type: 'string',
  value: 'string',
  confidence: 'number',
  severity: 'number',
  threat_score: 'number',
  status: 'string',
  expires_at: 'string',
  recheck_at: 'string?',
  sources: 'array',
  composite: 'boolean',
  life: 'number?',
  revision: 'number',
  born: 'string',
  cause: 'string',
  why: 'object',
  benign: 'string?',
  ip_range: 'string?',
  claims: 'array',
} as const satisfies Shape<TiplinePart>;

const geo = {
  country_iso_code: 'string?',
  country_name: 'string?',
  continent_code: 'string?',
  region_iso_code: 'string?',
  region_name: 'string?',
  city_name: 'string?',
  timezone: 'string?',
  postal_code: 'string?',
  location: 'object?',
} as const satisfies Shape<Geo>;

const action = {
  schema: 'number',
  id: 'string',
  '@timestamp': 'string',
  verb: 'string',
  outcome: 'string',
  actor: 'string',
  reason: 'string',
  code: 'string?',
  indicator: 'object?',
  revision: 'number?',
  threat_score: 'number?',
  source: 'string?',
  until: 'string?',
  mail: 'object?',
} as const satisfies Shape<Action>;

const deadLetter = {
  schema: 'number',
  id: 'string',
  '@timestamp': 'string',
  code: 'string',
  message: 'string',
  stage: 'string',
  origin: 'object',
  collected_at: 'string',
  payload: 'string',
  payload_encoding: 'string',
  payload_bytes: 'number',
  payload_cut: 'boolean?',
  headers: 'object?',
} as const satisfies Shape<DeadLetter>;

type Threat = EnrichedDocument['threat'];
const { claims: _claims, ...withoutClaims } = tiplinePart;

/** Types whose keys are all named: schema and type must have the same, and the schema must let nothing else through. */
const CLOSED: readonly Pair[] = [
  { what: 'SlimClaim', schema: 'enriched-document', from: '#/$defs/claim', shape: slimClaim },
  {
    what: 'a claim of the current document',
    schema: 'enriched-document',
    path: ['tipline', 'claims'],
    shape: slimClaim,
  },
  { what: 'Why', schema: 'enriched-document', path: ['tipline', 'why'], shape: why },
  {
    what: 'Why.weights',
    schema: 'enriched-document',
    path: ['tipline', 'why', 'weights'],
    shape: { confidence: 'number', severity: 'number' } satisfies Shape<Why['weights']>,
  },
  { what: 'TiplinePart', schema: 'enriched-document', path: ['tipline'], shape: tiplinePart },
  {
    what: 'TiplinePart of a history document',
    schema: 'history-document',
    path: ['tipline'],
    shape: { ...withoutClaims, claim: 'object' },
  },
  {
    what: 'the claim of a history document',
    schema: 'history-document',
    path: ['tipline', 'claim'],
    shape: { ...slimClaim, context: 'object?' },
  },
  {
    what: 'threat',
    schema: 'enriched-document',
    path: ['threat'],
    shape: { indicator: 'object', feed: 'object', software: 'object?' } satisfies Shape<Threat>,
  },
  {
    what: 'threat.feed',
    schema: 'enriched-document',
    path: ['threat', 'feed'],
    shape: { name: 'array' } satisfies Shape<Threat['feed']>,
  },
  {
    what: 'threat.software',
    schema: 'enriched-document',
    path: ['threat', 'software'],
    shape: { name: 'array' } satisfies Shape<NonNullable<Threat['software']>>,
  },
  {
    what: 'threat.indicator.marking',
    schema: 'enriched-document',
    path: ['threat', 'indicator', 'marking'],
    shape: { tlp: 'string', tlp_version: 'string' } satisfies Shape<NonNullable<Threat['indicator']['marking']>>,
  },
  { what: 'Geo', schema: 'enriched-document', path: ['threat', 'indicator', 'geo'], shape: geo },
  {
    what: 'Geo.location',
    schema: 'enriched-document',
    path: ['threat', 'indicator', 'geo', 'location'],
    shape: { lat: 'number', lon: 'number' } satisfies Shape<NonNullable<Geo['location']>>,
  },
  {
    what: 'AutonomousSystem',
    schema: 'enriched-document',
    path: ['threat', 'indicator', 'as'],
    shape: { number: 'number', organization: 'object?' } satisfies Shape<AutonomousSystem>,
  },
  { what: 'Action', schema: 'action', shape: action },
  {
    what: 'Action.indicator',
    schema: 'action',
    path: ['indicator'],
    shape: { id: 'string', type: 'string', value: 'string' } satisfies Shape<NonNullable<Action['indicator']>>,
  },
  {
    what: 'Action.mail',
    schema: 'action',
    path: ['mail'],
    shape: { message_id: 'string', indicators: 'number', recipients: 'number' } satisfies Shape<
      NonNullable<Action['mail']>
    >,
  },
  { what: 'DeadLetter', schema: 'dead-letter', shape: deadLetter },
  {
    what: 'DeadLetter.origin',
    schema: 'dead-letter',
    path: ['origin'],
    shape: { topic: 'string', partition: 'number', offset: 'number' } satisfies Shape<DeadLetter['origin']>,
  },
];

/** Types that others may add to: the schema names every key of the type, and asks for no less than the type. */
const OPEN: readonly Pair[] = [
  {
    what: 'EnrichedDocument',
    schema: 'enriched-document',
    shape: {
      '@timestamp': 'string',
      event: 'object',
      threat: 'object',
      tags: 'array?',
      tipline: 'object',
    } satisfies Shape<EnrichedDocument>,
  },
  {
    what: 'event',
    schema: 'enriched-document',
    path: ['event'],
    shape: {
      provider: 'string',
      action: 'string',
      risk_score: 'number',
      severity: 'number',
    } satisfies Shape<EnrichedDocument['event']>,
  },
  {
    what: 'threat.indicator',
    schema: 'enriched-document',
    path: ['threat', 'indicator'],
    shape: {
      type: 'string',
      name: 'string',
      first_seen: 'string?',
      last_seen: 'string?',
      description: 'string?',
      reference: 'string?',
      marking: 'object?',
      geo: 'object?',
      as: 'object?',
    } satisfies Shape<Threat['indicator']>,
  },
];

describe('schemas and types', () => {
  it('are all there', () => {
    assert.deepEqual([...schemas.keys()].toSorted(), [...SCHEMA_NAMES].toSorted());
    for (const [name, schema] of schemas) assert.equal(schema.$id, `${name}.schema.json`);
  });

  for (const { what, schema, from, path = [], shape } of CLOSED) {
    it(`agree on ${what}`, () => {
      const part = partOf(schema, path, from);
      assert.deepEqual(shapeOf(part, shape), shape);
      assert.equal(isOpen(part), false, 'lets unknown keys through');
    });
  }

  for (const { what, schema, path = [], shape } of OPEN) {
    it(`agree on ${what}, which may hold more`, () => {
      const part = partOf(schema, path);
      const found = shapeOf(part, shape);
      for (const [key, kind] of Object.entries(shape)) {
        const allowed = kind.endsWith('?') ? [kind, kind.slice(0, -1)] : [kind];
        assert.ok(allowed.includes(String(found[key])), `${key}: ${found[key]} for ${kind}`);
      }
      assert.ok(isOpen(part));
    });
  }

  it('agree on RawIndicator, which may hold more; on the topic its source is required', () => {
    const part = partOf('raw-indicator', [], '#/$defs/statement');
    assert.deepEqual(shapeOf(part, rawIndicator), rawIndicator);
    assert.equal(part.schema.additionalProperties, true);
    const [statement] = (schemas.get('raw-indicator')?.anyOf ?? []) as [
      { allOf: { $ref?: string; required?: string[] }[] },
    ];
    assert.equal(statement.allOf[0]?.$ref, '#/$defs/statement');
    assert.deepEqual(statement.allOf[1]?.required, ['source']);
  });

  it('agree on Recheck', () => {
    const shape = { recheck: 'string' } satisfies Shape<Recheck>;
    assert.deepEqual(shapeOf(partOf('raw-indicator', [], '#/$defs/recheck'), shape), shape);
  });

  const status = { allowed: 1, active: 1, revoked: 1, expired: 1 } satisfies Record<Status, 1>;
  const eventAction = { new: 1, updated: 1, seen: 1, revoked: 1, expired: 1 } satisfies Record<EventAction, 1>;
  const verb = { mail: 1, block: 1, unblock: 1, refuse: 1 } satisfies Record<Action['verb'], 1>;
  const outcome = { done: 1, planned: 1, refused: 1 } satisfies Record<Action['outcome'], 1>;
  const encoding = { utf8: 1, base64: 1 } satisfies Record<DeadLetter['payload_encoding'], 1>;

  const words: readonly [SchemaName, string, readonly string[]][] = [
    ['enriched-document', '#/$defs/status', Object.keys(status)],
    ['enriched-document', '#/$defs/eventAction', Object.keys(eventAction)],
    ['enriched-document', '#/$defs/indicatorType', INDICATOR_TYPES],
    ['enriched-document', '#/$defs/tlp', TLP_LEVELS],
    ['raw-indicator', '#/$defs/tlp', TLP_LEVELS],
    ['action', '#/properties/verb', Object.keys(verb)],
    ['action', '#/properties/outcome', Object.keys(outcome)],
    ['dead-letter', '#/properties/payload_encoding', Object.keys(encoding)],
  ];
  for (const [schema, part, values] of words) {
    it(`agree on the words of ${schema} ${part}`, () => assert.deepEqual(resolve(schema, part).schema.enum, values));
  }

  it('agree on the version', () => {
    assert.equal(resolve('enriched-document', '#/$defs/tiplineFields').schema.properties.schema.const, DOCUMENT_SCHEMA);
    for (const name of ['action', 'dead-letter'] as const)
      assert.equal(
        resolve(name, '#/properties/schema').schema.const,
        1 satisfies Action['schema'] & DeadLetter['schema'],
      );
  });

  it('name every type of indicator where they describe it', () => {
    const { description } = resolve('raw-indicator', '#/$defs/statement').schema.properties.type;
    for (const type of INDICATOR_TYPES) assert.match(String(description), new RegExp(`\\b${type}\\b`));
  });
});
