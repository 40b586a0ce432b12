import type { PassedReason } from './formats/json-stream.ts';

/**
 * Why something that a source gave is not on `ioc.raw`. The sets are closed, for they are the values of a metric's label: what a feed said never
 * becomes one.
 */

/** Of a row or record: not in the form of its format; nothing where the indicator should stand; of no use to tipline; above a cap. */
export const ROW_REFUSALS = ['malformed', 'no_indicator', 'unusable', 'too_large'] as const;
export type RowRefusal = (typeof ROW_REFUSALS)[number];

/** Of a part of a JSON document that its reader passed by. */
export function refusalOf(reason: PassedReason): RowRefusal {
  return reason === 'not JSON' ? 'malformed' : 'too_large';
}

/** The feed's own rules, by the key that says them. */
const RULES = ['include', 'exclude', 'tlp_max'] as const;
export type Rule = (typeof RULES)[number];

/** `held_back`: it stood on a list that was not published. */
export const REFUSALS = [...ROW_REFUSALS, ...RULES, 'held_back'] as const;
export type Refusal = (typeof REFUSALS)[number];

/** How many were refused, for each reason. */
export type Refused = Record<Refusal, number>;

export function noneRefused(): Refused {
  return {
    malformed: 0,
    no_indicator: 0,
    unusable: 0,
    too_large: 0,
    include: 0,
    exclude: 0,
    tlp_max: 0,
    held_back: 0,
  };
}
