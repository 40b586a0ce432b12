import { type Incoming, type Outgoing, REFUSED_HEADER } from '../../bus/port.ts';
import {
  COLLECTED_AT_HEADER,
  FEED_HEADER,
  IN_HISTORY,
  OUTSIDE_HEADER,
  REBUILD_HEADER,
} from '../../core/contract/raw-indicator.ts';
import { rawOf } from '../../core/contract/raw-of-claim.ts';
import { UNSIGNED_HEADER } from '../../core/contract/topics.ts';
import { indicatorId } from '../../core/indicator/id.ts';
import type { IndicatorType } from '../../core/indicator/type.ts';
import type { Claim } from '../../enrich/state/claim.ts';
import { readRecord, type TimeWindow } from '../../enrich/steps/read-record.ts';
import type { HistoryDocument } from '../../store/port.ts';

/** A statement that is told once more: as it goes onto `ioc.raw`, and as the enricher will read it. */
export interface Statement {
  readonly id: string;
  readonly type: IndicatorType;
  readonly claim: Claim;
  readonly outgoing: Outgoing;
}

/** What stands on the topic: the bytes and what stood beside them. */
export type RawRecord = Pick<Incoming, 'value' | 'headers' | 'timestamp'>;

/**
 * A statement out of history, whose documents carry it in full. Undefined for a document that is not as ours are. What was remembered before
 * feeds were noted has none, which the empty name says: it counts as it did.
 */
export function fromHistory(document: HistoryDocument, window: TimeWindow): Statement | undefined {
  const { tipline, event } = document;
  if (tipline?.claim === undefined || typeof event?.created !== 'string') return undefined;
  const { claim } = tipline;
  const value = JSON.stringify(rawOf(tipline, claim, event.created));
  const headers: Record<string, string> = { [FEED_HEADER]: claim.feed ?? '', [REBUILD_HEADER]: IN_HISTORY };
  if (claim.outside === true) headers[OUTSIDE_HEADER] = '1';
  return read({ value: Buffer.from(value), headers, timestamp: window.latest }, claim.origin, window);
}

/** A statement out of `ioc.raw`; undefined for what the enricher refused, for rechecks, and for what a rebuild put there. */
export function fromRaw(record: RawRecord, origin: string, window: TimeWindow): Statement | undefined {
  const { headers, timestamp, value } = record;
  if (headers[REBUILD_HEADER] !== undefined || headers[REFUSED_HEADER] !== undefined) return undefined;
  const kept: Record<string, string> = { ...headers, [REBUILD_HEADER]: 'from-topic' };
  // its own time on the topic becomes another one: when it was read must not
  kept[COLLECTED_AT_HEADER] ??= new Date(timestamp).toISOString();
  const ofBefore = headers[FEED_HEADER] === undefined && headers[UNSIGNED_HEADER] === undefined;
  if (ofBefore && timestamp < window.headersSince) kept[FEED_HEADER] = '';
  return read({ value, headers: kept, timestamp }, origin, window);
}

/** The same, where history has it. */
export function inHistory(statement: Statement): Statement {
  const { outgoing } = statement;
  return { ...statement, outgoing: { ...outgoing, headers: { ...outgoing.headers, [REBUILD_HEADER]: IN_HISTORY } } };
}

function read({ value, headers, timestamp }: RawRecord, origin: string, window: TimeWindow): Statement | undefined {
  const outcome = readRecord({ key: null, value, offset: 0, timestamp, headers }, origin, window);
  if (outcome.kind !== 'report') return undefined;
  const { indicator, claim } = outcome.report;
  const id = indicatorId(indicator);
  return { id, type: indicator.type, claim, outgoing: { key: id, value, headers } };
}
