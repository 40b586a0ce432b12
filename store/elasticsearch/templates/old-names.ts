import { alias, type Field, type Fields, keyword, object } from './fields.ts';

/**
 * What old dashboards, made for the pipeline before this one, call the fields. History alone: Elastic's pages read current. Numbers, dates and
 * addresses had one name each, for which an alias does.
 */
export const OLD_NAMES: Readonly<Record<string, string>> = {
  confidence: 'tipline.confidence',
  severity: 'tipline.severity',
  threat_score: 'tipline.threat_score',
  timestamp: 'tipline.claim.timestamp',
  first_seen: 'threat.indicator.first_seen',
  last_seen: 'threat.indicator.last_seen',
  'geoip.ip': 'threat.indicator.ip',
  'geoip.location': 'threat.indicator.geo.location',
};

/**
 * Texts had two: `source`, and `source.keyword`, which is what charts count by. An alias can have no sub-field, an object of that name no value, and
 * a multi-field no alias, on any version that tipline works with; so these are fields of their own, which the server fills by `copy_to` and keeps
 * out of the document.
 */
export const OLD_TEXTS: Readonly<Record<string, string>> = {
  indicator: 'threat.indicator.name',
  type: 'tipline.type',
  source: 'event.provider',
  'geoip.city_name': 'threat.indicator.geo.city_name',
  'geoip.continent_code': 'threat.indicator.geo.continent_code',
  'geoip.country_code2': 'threat.indicator.geo.country_iso_code',
  'geoip.country_name': 'threat.indicator.geo.country_name',
  'geoip.postal_code': 'threat.indicator.geo.postal_code',
  'geoip.region_code': 'threat.indicator.geo.region_iso_code',
  'geoip.region_name': 'threat.indicator.geo.region_name',
  'geoip.timezone': 'threat.indicator.geo.timezone',
};

const text: Field = { type: 'keyword', ignore_above: 1024, fields: { keyword: keyword() } };

/** The old names, and what of `fields` must be otherwise for them. */
export function oldFields(fields: Fields): Fields {
  const old: Fields = { tags: text };
  for (const [name, path] of Object.entries(OLD_NAMES)) put(old, name, alias(path));
  for (const [name, path] of Object.entries(OLD_TEXTS)) {
    put(old, name, text);
    put(old, path, { ...at(fields, path), copy_to: name } as Field);
  }
  return old;
}

/** Puts a field under a dotted name. */
function put(into: Fields, name: string, field: Field): void {
  const dot = name.indexOf('.');
  if (dot < 0) {
    into[name] = field;
    return;
  }
  const root = name.slice(0, dot);
  const below = propertiesOf(into[root]);
  put(below, name.slice(dot + 1), field);
  into[root] = object(below);
}

function at(fields: Fields, name: string): Field {
  const dot = name.indexOf('.');
  const field = dot < 0 ? fields[name] : at(propertiesOf(fields[name.slice(0, dot)]), name.slice(dot + 1));
  if (field === undefined) throw new Error(`there is no field ${name}`);
  return field;
}

function propertiesOf(field: Field | undefined): Fields {
  return field !== undefined && 'properties' in field ? (field.properties ?? {}) : {};
}
