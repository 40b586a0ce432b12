import type { EventAction, Particulars, SlimClaim } from '../../core/contract/enriched-document.ts';
import type { Tlp } from '../../core/contract/tlp.ts';

/**
 * What one source said under one ref, as it was told: nothing in it depends on a clock, a list or a policy, so claims can be
 * merged in any order. All times are ISO 8601 in UTC with milliseconds, which makes them comparable as text.
 */
export interface Claim {
  /** The feed that took it, '' in what was remembered before feeds were noted. Whose claim it is: nobody else displaces or revokes it. */
  readonly feed: string;
  /** Taken from outsiders. */
  readonly outside: boolean;
  readonly source: string;
  /** '' when the source gave none. */
  readonly ref: string;
  readonly confidence: number;
  /** Absent when the source gave none: then it is derived. */
  readonly severity: number | undefined;
  readonly timestamp: string;
  /**
   * Orders statements of one moment. Where the source told no time all of one reading bear the same, so the place on the topic decides; 0 where it
   * told one, because a list that is read again comes in places of its own each time.
   */
  readonly sequence: number;
  readonly firstSeen: string | undefined;
  readonly lastSeen: string;
  /** Later than `timestamp`: the claim waits until then. */
  readonly validFrom: string | undefined;
  readonly validUntil: string | undefined;
  readonly revoked: boolean;
  readonly composite: boolean;
  readonly tags: readonly string[];
  readonly tlp: Tlp | undefined;
  readonly categories: readonly string[];
  readonly malware: readonly string[];
  readonly description: string;
  readonly reference: string;
  readonly particulars: Particulars | undefined;
  /** Hash of feed (of outsiders alone), source, ref, indicator and content: equal hashes say the same thing. Also the id of the history document. */
  readonly hash: string;
  readonly origin: string;
  readonly action: EventAction;
}

/** Back from the form that stands in the current document; what was derived there is dropped. */
export function fromSlim(slim: SlimClaim): Claim {
  return {
    feed: slim.feed ?? '',
    outside: slim.outside === true,
    source: slim.source,
    ref: slim.ref ?? '',
    confidence: slim.confidence,
    severity: slim.severity_derived === true ? undefined : slim.severity,
    timestamp: slim.timestamp,
    sequence: slim.undated === true ? sequenceOf(slim.origin) : 0,
    firstSeen: slim.first_seen,
    lastSeen: slim.last_seen,
    validFrom: slim.valid_from,
    validUntil: slim.valid_until,
    revoked: slim.revoked === true,
    composite: slim.composite === true,
    tags: slim.tags ?? [],
    tlp: slim.tlp,
    categories: slim.categories ?? [],
    malware: slim.malware ?? [],
    description: slim.description ?? '',
    reference: slim.reference ?? '',
    particulars: particularsOf(slim),
    hash: slim.hash,
    origin: slim.origin,
    action: slim.action,
  };
}

function particularsOf({ original, port, sightings, event_id, object_id, file }: SlimClaim): Particulars | undefined {
  const told: Particulars = {};
  if (original !== undefined) told.original = original;
  if (port !== undefined) told.port = port;
  if (sightings !== undefined) told.sightings = sightings;
  if (event_id !== undefined) told.event_id = event_id;
  if (object_id !== undefined) told.object_id = object_id;
  if (file !== undefined) told.file = file;
  for (const _ in told) return told;
  return undefined;
}

/** The place on the topic of an origin, counted from 1. */
export function sequenceOf(origin: string): number {
  return Number(origin.slice(origin.lastIndexOf('-') + 1)) + 1;
}

/** What a policy makes of a claim. */
export interface Judgement {
  severity: number;
  score: number;
  /** Epoch ms: from then on the claim is not live. */
  expiresAt: number;
}

const quote = JSON.stringify;

/**
 * The SlimClaim of the current document and the topic, as JSON text; empty fields are left out. Put together by hand: the object between
 * would cost twice as much as the text.
 */
export function slimText(claim: Claim, judged: Judgement, expiresAt: string): string {
  let text =
    `{"source":${quote(claim.source)},"confidence":${claim.confidence},"severity":${judged.severity},"score":${judged.score},` +
    `"timestamp":"${claim.timestamp}","last_seen":"${claim.lastSeen}","expires_at":"${expiresAt}",` +
    `"hash":"${claim.hash}","origin":"${claim.origin}","action":"${claim.action}"`;
  if (claim.feed !== '') text += `,"feed":${quote(claim.feed)}`;
  if (claim.outside) text += ',"outside":true';
  if (claim.sequence > 0) text += ',"undated":true';
  if (claim.ref !== '') text += `,"ref":${quote(claim.ref)}`;
  if (claim.severity === undefined) text += ',"severity_derived":true';
  if (claim.firstSeen !== undefined) text += `,"first_seen":"${claim.firstSeen}"`;
  if (claim.validFrom !== undefined) text += `,"valid_from":"${claim.validFrom}"`;
  if (claim.validUntil !== undefined) text += `,"valid_until":"${claim.validUntil}"`;
  if (claim.revoked) text += ',"revoked":true';
  if (claim.composite) text += ',"composite":true';
  if (claim.tags.length > 0) text += `,"tags":${quote(claim.tags)}`;
  if (claim.tlp !== undefined) text += `,"tlp":"${claim.tlp}"`;
  if (claim.categories.length > 0) text += `,"categories":${quote(claim.categories)}`;
  if (claim.malware.length > 0) text += `,"malware":${quote(claim.malware)}`;
  if (claim.description !== '') text += `,"description":${quote(claim.description)}`;
  if (claim.reference !== '') text += `,"reference":${quote(claim.reference)}`;
  if (claim.particulars !== undefined) text += `,${quote(claim.particulars).slice(1, -1)}`;
  return `${text}}`;
}
