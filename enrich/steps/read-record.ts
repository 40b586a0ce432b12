import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import { type Incoming, REFUSED_HEADER } from '../../bus/port.ts';
import {
  COLLECTED_AT_HEADER,
  EXTERNAL,
  FEED_HEADER,
  OUTSIDE_HEADER,
  REBUILD_HEADER,
} from '../../core/contract/raw-indicator.ts';
import { isoOf, isoText, parseIso, readTime } from '../../core/contract/told-time.ts';
import { UNSIGNED_HEADER } from '../../core/contract/topics.ts';
import { isVagueAlias, typeFromAlias } from '../../core/indicator/alias.ts';
import { canonicalise } from '../../core/indicator/canonical.ts';
import type { Indicator } from '../../core/indicator/type.ts';
import { type Claim, sequenceOf } from '../state/claim.ts';
import { withinSize } from './claim-size.ts';
import { type DeadLetterOutcome, deadLetter, type Outcome } from './outcome.ts';
import { contentOf, readParticulars } from './particulars.ts';
import { INVALID, readPercent, readText, readTlp, readTruth, readWords } from './told.ts';

/** When a record can have been read, epoch ms: within what history keeps, and not after now. */
export interface TimeWindow {
  readonly earliest: number;
  readonly latest: number;
  /** Records published before this name no feed and are believed all the same (headersSince). */
  readonly headersSince: number;
}

/** Who took a record: the feed whose publisher says so, or nobody of ours. */
interface Taker {
  readonly feed: string;
  readonly outside: boolean;
}

const STAGE = 'parse';
const MOST_BYTES = 262_144;
const SOURCE_LENGTH = 128;
const REF_LENGTH = 256;
const DESCRIPTION_LENGTH = 512;
const REFERENCE_LENGTH = 512;
const ID_SHAPE = /^[0-9a-f]{40}$/;

/**
 * Reads one record of `ioc.raw`. Nothing in it is trusted: every field is checked, capped and made canonical, and what cannot be used
 * is answered with a reason, never with a throw.
 */
export function readRecord(record: Incoming, origin: string, window: TimeWindow): Outcome {
  const { value } = record;
  const damaged = record.headers[REFUSED_HEADER];
  if (damaged !== undefined)
    return refuse('RAW_BATCH_UNREADABLE', `A batch of records cannot be read: ${damaged.slice(0, 200)}`);
  if (value.length === 0) return { kind: 'drop', reason: 'empty' };
  if (value.length > MOST_BYTES) {
    return refuse('RAW_TOO_LARGE', `The record has ${value.length} bytes; at most ${MOST_BYTES} are read.`);
  }
  if (!isUtf8(value)) return refuse('RAW_NOT_UTF8', 'The record is not valid UTF-8 text.');
  let told: unknown;
  try {
    told = JSON.parse(value.toString('utf8'));
  } catch (error) {
    return refuse(
      'RAW_NOT_JSON',
      `The record is not JSON: ${error instanceof Error ? error.message.slice(0, 120) : ''}`,
    );
  }
  if (typeof told !== 'object' || told === null || Array.isArray(told)) {
    return refuse('RAW_NOT_OBJECT', 'The record is JSON, but not an object.');
  }
  const fields = told as Readonly<Record<string, unknown>>;
  if (fields.recheck !== undefined) return readRecheck(fields.recheck);
  return readReport(fields, record, origin, window);
}

function readRecheck(id: unknown): Outcome {
  if (typeof id === 'string' && ID_SHAPE.test(id)) return { kind: 'recheck', id };
  return refuse('RAW_RECHECK_INVALID', 'recheck must be an indicator id: 40 hexadecimal characters.');
}

function readReport(
  fields: Readonly<Record<string, unknown>>,
  record: Incoming,
  origin: string,
  window: TimeWindow,
): Outcome {
  const indicator = readIndicator(fields.indicator, fields.type);
  if ('kind' in indicator) return indicator;

  const source = readText(fields.source, SOURCE_LENGTH);
  if (source === INVALID || source === '')
    return refuse('RAW_SOURCE_MISSING', 'source must be the name of who says so.');
  const ref = readText(fields.ref, REF_LENGTH);
  if (ref === INVALID) return refuseField('ref', 'a text');
  const confidence = readPercent(fields.confidence);
  if (confidence === INVALID) return refuseField('confidence', 'a number from 0 to 100');
  const severity = readPercent(fields.severity);
  if (severity === INVALID) return refuseField('severity', 'a number from 0 to 100');
  const revoked = readTruth(fields.revoked);
  if (revoked === INVALID) return refuseField('revoked', 'true or false');
  const composite = readTruth(fields.composite);
  if (composite === INVALID) return refuseField('composite', 'true or false');
  const tlp = readTlp(fields.tlp);
  if (tlp === INVALID) return refuseField('tlp', 'CLEAR, GREEN, AMBER, AMBER+STRICT or RED');
  const tags = readWords(fields.tags);
  if (tags === INVALID) return refuseField('tags', 'a list of words');
  const categories = readWords(fields.categories);
  if (categories === INVALID) return refuseField('categories', 'a list of words');
  const malware = readWords(fields.malware);
  if (malware === INVALID) return refuseField('malware', 'a list of names');
  const description = readText(fields.description, DESCRIPTION_LENGTH);
  if (description === INVALID) return refuseField('description', 'a text');
  const reference = readText(fields.reference, REFERENCE_LENGTH);
  if (reference === INVALID) return refuseField('reference', 'a text');

  const { feed, outside } = takerOf(record, window.headersSince);
  const times = readTimes(fields, record, outside, window);
  if ('kind' in times) return times;

  const particulars = readParticulars(fields, indicator);
  const texts = withinSize({ source, ref, description, reference, tags, categories, malware });
  const content = [
    // of outsiders alone: in the name of another source they must not take the place of its statement in history
    ...(outside ? [feed] : []),
    source,
    ref,
    indicator.type,
    indicator.value,
    confidence ?? 0,
    severity ?? '',
    revoked === true,
    composite === true,
    texts.tags.join('\x01'),
    tlp ?? '',
    texts.description,
    texts.reference,
    texts.categories.join('\x01'),
    texts.malware.join('\x01'),
  ].join('\0');
  // only where it is told: what was said before has the hash that it had
  const more = `${times.validFrom === undefined ? '' : `\0${times.validFrom}`}${contentOf(particulars)}`;
  const claim: Claim = {
    feed,
    outside,
    ...texts,
    confidence: confidence ?? 0,
    severity,
    timestamp: times.timestamp,
    sequence: times.undated ? sequenceOf(origin) : 0,
    firstSeen: times.firstSeen,
    lastSeen: times.lastSeen,
    validFrom: times.validFrom,
    validUntil: times.validUntil,
    revoked: revoked === true,
    composite: composite === true,
    tlp,
    particulars,
    hash: hash('sha256', content + more, 'hex').slice(0, 40),
    origin,
    action: 'updated',
  };
  return { kind: 'report', report: { indicator, claim, collectedAt: times.collectedAt, told: fields } };
}

/** A record without a name on it was written by somebody else, whatever it says of its source. */
function takerOf({ headers, timestamp }: Incoming, headersSince: number): Taker {
  const told = headers[FEED_HEADER];
  // a statement of before feeds were noted, which a rebuild tells once more
  if (told === '' && headers[REBUILD_HEADER] !== undefined) return { feed: '', outside: false };
  const feed = readText(told, SOURCE_LENGTH);
  if (feed === INVALID || feed === '') {
    const ofBefore = timestamp < headersSince && headers[UNSIGNED_HEADER] === undefined;
    return ofBefore ? { feed: '', outside: false } : { feed: EXTERNAL, outside: true };
  }
  return { feed, outside: headers[OUTSIDE_HEADER] !== undefined };
}

function readIndicator(told: unknown, toldType: unknown): Indicator | DeadLetterOutcome {
  if (typeof told !== 'string' || told === '') {
    return refuse(
      'RAW_INDICATOR_MISSING',
      'indicator must be a text: the address, domain, URL, hash, … that is told of.',
    );
  }
  let type: ReturnType<typeof typeFromAlias>;
  if (toldType !== undefined && toldType !== null && toldType !== '') {
    type = typeof toldType === 'string' ? typeFromAlias(toldType) : undefined;
    // "hash" or "file" says too little, but nothing wrong: then the value tells
    if (type === undefined && !(typeof toldType === 'string' && isVagueAlias(toldType))) {
      return refuse('RAW_TYPE_UNKNOWN', `type ${shown(toldType)} is not a type of indicator that tipline knows.`);
    }
  }
  const canonical = canonicalise(told, type);
  return canonical.ok ? canonical.indicator : refuse(canonical.code, canonical.message);
}

interface Times {
  collectedAt: number;
  timestamp: string;
  /** The source told no time. */
  undated: boolean;
  firstSeen: string | undefined;
  lastSeen: string;
  validFrom: string | undefined;
  validUntil: string | undefined;
}

function readTimes(
  fields: Readonly<Record<string, unknown>>,
  record: Incoming,
  outside: boolean,
  window: TimeWindow,
): Times | DeadLetterOutcome {
  const toldCollected = readTime(fields.collected_at ?? record.headers[COLLECTED_AT_HEADER]);
  if (toldCollected === 'invalid') return refuseField('collected_at', TIME);
  // who may write to the topic decides both times, and each day that they name becomes an index
  const read = toldCollected === 'absent' ? record.timestamp : toldCollected;
  // a publisher of ours whose clock is ahead is believed, or its statements would change places with those of before
  const latest = outside ? window.latest : Math.max(window.latest, record.timestamp);
  const collectedAt = Math.min(Math.max(read, window.earliest), latest);

  const timestamp = readTime(fields.timestamp);
  if (timestamp === 'invalid') return refuseField('timestamp', TIME);
  const firstSeen = readTime(fields.first_seen);
  if (firstSeen === 'invalid') return refuseField('first_seen', TIME);
  const lastSeen = readTime(fields.last_seen);
  if (lastSeen === 'invalid') return refuseField('last_seen', TIME);
  const validFrom = readTime(fields.valid_from);
  if (validFrom === 'invalid') return refuseField('valid_from', TIME);
  const validUntil = readTime(fields.valid_until);
  if (validUntil === 'invalid') return refuseField('valid_until', TIME);

  // what is said to be of later is a wrong clock, or a lie that would outlast all that is said until then
  const seen = (told: unknown, ms: number): string => isoText(told, ms, Math.min(ms, collectedAt));
  const said =
    timestamp === 'absent' ? isoText(fields.collected_at, collectedAt, collectedAt) : seen(fields.timestamp, timestamp);
  return {
    collectedAt,
    timestamp: said,
    undated: timestamp === 'absent',
    firstSeen: firstSeen === 'absent' ? undefined : seen(fields.first_seen, firstSeen),
    lastSeen: lastSeen === 'absent' ? said : seen(fields.last_seen, lastSeen),
    // most feeds tell here when they wrote it
    validFrom: validFrom === 'absent' || validFrom <= parseIso(said) ? undefined : isoOf(validFrom),
    validUntil: validUntil === 'absent' ? undefined : isoText(fields.valid_until, validUntil, validUntil),
  };
}

const TIME = 'a time: ISO 8601, or seconds or milliseconds since 1970';

function refuse(code: string, message: string): DeadLetterOutcome {
  return deadLetter(STAGE, code, message);
}

function refuseField(field: string, allowed: string): DeadLetterOutcome {
  return refuse(`RAW_${field.toUpperCase()}_INVALID`, `${field} must be ${allowed}.`);
}

function shown(told: unknown): string {
  return JSON.stringify(typeof told === 'string' ? told.slice(0, 60) : typeof told);
}
