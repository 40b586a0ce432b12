import type { BatchPatience } from '../bus/port.ts';
import { isLater, momentOf } from '../core/contract/enriched-document.ts';
import { messageOf } from '../core/process/errors.ts';
import type { Log } from '../core/process/log.ts';
import type { IndicatorStore } from '../store/port.ts';
import type { Sighting } from './intake.ts';
import type { Ledger } from './ledger/ledger.ts';
import { decide, type PolicyTerms } from './policy.ts';

/** Older than this, a record may have been overtaken by one that is further down the topic. */
const OLD = 60_000;
const STORE_PATIENCE = 10_000;

export interface OutdatedContext {
  readonly store: Pick<IndicatorStore, 'readStates'>;
  readonly ledger: Ledger;
  readonly terms: PolicyTerms;
  readonly now: number;
  readonly patience: BatchPatience;
  readonly log: Log;
}

/**
 * A responder that catches up meets "block" hours before the "revoked" or "allowed" that followed it, and would block an
 * address in between. So before an old record makes a new block the store is asked: if it knows a later revision, that
 * one's record is on the topic too and says what holds. If the store is away, records are taken as they come.
 */
export async function withoutOutdated(sightings: readonly Sighting[], context: OutdatedContext): Promise<Sighting[]> {
  const { store, ledger, terms, now, patience, log } = context;
  const old = sightings.filter(({ document, value }) => {
    if (now - Date.parse(document['@timestamp']) < OLD) return false;
    const row = ledger.rows.get(value);
    if (row !== undefined && !isLater(momentOf(document.tipline), row)) return false;
    return decide(document, now, terms).kind === 'block';
  });
  if (old.length === 0) return [...sightings];

  const signal = AbortSignal.any([patience.signal, AbortSignal.timeout(STORE_PATIENCE)]);
  try {
    const ids = old.map(({ document }) => document.tipline.id);
    const states = await store.readStates(ids, { heartbeat: () => patience.heartbeat(), signal });
    return sightings.filter(({ document: { tipline } }) => {
      const known = states.get(tipline.id)?.tipline;
      return known === undefined || !isLater(momentOf(known), momentOf(tipline));
    });
  } catch (error) {
    if (patience.signal.aborted) throw error;
    log.warn({ reason: messageOf(error) }, 'the store does not answer: old records are acted on as they stand');
    return [...sightings];
  }
}
