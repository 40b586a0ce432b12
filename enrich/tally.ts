import type { EventAction } from '../core/contract/enriched-document.ts';
import type { IndicatorType } from '../core/indicator/type.ts';

export const SCORE_BANDS = ['81-100', '61-80', '41-60', '21-40', '0-20'] as const;
export type ScoreBand = (typeof SCORE_BANDS)[number];

export function bandOf(score: number): ScoreBand {
  if (score > 80) return '81-100';
  if (score > 60) return '61-80';
  if (score > 40) return '41-60';
  return score > 20 ? '21-40' : '0-20';
}

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
  /** Current documents by score. */
  byScore: Partial<Record<ScoreBand, number>>;
  /** Races lost to another enricher, merged again. */
  lost: number;
}

export function emptyTally(): Tally {
  return {
    read: 0,
    unchanged: 0,
    history: 0,
    current: 0,
    deadLetters: 0,
    byType: {},
    byAction: {},
    byScore: {},
    lost: 0,
  };
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
  addCounts(total.byScore, batch.byScore);
}

function addCounts<K extends string>(total: Partial<Record<K, number>>, batch: Partial<Record<K, number>>): void {
  for (const key in batch) total[key] = (total[key] ?? 0) + (batch[key] ?? 0);
}
