import type { AutonomousSystem, Geo } from '../../core/contract/enriched-document.ts';
import { isFields } from '../../core/contract/fields.ts';

/**
 * Reads a record of a GeoIP database into ECS fields, whichever layout it has: MaxMind's nested one (`country.iso_code`,
 * `city.names.en`) or the flat one of ip-location-db (`country_code`, `city`, empty text for unknown). Chosen by the fields that
 * are there, because the metadata does not tell.
 */
export function geoOf(record: unknown): Geo | undefined {
  if (!isFields(record)) return undefined;
  const geo: Geo = {};
  const country = isFields(record.country)
    ? record.country
    : isFields(record.registered_country)
      ? record.registered_country
      : undefined;
  put(geo, 'country_iso_code', text(country?.iso_code) ?? text(record.country_code));
  put(geo, 'country_name', english(country));
  put(geo, 'continent_code', isFields(record.continent) ? text(record.continent.code) : text(record.continent_code));
  put(geo, 'city_name', isFields(record.city) ? english(record.city) : text(record.city));
  const region: unknown = Array.isArray(record.subdivisions) ? record.subdivisions[0] : undefined;
  if (isFields(region)) {
    const code = text(region.iso_code);
    if (code !== undefined && geo.country_iso_code !== undefined)
      geo.region_iso_code = `${geo.country_iso_code}-${code}`;
    put(geo, 'region_name', english(region));
  } else put(geo, 'region_name', text(record.state1));
  put(geo, 'postal_code', isFields(record.postal) ? text(record.postal.code) : text(record.postcode));
  const location = isFields(record.location) ? record.location : record;
  put(geo, 'timezone', text(location.time_zone) ?? text(location.timezone));
  const lat = degrees(location.latitude, 90);
  const lon = degrees(location.longitude, 180);
  if (lat !== undefined && lon !== undefined) geo.location = { lat, lon };
  return Object.keys(geo).length === 0 ? undefined : geo;
}

/** At the root (ASN, ISP and the files of others), or under `traits`, where the Enterprise files have it. */
export function autonomousSystemOf(record: unknown): AutonomousSystem | undefined {
  if (!isFields(record)) return undefined;
  return networkIn(record) ?? (isFields(record.traits) ? networkIn(record.traits) : undefined);
}

function networkIn(record: Readonly<Record<string, unknown>>): AutonomousSystem | undefined {
  const told = record.autonomous_system_number ?? record.asn;
  const number = typeof told === 'string' ? Number(told.replace(/^AS/i, '')) : told;
  if (typeof number !== 'number' || !Number.isInteger(number) || number <= 0) return undefined;
  const name = text(record.autonomous_system_organization) ?? text(record.org) ?? text(record.as_name);
  return name === undefined ? { number } : { number, organization: { name } };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, 256) : undefined;
}

function english(place: unknown): string | undefined {
  return isFields(place) && isFields(place.names) ? text(place.names.en) : undefined;
}

function degrees(value: unknown, most: number): number | undefined {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof number === 'number' && Math.abs(number) <= most ? number : undefined;
}

type TextField = Exclude<keyof Geo, 'location'>;

function put(geo: Geo, field: TextField, value: string | undefined): void {
  if (value !== undefined) geo[field] = value;
}
