import { parseTlp, strictestTlp, type Tlp } from '../core/contract/tlp.ts';
import type { AlertRow } from '../store/port.ts';

/** How many kinds a digest lists by name before it says `others`. */
const NAMED = 6;
/** Different source names that are counted apart; foreign producers may invent them without end. */
const COUNTED = 200;

/** What one mail is about: all its indicators in numbers, and the worst of them in full. */
export interface Digest {
  total: number;
  /** How many of them were alerted before. */
  again: number;
  /** How many feeds they come from. */
  feeds: number;
  /** At most the number asked for, of each feed its share; highest score first, then by value. */
  top: readonly AlertRow[];
  /** Largest first; what is not named is counted under `others`. */
  types: readonly Tally[];
  sources: readonly Tally[];
  /** The strictest marking of what is listed. */
  tlp: Tlp | undefined;
}

export interface Tally {
  name: string;
  count: number;
}

export interface DigestBuilder {
  add(alert: AlertRow): void;
  finish(): Digest;
}

/**
 * Takes alerts one by one and keeps only the `most` worst of each feed, so a storm costs no memory. The places are dealt out in rounds, the worst
 * of every feed first: a feed that sends thousands at the highest score hides nothing of the others.
 */
export function buildDigest(most: number): DigestBuilder {
  let total = 0;
  let again = 0;
  const worst = new Map<string, AlertRow[]>();
  const types = new Map<string, number>();
  const sources = new Map<string, number>();

  const keep = (alert: AlertRow): void => {
    const feed = alert.feed ?? '';
    const key = worst.has(feed) || worst.size < COUNTED ? feed : '';
    const rows = worst.get(key);
    if (rows === undefined) worst.set(key, [alert]);
    else if (rows.push(alert) >= most * 2 + 100) worst.set(key, rows.sort(worstFirst).slice(0, most));
  };

  return {
    add(alert) {
      total += 1;
      if (alert.again) again += 1;
      count(types, alert.type);
      for (const source of new Set(alert.sources)) count(sources, source);
      keep(alert);
    },
    finish() {
      const top = dealOut([...worst.values()], most).sort(worstFirst);
      let tlp: Tlp | undefined;
      for (const alert of top) tlp = strictestTlp(tlp, parseTlp(alert.tlp ?? ''));
      return { total, again, feeds: worst.size, top, types: tally(types), sources: tally(sources), tlp };
    },
  };
}

/** The worst of every feed, then the second worst of every feed, and so on. */
function dealOut(feeds: readonly AlertRow[][], most: number): AlertRow[] {
  const rounds: AlertRow[][] = [];
  for (const rows of feeds) {
    rows
      .sort(worstFirst)
      .slice(0, most)
      .forEach((row, round) => {
        rounds[round] ??= [];
        rounds[round].push(row);
      });
  }
  return rounds.flatMap((round) => round.sort(worstFirst)).slice(0, most);
}

function worstFirst(a: AlertRow, b: AlertRow): number {
  return b.threat_score - a.threat_score || (a.value < b.value ? -1 : a.value > b.value ? 1 : 0);
}

function count(counts: Map<string, number>, name: string): void {
  const key = counts.has(name) || counts.size < COUNTED ? name : 'others';
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function tally(counts: ReadonlyMap<string, number>): Tally[] {
  const all = [...counts]
    .map(([name, number]) => ({ name, count: number }))
    .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
  const named = all.slice(0, NAMED);
  const rest = all.slice(NAMED).reduce((sum, { count: number }) => sum + number, 0);
  return rest === 0 ? named : [...named, { name: 'others', count: rest }];
}
