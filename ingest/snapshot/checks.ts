import { z } from 'zod';
import { ownEntry } from '../../core/process/config/sections.ts';
import { printable } from '../printable.ts';
import type { FullProfile, ListProfile, Misplaced } from './profile.ts';

const share = z.number().min(0, 'must be 0 to 1').max(1, 'must be 0 to 1');

const checksSection = z.strictObject({
  shrink: share
    .default(0.5)
    .describe('Held back when it has less than this share of the records of the last good one.'),
  grow: z
    .number()
    .min(1, 'must be at least 1')
    .default(3)
    .describe('Held back when it has more than so many times the records of the last good one.'),
  mix: share.default(0.3).describe('Held back when more than this share of it changed from one type to another.'),
  private: z
    .boolean()
    .default(true)
    .describe('Held back when it names addresses of private networks, of this machine or of a link.'),
  own: z
    .array(ownEntry)
    .max(10_000)
    .default([])
    .describe('Held back when it names one of these domains or networks; `own` of the whole configuration counts too.'),
});

export const checks = z.union([z.literal(false), checksSection], {
  error: 'must be a section with shrink, grow, mix, private and own, or false',
});

export type Checks = z.output<typeof checksSection>;

export const DEFAULT_CHECKS: Checks = checksSection.parse({});

/** Of a handful of entries, three more are twice as many. */
const SMALL = 20;

export type FindingKind = 'shrunk' | 'grown' | 'mix' | 'private' | 'own';

export interface Finding {
  readonly kind: FindingKind;
  readonly message: string;
}

/**
 * What speaks against publishing a list. `good` is the last good one that was read with the same settings; without it only what
 * belongs on no list is looked for.
 */
export function judge(list: FullProfile, good: ListProfile | null, limits: Checks): Finding[] {
  const findings: Finding[] = [];
  if (good !== null && good.records >= SMALL) {
    const sizes = `${list.records} records where the last good one had ${good.records}`;
    if (list.records < good.records * limits.shrink) findings.push({ kind: 'shrunk', message: `it has ${sizes}` });
    if (list.records > good.records * limits.grow) findings.push({ kind: 'grown', message: `it has ${sizes}` });
    const moved = list.records < SMALL ? 0 : movedShare(list, good);
    // sums of shares are off by their last digits
    if (moved > limits.mix + 1e-9) {
      findings.push({
        kind: 'mix',
        message: `${Math.round(moved * 100)} percent of it changed type: ${mixOf(list)} instead of ${mixOf(good)}`,
      });
    }
  }
  if (limits.private && list.inside.count > 0) {
    findings.push({ kind: 'private', message: `it names private addresses: ${named(list.inside)}` });
  }
  if (list.own.count > 0) findings.push({ kind: 'own', message: `it names what is your own: ${named(list.own)}` });
  return findings;
}

/** The share of a list that would have to change its type to have the other's mix: half the sum of the differences. */
function movedShare(a: ListProfile, b: ListProfile): number {
  const names = new Set([...Object.keys(a.types), ...Object.keys(b.types)]);
  let sum = 0;
  for (const name of names) sum += Math.abs((a.types[name] ?? 0) / a.records - (b.types[name] ?? 0) / b.records);
  return sum / 2;
}

function mixOf({ types, records }: ListProfile): string {
  return Object.entries(types)
    .sort(([, a], [, b]) => b - a)
    .slice(0, 3)
    .map(([type, count]) => `${Math.round((count / records) * 100)} % ${type}`)
    .join(', ');
}

function named({ first, count }: Misplaced): string {
  return count === 1 ? printable(first, 100) : `${printable(first, 100)} and ${count - 1} more`;
}
