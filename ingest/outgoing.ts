import { hash } from 'node:crypto';
import type { Outgoing } from '../bus/port.ts';
import { isVagueAlias, typeFromAlias } from '../core/indicator/alias.ts';
import { canonicalise } from '../core/indicator/canonical.ts';
import { indicatorId } from '../core/indicator/id.ts';
import type { Indicator, IndicatorType } from '../core/indicator/type.ts';
import type { Admission } from './admission.ts';
import { confidenceOf } from './confidence.ts';
import { type FeedRecord, Unreadable } from './feed.ts';
import type { Ageing } from './lifetime.ts';
import type { Rule } from './refusal.ts';
import type { FeedSettings } from './settings.ts';

/** The enricher refuses what is larger, so it is not worth a place on the bus. */
export const MOST_RECORD_BYTES = 262_144;

/** Why a record does not go on the bus: it is too large or too deep to be used, or the feed's own rules keep it out. */
export type NotSent = 'too_large' | Rule;

/** What a feed's settings make of its records. */
export interface Rules {
  readonly admits: Admission | undefined;
  readonly ageing: Ageing;
}

/** `over`: it expires on arrival. */
export interface Made extends Outgoing {
  readonly over: boolean;
}

/**
 * A record as it goes on the bus: what the feed left open is filled from its configuration, and the key is the indicator's id, so that
 * everything said of one indicator stays in order; who took it is said by the publisher, in headers. `named` is told which indicator that is, when the text is one.
 */
export function toOutgoing(
  record: FeedRecord,
  settings: FeedSettings,
  collectedAt: string,
  { admits, ageing }: Rules,
  named?: (indicator: Indicator) => void,
): Made | NotSent {
  if (record instanceof Unreadable) return unreadable(record.bytes);
  const open: OpenRecord = record;
  fillIn(open, settings, collectedAt);
  const indicator = indicatorOf(open.indicator, open.type);
  ageing.grant(open, indicator?.type);
  const rule = admits?.(open, indicator?.type);
  if (rule !== undefined) return rule;
  let value: string;
  try {
    value = JSON.stringify(record);
  } catch {
    // JSON.parse reads any depth, JSON.stringify overflows the stack at some thousand levels
    return 'too_large';
  }
  // UTF-8 has at most three bytes for a UTF-16 unit, so most records need no counting
  if (value.length * 3 > MOST_RECORD_BYTES && Buffer.byteLength(value) > MOST_RECORD_BYTES) return 'too_large';
  if (indicator !== undefined) named?.(indicator);
  const key = indicator === undefined ? strangeKey(open.indicator, value) : indicatorId(indicator);
  return { key, value, over: indicator !== undefined && ageing.isOver(open, indicator.type) };
}

/** Any record, for looking at and filling in the fields that ingest cares about. */
interface OpenRecord {
  indicator?: unknown;
  type?: unknown;
  source?: unknown;
  confidence?: unknown;
  severity?: unknown;
  tags?: unknown;
  tlp?: unknown;
  last_seen?: unknown;
  timestamp?: unknown;
  valid_from?: unknown;
  valid_until?: unknown;
  collected_at?: unknown;
  revoked?: unknown;
}

/** Changes the record itself: it belongs to the page that is being published. */
function fillIn(record: OpenRecord, settings: FeedSettings, collectedAt: string): void {
  record.source ??= settings.name;
  record.type ??= settings.indicator_type;
  if (settings.confidence !== undefined) record.confidence = confidenceOf(record.confidence, settings.confidence);
  record.severity ??= settings.severity;
  record.tlp ??= settings.tlp;
  record.collected_at ??= collectedAt;
  if (settings.tags.length > 0) record.tags = withTags(record.tags, settings.tags);
}

/** The record's own tags and those of the feed. Anything that is no list of tags stays as it is: the enricher tells why it is refused. */
function withTags(told: unknown, added: readonly string[]): unknown {
  if (told === undefined || told === null || told === '') return added;
  let own: unknown[];
  if (Array.isArray(told)) own = told;
  else if (typeof told === 'string') own = told.split(',').map((tag) => tag.trim());
  else return told;
  return [...own, ...added.filter((tag) => !own.includes(tag))];
}

/** What a record is about; undefined when that is no indicator. */
export function indicatorOf(text: unknown, toldType: unknown): Indicator | undefined {
  if (typeof text !== 'string') return undefined;
  let type: IndicatorType | undefined;
  if (typeof toldType === 'string' && toldType !== '') {
    type = typeFromAlias(toldType);
    if (type === undefined && !isVagueAlias(toldType)) return undefined;
  }
  const canonical = canonicalise(text, type);
  return canonical.ok ? canonical.indicator : undefined;
}

function unreadable(bytes: Buffer): Made | NotSent {
  if (bytes.length > MOST_RECORD_BYTES) return 'too_large';
  return { key: contentKey(bytes), value: bytes, over: false };
}

/** The key of a record, whoever sends it; undefined when it names nothing. */
export function keyOf(text: unknown, toldType: unknown): string | undefined {
  if (typeof text !== 'string') return undefined;
  const indicator = indicatorOf(text, toldType);
  return indicator === undefined ? contentKey(text) : indicatorId(indicator);
}

/** Equal texts that are no indicator keep their order too. */
function strangeKey(text: unknown, record: string): string {
  return contentKey(typeof text === 'string' ? text : record);
}

/** A key for what names no indicator: it only has to spread such records over the partitions. */
function contentKey(content: string | Buffer): string {
  return hash('sha256', content, 'hex').slice(0, 40);
}
