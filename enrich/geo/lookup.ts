import type { AutonomousSystem, Geo } from '../../core/contract/enriched-document.ts';
import type { Log } from '../../core/process/log.ts';
import { type GeoDatabase, openGeoDatabase, type Wanted } from './database.ts';
import { autonomousSystemOf, geoOf } from './record.ts';

/** Where an address is and who announces it, as JSON text ready to be put into a document. */
export interface GeoFragments {
  /** JSON of ECS `geo`, or ''. */
  geo: string;
  /** JSON of ECS `as`, or ''. */
  as: string;
}

export interface GeoLookup {
  look(ip: string): GeoFragments;
  /** Reads changed files again; a broken one is logged and the old one stays. */
  refresh(): Promise<void>;
  readonly description: string;
}

export interface GeoFiles {
  /** City or country database. */
  places: string | undefined;
  asn: string | undefined;
}

const NETWORKS: Wanted = {
  isIn: (record) => autonomousSystemOf(record) !== undefined,
  key: 'enrich.geo.asn',
  what: 'networks (ASN)',
};

const NOTHING: GeoFragments = { geo: '', as: '' };

/** Opens the databases; a missing or corrupt one is an error that says so. */
export async function openGeoLookup(files: GeoFiles, log: Log): Promise<GeoLookup> {
  const places = files.places === undefined ? undefined : await openGeoDatabase(files.places);
  const asn = files.asn === undefined ? undefined : await openGeoDatabase(files.asn, NETWORKS);
  const geoText = rendered<Geo>(geoOf);
  const asText = rendered<AutonomousSystem>(autonomousSystemOf);

  return {
    description:
      [places, asn]
        .map((database) => (database === undefined ? '' : database.description()))
        .filter(Boolean)
        .join('; ') || 'none',
    look(ip) {
      if (places === undefined && asn === undefined) return NOTHING;
      const isV6 = ip.includes(':');
      return {
        geo: places === undefined ? '' : geoText(places.look(ip, isV6)),
        as: asn === undefined ? '' : asText(asn.look(ip, isV6)),
      };
    },
    async refresh() {
      for (const database of [places, asn]) if (database !== undefined) await refreshOne(database, log);
    },
  };
}

async function refreshOne(database: GeoDatabase, log: Log): Promise<void> {
  try {
    if (await database.refresh())
      log.info({ file: database.path, database: database.description() }, 'GeoIP database read again');
  } catch (error) {
    log.error({ file: database.path, error }, 'the changed GeoIP database cannot be used; the old one stays in use');
  }
}

/** The reader hands out one object for all addresses of a network (its cache), so the text is made once for each. */
function rendered<T>(read: (record: unknown) => T | undefined): (record: object | undefined) => string {
  const texts = new WeakMap<object, string>();
  return (record) => {
    if (record === undefined) return '';
    let text = texts.get(record);
    if (text === undefined) {
      const value = read(record);
      text = value === undefined ? '' : JSON.stringify(value);
      texts.set(record, text);
    }
    return text;
  };
}
