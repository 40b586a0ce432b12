import type { FieldTypes } from '../server.ts';
import {
  date,
  type Field,
  type Fields,
  float,
  geoPoint,
  ip,
  kept,
  keyword,
  LONGEST_TERM,
  long,
  object,
} from './fields.ts';

/**
 * The ECS fields of an indicator document, with ECS's own types: a test compares each with Elastic's table.
 * Indicator-match rules need `keyword`, `wildcard` or `ip` in every index of their pattern, so no field here is
 * anything that is nearly as good.
 */
export function ecsFields({ wildcard }: FieldTypes): Fields {
  const longText: Field = wildcard ? { type: 'wildcard' } : keyword(LONGEST_TERM);
  return {
    '@timestamp': date,
    ecs: object({ version: keyword() }),
    event: object({
      action: keyword(),
      category: keyword(),
      created: date,
      dataset: keyword(),
      id: keyword(),
      ingested: date,
      kind: keyword(),
      module: keyword(),
      original: kept,
      provider: keyword(),
      reference: keyword(),
      risk_score: float,
      risk_score_norm: float,
      severity: long,
      type: keyword(),
    }),
    // An object of free keys in ECS; this is the one that Elastic's rules and dashboards look at.
    labels: object({ is_ioc_transform_source: keyword() }),
    related: object({ hash: keyword(), hosts: keyword(), ip, user: keyword() }),
    tags: keyword(),
    threat: object({
      feed: object({ dashboard_id: keyword(), description: keyword(), name: keyword(), reference: keyword() }),
      group: object({ id: keyword(), name: keyword() }),
      indicator: object(indicatorFields(longText)),
      software: object({ id: keyword(), name: keyword(), type: keyword() }),
      tactic: object({ id: keyword(), name: keyword() }),
      technique: object({ id: keyword(), name: keyword() }),
    }),
  };
}

function indicatorFields(longText: Field): Fields {
  return {
    as: object({ number: long, organization: object({ name: keyword() }) }),
    confidence: keyword(),
    description: keyword(),
    email: object({ address: keyword() }),
    file: object({
      hash: object({
        md5: keyword(),
        sha1: keyword(),
        sha256: keyword(),
        sha384: keyword(),
        sha512: keyword(),
        ssdeep: keyword(),
        tlsh: keyword(),
      }),
      mime_type: keyword(),
      name: keyword(),
      pe: object({ imphash: keyword() }),
      size: long,
      type: keyword(),
    }),
    first_seen: date,
    geo: object({
      city_name: keyword(),
      continent_code: keyword(),
      continent_name: keyword(),
      country_iso_code: keyword(),
      country_name: keyword(),
      location: geoPoint,
      name: keyword(),
      postal_code: keyword(),
      region_iso_code: keyword(),
      region_name: keyword(),
      timezone: keyword(),
    }),
    id: keyword(),
    ip,
    last_seen: date,
    marking: object({ tlp: keyword(), tlp_version: keyword() }),
    modified_at: date,
    name: keyword(),
    port: long,
    provider: keyword(),
    reference: keyword(),
    registry: object({ hive: keyword(), key: keyword(), path: keyword(), value: keyword() }),
    scanner_stats: long,
    sightings: long,
    type: keyword(),
    url: object({
      domain: keyword(),
      extension: keyword(),
      fragment: keyword(),
      full: longText,
      original: longText,
      path: longText,
      port: long,
      query: keyword(2083),
      registered_domain: keyword(),
      scheme: keyword(),
      subdomain: keyword(),
      top_level_domain: keyword(),
    }),
    x509: object({ serial_number: keyword() }),
  };
}
