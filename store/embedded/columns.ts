import type { EnrichedDocument } from '../../core/contract/enriched-document.ts';
import type { StoredState } from '../port.ts';
import { hostKey, rangeKey } from './lookup-keys.ts';

/** What a row of `current` holds beside the document; epoch ms. */
export interface CurrentColumns {
  type: string;
  status: string;
  score: number;
  composite: 0 | 1;
  changedAt: number;
  expiresAt: number;
  recheckAt: number | null;
  rangeFirst: Uint8Array | null;
  rangeLast: Uint8Array | null;
  host: string | null;
  sources: string;
}

/** Why a document cannot be stored. */
export interface Unfit {
  unfit: string;
}

/** Reads the columns from a document's JSON text. */
export function columnsOf(id: string, text: string): CurrentColumns | Unfit {
  let document: EnrichedDocument;
  try {
    document = JSON.parse(text);
  } catch {
    return { unfit: 'the document is no JSON' };
  }
  const part = document?.tipline;
  if (part?.id !== id) return { unfit: 'tipline.id is not the id of the document' };
  const changedAt = Date.parse(document['@timestamp']);
  const expiresAt = Date.parse(part.expires_at);
  const recheckAt = part.recheck_at === undefined ? null : Date.parse(part.recheck_at);
  if (Number.isNaN(changedAt)) return { unfit: '@timestamp is no date' };
  if (Number.isNaN(expiresAt)) return { unfit: 'tipline.expires_at is no date' };
  if (Number.isNaN(recheckAt)) return { unfit: 'tipline.recheck_at is no date' };
  if (!Number.isInteger(part.threat_score)) return { unfit: 'tipline.threat_score is no whole number' };
  if (typeof part.status !== 'string') return { unfit: 'tipline.status is no text' };
  if (typeof part.type !== 'string' || typeof part.value !== 'string')
    return { unfit: 'tipline.type or value is no text' };
  const range = rangeKey(part.type, part.value);
  return {
    type: part.type,
    status: part.status,
    score: part.threat_score,
    composite: part.composite ? 1 : 0,
    changedAt,
    expiresAt,
    recheckAt,
    rangeFirst: range?.first ?? null,
    rangeLast: range?.last ?? null,
    host: hostKey(part.type, part.value) ?? null,
    sources: JSON.stringify(part.sources ?? []),
  };
}

/** What the enricher merges with, from a document's JSON text. */
export function stateOf(text: string): StoredState {
  const { tipline, threat, event, '@timestamp': changedAt }: EnrichedDocument = JSON.parse(text);
  return {
    tipline,
    changedAt,
    firstSeen: threat.indicator.first_seen ?? changedAt,
    action: event.action,
    provider: event.provider,
  };
}
