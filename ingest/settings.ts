import { z } from 'zod';
import type { IndicatorType } from '../core/indicator/type.ts';
import { feedSection } from '../core/process/config/sections.ts';
import { type AdmissionSettings, selection } from './admission.ts';
import { confidence } from './confidence.ts';
import { transportKeys } from './fetch/transport.ts';
import { type AgeingSettings, lifetime, lifetimeFrom } from './lifetime.ts';
import { type Limits, limits } from './limits.ts';
import { indicatorType, milliseconds, tlpLevel } from './setting-values.ts';
import { type Checks, checks } from './snapshot/checks.ts';

const own = feedSection.shape;

/** The keys that every feed has, with the checks that only ingest can make; each feed adds its own to them. */
export const commonKeys = {
  ...own,
  name: own.name.describe(
    'The source of what it tells, and its place in metrics and status. Keep it: reading goes on under it after a restart.',
  ),
  type: own.type.describe('What kind of feed it is.'),
  enabled: own.enabled.describe('`false` leaves the feed out.'),
  tags: own.tags.describe('Tags that every record gets beside its own.'),
  severity: own.severity.describe('For records that bring none, 0 to 100; without it the severity rules decide.'),
  trust_source: own.trust_source.describe(
    'May its records speak in the name of any source? If not, their `source` becomes `feed/source`. Files may unless told, and what is sent here may not. It decides a name to search by; what may block is decided by `may_block`.',
  ),
  may_block: own.may_block.describe(
    'May what it says block? If not, its statements are shown, scored and mailed, but block nothing. What others send (tcp, http-push, kafka) may not unless told; all other feeds may.',
  ),
  confidence: confidence
    .optional()
    .describe('For records that bring none, 0 to 100; or a section that says what their own means.'),
  tlp: tlpLevel.optional().describe('For records that bring none: CLEAR, GREEN, AMBER, AMBER+STRICT or RED.'),
  tlp_max: tlpLevel.optional().describe('Records that may be passed on less freely than this are left out.'),
  indicator_type: indicatorType
    .optional()
    .describe('The type of records that bring none; without it one is inferred from the text.'),
  lifetime: lifetime
    .optional()
    .describe(
      'How long a record is valid that says nothing of it, from when it was last seen; also by type. Not for whole lists: their records live while they stand on the list.',
    ),
  lifetime_from: lifetimeFrom
    .optional()
    .describe(
      'From when the lifetime of a record counts that says nothing of its end: `seen` (so without it), when the threat was last seen, by which old records expire on arrival; or `import`, when tipline read it: an import of old events then counts as told today, and their own time says when the threat was last seen.',
    ),
  limits: limits
    .optional()
    .describe(
      'The most that one reading may take; above it the reading ends with an error, and what came before is published, but nothing of a whole list.',
    ),
  include: selection.optional().describe('Only records that meet one of these are taken.'),
  exclude: selection.optional().describe('Records that meet one of these are left out.'),
};

/** Of feeds that are asked; files are looked at in a rhythm of their own, and what listens has none. */
export const rhythmKeys = {
  every: milliseconds.default(3_600_000).describe('From the beginning of a reading to that of the next.'),
};

/** The keys that every feed has which fetches from a server. */
export const fetchedKeys = { ...commonKeys, ...rhythmKeys, ...transportKeys };

/** What feeds have beside these of which each answer is the whole list. */
export const listKeys = {
  checks: checks
    .optional()
    .describe(
      'When a list is held back instead of published; the last good one stays alive. `false` publishes whatever comes.',
    ),
  revoke_on_absence: z
    .boolean()
    .default(false)
    .describe(
      'What is no longer on the list is withdrawn at once, instead of expiring; not of a list that was cut off by a limit. The list then speaks at the moment it is read: times of its entries say when they were last seen.',
    ),
};

/** The keys of feeds that fetch whole lists. */
export const wholeListKeys = { ...fetchedKeys, ...listKeys };

/** What ingest needs to know of any feed. */
export interface FeedSettings extends AdmissionSettings, AgeingSettings {
  readonly name: string;
  readonly type: string;
  readonly enabled: boolean;
  /** See confidence.ts; a rule over columns is the feed's own affair. */
  readonly confidence?: unknown;
  readonly severity?: number | undefined;
  readonly tags: readonly string[];
  readonly tlp?: string | undefined;
  readonly indicator_type?: IndicatorType | undefined;
  readonly limits?: Limits | undefined;
  readonly trust_source?: boolean | undefined;
  readonly may_block?: boolean | undefined;
  readonly checks?: Checks | false | undefined;
  readonly revoke_on_absence?: boolean | undefined;
  /** Of feeds that fetch, what `transportKeys` says; others may mean something else by them. */
  readonly proxy?: unknown;
  readonly tls?: unknown;
  readonly rate?: unknown;
}
