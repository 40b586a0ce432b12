import type { EventAction } from '../core/contract/enriched-document.ts';
import type { IndicatorType } from '../core/indicator/type.ts';

/** What an enricher did since it started; counted a batch at a time. */
export interface Tally {
  read: number;
  unchanged: number;
  /** History documents that were created. */
  history: number;
  /** Current documents that were written. */
  current: number;
  deadLetters: number;
  byType: Partial<Record<IndicatorType, number>>;
  byAction: Partial<Record<EventAction, number>>;
  /** Races lost to another enricher, merged again. */
  lost: number;
}

export function emptyTally(): Tally {
  return { read: 0, unchanged: 0, history: 0, current: 0, deadLetters: 0, byType: {}, byAction: {}, lost: 0 };
}

export function addTo(total: Tally, batch: Tally): void {
  total.read += batch.read;
  total.unchanged += batch.unchanged;
  total.history += batch.history;
  total.current += batch.current;
  total.deadLetters += batch.deadLetters;
  total.lost += batch.lost;
  addCounts(total.byType, batch.byType);
  addCounts(total.byAction, batch.byAction);
}

function addCounts<K extends string>(total: Partial<Record<K, number>>, batch: Partial<Record<K, number>>): void {
  for (const key in batch) total[key] = (total[key] ?? 0) + (batch[key] ?? 0);
}
