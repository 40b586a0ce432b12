import type { IndicatorType } from '../indicator/type.ts';
import type { FileHash } from './raw-indicator.ts';
import type { Tlp } from './tlp.ts';

/** Version of the document on `ioc.enriched` and in the indices; readers skip versions they do not know. */
export const DOCUMENT_SCHEMA = 1;

/** allowed > active > revoked > expired. */
export type Status = 'allowed' | 'active' | 'revoked' | 'expired';

/** What a record did to an indicator; `event.action`. */
export type EventAction = 'new' | 'updated' | 'seen' | 'revoked' | 'expired';

/** What a source knows of an indicator beside its judgement. Empty fields are absent. */
export interface Particulars {
  /** A URL as the source wrote it, where that is not the canonical form. */
  original?: string;
  port?: number;
  sightings?: number;
  /** The report it stands in: uuid of a MISP event, id of a STIX report or bundle. */
  event_id?: string;
  /** The object that says so, where `ref` names a part of it. */
  object_id?: string;
  file?: FileParticulars;
}

export interface FileParticulars {
  name?: string;
  /** Bytes. */
  size?: number;
  type?: string;
  /** Of that one file, in canonical form; the indicator's own is among them. */
  hashes?: Partial<Record<FileHash, string>>;
}

/** What is remembered of one source's statement, as it stands in the current document and on the topic. Empty fields are absent. */
export interface SlimClaim extends Particulars {
  /** The feed that took it: the configured name, `operator` for the command line, `external` where nobody of ours vouches. Absent in documents of before. */
  feed?: string;
  /** Taken from outsiders: it is shown and scored, but never blocks, and never speaks against what other feeds said. */
  outside?: true;
  source: string;
  ref?: string;
  confidence: number;
  /** The severity that counts: the source's own, or the derived one. */
  severity: number;
  severity_derived?: true;
  /** trunc(0.7 confidence + 0.3 severity), by the configured weights. */
  score: number;
  /** ISO 8601, when the source said it. */
  timestamp: string;
  /** The source told no time: `timestamp` is when tipline read it, and of one moment the record further down the topic counts. */
  undated?: true;
  first_seen?: string;
  last_seen: string;
  /** The claim is not live before; absent when it was live from its timestamp on. */
  valid_from?: string;
  valid_until?: string;
  /** When this claim stops counting by itself; past it (or revoked) the claim is not live. */
  expires_at: string;
  revoked?: true;
  composite?: true;
  tags?: string[];
  tlp?: Tlp;
  categories?: string[];
  malware?: string[];
  description?: string;
  reference?: string;
  /** Content hash: breaks ties between statements of one moment and names the history document. */
  hash: string;
  /** `topic-partition-offset` of the record that made this claim. */
  origin: string;
  /** What that record did to the indicator. */
  action: EventAction;
}

/** Why the score is what it is: the winning claim and its terms. */
export interface Why {
  feed?: string;
  outside?: true;
  source: string;
  ref?: string;
  confidence: number;
  severity: number;
  severity_derived?: true;
  score: number;
  weights: { confidence: number; severity: number };
  /** The allow-list entry that makes the status `allowed`. */
  allowed_by?: string;
}

/** Where a state stands in time: its life, and the revision within it. */
export interface Moment {
  readonly life: number;
  readonly revision: number;
}

/** The moment of a document; those of before lives were told of are of life 0. */
export function momentOf({ life = 0, revision }: { readonly life?: number; readonly revision: number }): Moment {
  return { life, revision };
}

/** Does `a` say something newer than `b`? */
export function isLater(a: Moment, b: Moment): boolean {
  return a.life === b.life ? a.revision > b.revision : a.life > b.life;
}

/** Our own root of the document. */
export interface TiplinePart {
  schema: number;
  id: string;
  type: IndicatorType;
  value: string;
  confidence: number;
  severity: number;
  threat_score: number;
  status: Status;
  /** When the indicator stops being active by itself (ISO 8601); by the claims of our feeds alone while one of them is live. */
  expires_at: string;
  /** When the first live claim lapses or the next one begins, so that the score must be derived again (ISO 8601). */
  recheck_at?: string;
  /** Names of the sources with a live claim; with none, of all. */
  sources: string[];
  /** True when no live claim stands alone. */
  composite: boolean;
  /** When this memory of the indicator began (epoch ms). A store that was rebuilt counts its revisions anew, in a later life. */
  life?: number;
  /** Goes up by one with every change; comparable only within one life. */
  revision: number;
  /** Origin of the record that made the indicator: its re-delivery is published as `new` again. */
  born: string;
  /** Origin of the record that caused this revision: its re-delivery after a crash publishes this revision again. */
  cause: string;
  why: Why;
  /** The warning list that knows this value as harmless: it is indexed and searchable, but neither alerted, exported nor blocked. */
  benign?: string;
  /** CIDR only: for look-ups by address. */
  ip_range?: string;
  claims: SlimClaim[];
}

/** Geography of an address, ECS field names. */
export interface Geo {
  country_iso_code?: string;
  country_name?: string;
  continent_code?: string;
  region_iso_code?: string;
  region_name?: string;
  city_name?: string;
  timezone?: string;
  postal_code?: string;
  location?: { lat: number; lon: number };
}

/** The network that announces an address, ECS field names. */
export interface AutonomousSystem {
  number: number;
  organization?: { name: string };
}

/** The current document: one an indicator, on `ioc.enriched` (value) and in `threat_intel_current` (id = indicator id). */
export interface EnrichedDocument {
  /** Time of the last change (ISO 8601). */
  '@timestamp': string;
  event: {
    provider: string;
    action: EventAction;
    risk_score: number;
    severity: number;
    [field: string]: unknown;
  };
  threat: {
    indicator: {
      type: string;
      name: string;
      first_seen?: string;
      last_seen?: string;
      description?: string;
      reference?: string;
      marking?: { tlp: Tlp; tlp_version: string };
      geo?: Geo;
      as?: AutonomousSystem;
      [field: string]: unknown;
    };
    feed: { name: string[] };
    /** Malware families that live claims name. */
    software?: { name: string[] };
  };
  tags?: string[];
  tipline: TiplinePart;
  [field: string]: unknown;
}

/** The feed whose claim it is. One of before feeds were noted is known by its source, which was the feed's name where nobody was quoted. */
export function feedOf({ feed, source }: SlimClaim): string {
  return feed ?? source;
}

/** Is this claim live at `now` (epoch ms)? Live claims alone count for scores, alerts and blocks. */
export function isLive(claim: SlimClaim, now: number): boolean {
  if (claim.valid_from !== undefined && Date.parse(claim.valid_from) > now) return false;
  return !isOver(claim, now);
}

/** Will this claim never be live again by itself? One that begins later is not over. */
export function isOver(claim: SlimClaim, now: number): boolean {
  return claim.revoked === true || Date.parse(claim.expires_at) <= now;
}
