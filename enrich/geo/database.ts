import { stat } from 'node:fs/promises';
import { open, type Reader, type Response } from 'maxmind';
import { codeOf, TiplineError } from '../../core/process/errors.ts';

/** One GeoIP file, held in memory and read again when it changes. */
export interface GeoDatabase {
  readonly path: string;
  /** For the log: type and date of the database. */
  description(): string;
  /** The raw record; undefined when the database says nothing of the address. */
  look(ip: string, isV6: boolean): object | undefined;
  /** Reads the file again if its size or time changed; a broken new file is an error and the old one stays in use. */
  refresh(): Promise<boolean>;
}

/**
 * Opens a MaxMind database. Three traps are closed here: a corrupt or truncated file is refused at once, by a look at its metadata and
 * at a few addresses; a file that holds IPv4 only answers IPv6 addresses with a wrong record (it walks their first 32 bits), so it is
 * not asked; IPv4-mapped addresses are unmapped before they come here.
 */
export async function openGeoDatabase(path: string, wanted?: Wanted): Promise<GeoDatabase> {
  let { reader, stamp } = await load(path, wanted);
  return {
    path,
    description: () =>
      `${reader.metadata.databaseType}, built ${reader.metadata.buildEpoch.toISOString().slice(0, 10)}`,
    look(ip, isV6) {
      if (isV6 && reader.metadata.ipVersion === 4) return undefined;
      const record: unknown = lookUp(reader, ip);
      return typeof record === 'object' && record !== null ? record : undefined;
    },
    async refresh() {
      if ((await stampOf(path)) === stamp) return false;
      const fresh = await load(path, wanted);
      reader = fresh.reader;
      stamp = fresh.stamp;
      return true;
    },
  };
}

/** What the records of a file must tell, if it is to be of any use where the configuration names it. */
export interface Wanted {
  isIn(record: unknown): boolean;
  /** The key of the configuration, and what is looked for under it. */
  readonly key: string;
  readonly what: string;
}

/** Addresses all over the tree, so that a broken pointer or a cut-off file shows at start and not in the middle of a batch. */
const PROBES = Array.from({ length: 4096 }, (_, i) => `${i >> 4}.${(i & 15) * 17}.${(i * 37) & 255}.1`);

/** A corrupt spot that the probes missed costs that address its place, not the batch. */
function lookUp(reader: Reader<Response>, ip: string): unknown {
  try {
    return reader.get(ip);
  } catch {
    return undefined;
  }
}

async function load(path: string, wanted: Wanted | undefined): Promise<{ reader: Reader<Response>; stamp: string }> {
  try {
    const stamp = await stampOf(path);
    const reader = await open<Response>(path, { cache: { max: 10_000 } });
    if (!(reader.metadata.nodeCount > 0)) throw new Error('it has no search tree');
    for (const ip of PROBES) reader.get(ip);
    if (wanted !== undefined && !tells(reader, wanted)) {
      throw new TiplineError(
        'GEO_LAYOUT',
        `The GeoIP database ${path} (${reader.metadata.databaseType}) tells no ${wanted.what}; name one that does under ${wanted.key}, such as GeoLite2-ASN, GeoIP2-ISP or GeoIP2-Enterprise.`,
        { retryable: false },
      );
    }
    return { reader, stamp };
  } catch (cause) {
    if (codeOf(cause) === 'GEO_LAYOUT') throw cause;
    if (codeOf(cause) === 'ENOENT') {
      throw new TiplineError(
        'GEO_MISSING',
        `The GeoIP database ${path} does not exist; correct enrich.geo, or remove it.`,
        { cause, retryable: false },
      );
    }
    throw new TiplineError('GEO_CORRUPT', `The GeoIP database ${path} cannot be used: fetch it again.`, {
      cause,
      retryable: false,
    });
  }
}

/** Networks that are looked at; files of MaxMind have some hundred thousand, and most of them tell all that the file does. */
const MOST_NETWORKS = 50_000;
const END_OF_IPV4 = 2 ** 32;

/** Goes from network to network, for a small file would be missed by addresses taken here and there. One without IPv4 is believed. */
function tells(reader: Reader<Response>, { isIn }: Wanted): boolean {
  let records = 0;
  let address = 0;
  for (let networks = 0; address < END_OF_IPV4 && networks < MOST_NETWORKS; networks += 1) {
    const ip = [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
    const [record, length] = reader.getWithPrefixLength(ip);
    if (record !== null) {
      records += 1;
      if (isIn(record)) return true;
    }
    const size = 2 ** (32 - Math.min(length, 32));
    address = Math.floor(address / size) * size + size;
  }
  return records === 0;
}

async function stampOf(path: string): Promise<string> {
  const { size, mtimeMs, ino } = await stat(path);
  return `${size} ${mtimeMs} ${ino}`;
}
