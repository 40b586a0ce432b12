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
  /** Whatever else the source told. */
  context?: Record<string, unknown>;
  /** When tipline read it. */
  collected_at?: string;
}

/** The second form on `ioc.raw`: derive this indicator again (expiry, changed list or policy). */
export interface Recheck {
  /** An indicator id. */
  recheck: string;
}

/** Header that keeps a record's first reading time when it is replayed (ISO 8601). */
export const COLLECTED_AT_HEADER = 'collected_at';

/** Header that names the feed which took a record; only our publisher and the command line write it. Without it the feed is EXTERNAL. */
export const FEED_HEADER = 'feed';

/** Header of a record that outsiders sent through a feed of ours (tcp, http-push, foreign topics) which may not block. Its value is `1`. */
export const OUTSIDE_HEADER = 'outside';

/** The feed of records that nobody of ours vouches for. */
export const EXTERNAL = 'external';

/** The feed of what an operator says by hand. */
export const OPERATOR = 'operator';
