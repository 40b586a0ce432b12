import { LONGEST_LIFE } from '../../core/contract/raw-indicator.ts';
import type { IndicatorType } from '../../core/indicator/type.ts';
import type { Weights } from './score.ts';

/** Derives the severity (0–100) of a claim whose source gave none. */
export type SeverityRules = (about: {
  type: IndicatorType;
  tags: readonly string[];
  categories: readonly string[];
  malware: readonly string[];
}) => number;

/** What the operator decided about scoring and ageing. */
export interface Policy {
  readonly weights: Weights;
  readonly severity: SeverityRules;
  /** How long a sighting keeps a claim alive, ms, by type. */
  readonly lifetimes: Readonly<Record<IndicatorType, number>>;
}

const DAY = 86_400_000;

const LIFETIMES: Readonly<Partial<Record<IndicatorType, number>>> = {
  ip: 14 * DAY,
  cidr: 30 * DAY,
  url: 30 * DAY,
  domain: 90 * DAY,
  md5: 365 * DAY,
  sha1: 365 * DAY,
  sha256: 365 * DAY,
  sha512: 365 * DAY,
  ssdeep: 365 * DAY,
  tlsh: 365 * DAY,
  imphash: 365 * DAY,
};

/** Lifetimes by type: the operator's, else the defaults, else 90 days; at most two years. */
export function lifetimesOf(
  types: readonly IndicatorType[],
  told: Readonly<Record<string, number>>,
): Record<IndicatorType, number> {
  const entries = types.map(
    (type) => [type, Math.min(told[type] ?? LIFETIMES[type] ?? 90 * DAY, LONGEST_LIFE)] as const,
  );
  return Object.fromEntries(entries) as Record<IndicatorType, number>;
}
