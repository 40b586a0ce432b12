import { printable } from '../../printable.ts';
import type { Tally } from '../../tally.ts';

/** What was met in one document or several: counts for the paging of a server, and what to tell the operator once. */
export interface Summary {
  /** Attributes and events, used or not. */
  attributes: number;
  events: number;
  /** Greatest change of an attribute and of an event, seconds since 1970. */
  newestAttribute: number;
  newestEvent: number;
  /** Greatest number of an attribute in that MISP. */
  greatestId: number;
  /** Uuids of the first and last element: two pages that have both in common are one. */
  first: string;
  last: string;
  /** Attributes whose type holds no indicator, by type. */
  readonly otherTypes: Map<string, number>;
  /** Attributes left out because their flag to_ids is off. */
  notForDetection: number;
  /** Attributes left out by the filter of the feed. */
  filtered: number;
}

const MOST_TYPES = 300;
const MOST_TOLD = 12;
const REST = 'others';

export function createSummary(): Summary {
  return {
    attributes: 0,
    events: 0,
    newestAttribute: 0,
    newestEvent: 0,
    greatestId: 0,
    first: '',
    last: '',
    otherTypes: new Map(),
    notForDetection: 0,
    filtered: 0,
  };
}

export function countOtherType(summary: Summary, type: string): void {
  const { otherTypes } = summary;
  const key = otherTypes.has(type) || otherTypes.size < MOST_TYPES ? type : REST;
  otherTypes.set(key, (otherTypes.get(key) ?? 0) + 1);
}

/** One line about what was left out; none when nothing was. */
export function noteLeftOut(summary: Summary, tally: Tally): void {
  const parts: string[] = [];
  if (summary.notForDetection > 0) parts.push(`${summary.notForDetection} that are not for detection (to_ids)`);
  if (summary.filtered > 0) parts.push(`${summary.filtered} that the filter leaves out`);
  const types = [...summary.otherTypes].sort(([, a], [, b]) => b - a);
  const total = types.reduce((sum, [, count]) => sum + count, 0);
  if (total > 0) {
    const told = types.slice(0, MOST_TOLD).map(([type, count]) => `${printable(type, 40)} ${count}`);
    const more = types.length > MOST_TOLD ? ', …' : '';
    parts.push(`${total} of types that hold no indicator (${told.join(', ')}${more})`);
  }
  if (parts.length > 0) tally.note(`of ${summary.attributes} attributes were left out: ${parts.join('; ')}`);
}
