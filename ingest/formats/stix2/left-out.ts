import { printable } from '../../printable.ts';
import type { Tally } from '../../tally.ts';

/** Counts what holds no indicator, to tell it once. */
export interface LeftOut {
  count(what: string): void;
  tell(tally: Tally): void;
}

const MOST_KINDS = 300;
const MOST_TOLD = 12;
const REST = 'others';

export function createLeftOut(): LeftOut {
  const counts = new Map<string, number>();
  return {
    count(what) {
      const key = counts.has(what) || counts.size < MOST_KINDS ? what : REST;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    },
    tell(tally) {
      if (counts.size === 0) return;
      const kinds = [...counts].sort(([, a], [, b]) => b - a);
      const told = kinds.slice(0, MOST_TOLD).map(([what, count]) => `${printable(what, 60)} ${count}`);
      tally.note(`left out, as they name no indicator: ${told.join(', ')}${kinds.length > MOST_TOLD ? ', …' : ''}`);
      counts.clear();
    },
  };
}
