import type { Tlp } from './tlp.ts';

/**
 * What one feed said once: the JSON on `ioc.raw`.
 *
 * This is the shape that our own feeds write. Foreign producers may be sloppier (numbers as text, tags as one
 * comma-separated text, epoch times); `enrich` reads all of that. Times are ISO 8601 UTC.
 */
export interface RawIndicator {
  indicator: string;
  /** Who says so. The publisher sets the feed's name when the feed gave none. */
  source?: string;
  /** The source's own id for this statement: STIX id, MISP attribute uuid. */
  ref?: string;
  /** One of our types or an alias that feeds use; inferred when absent. */
  type?: string;
  /** 0–100. */
  confidence?: number;
  /** 0–100; absent: derived by rules/severity.yaml. */
  severity?: number;
  /** When the source said it: STIX `modified`, MISP attribute timestamp, a list's generatedAt. */
  timestamp?: string;
  /** When the threat was seen, not when the record was made. */
  first_seen?: string;
  last_seen?: string;
  /** From when the statement counts; a time that is still to come makes it wait. */
  valid_from?: string;
  valid_until?: string;
  revoked?: boolean;
  tags?: string[];
  tlp?: Tlp;
  description?: string;
  reference?: string;
  categories?: string[];
  malware?: string[];
  /** Part of a compound pattern: kept, never acted on alone. */
  composite?: boolean;
  /** The port that was said with an address or a domain. */
  port?: number;
  /** How often the source says that it was seen. */
  sightings?: number;
  /** The report it stands in: uuid of a MISP event, id of a STIX report or bundle. */
  event_id?: string;
  /** The object that says so, where `ref` names a part of it: a MISP object, a STIX indicator with several values. */
  object_id?: string;
  /** What is known of the file that a hash is of. */
  file?: RawFile;
  /** Whatever else the source told. */
  context?: Record<string, unknown>;
  /** When tipline read it. */
  collected_at?: string;
}

/** A file, by all that one source knows of it: its records carry the hashes of one another. */
export interface RawFile {
  name?: string;
  /** Bytes. */
  size?: number;
  /** MIME type, or what the source calls it. */
  type?: string;
  hashes?: Partial<Record<FileHash, string>>;
}

export const FILE_HASHES = ['md5', 'sha1', 'sha256', 'sha512', 'ssdeep', 'tlsh', 'imphash'] as const;
export type FileHash = (typeof FILE_HASHES)[number];

export function isFileHash(type: string | undefined): type is FileHash {
  return FILE_HASHES.some((hash) => hash === type);
}

/** No statement outlives this, ms from when it was made or the threat was seen, whatever `valid_until` says: feeds write the year 9999. */
export const LONGEST_LIFE = 730 * 86_400_000;

/** The second form on `ioc.raw`: derive this indicator again (expiry, changed list or policy). */
export interface Recheck {
  /** An indicator id. */
  recheck: string;
}

/** Header that keeps a record's first reading time when it is replayed (ISO 8601). */
export const COLLECTED_AT_HEADER = 'collected_at';

/** Header of a record that a rebuild put on the topic again: what is known of its statement is asked of the store. */
export const REBUILD_HEADER = 'rebuild';

/** Its value where history has the statement already, so that it is not written a second time, on the day of a later telling. */
export const IN_HISTORY = 'in-history';

/** Header that names the feed which took a record; only our publisher and the command line write it. Without it the feed is EXTERNAL; empty, it was told before feeds were noted. */
export const FEED_HEADER = 'feed';

/** Header of a record that outsiders sent through a feed of ours (tcp, http-push, foreign topics) which may not block. Its value is `1`. */
export const OUTSIDE_HEADER = 'outside';

/** The feed of records that nobody of ours vouches for. */
export const EXTERNAL = 'external';

/** The feed of what an operator says by hand. */
export const OPERATOR = 'operator';
