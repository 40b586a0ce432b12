import type { Summary } from './summary.ts';

export const TO_IDS_POLICIES = ['only', 'prefer', 'ignore'] as const;
/**
 * What to do with attributes whose flag to_ids is off, by which their author says "not for detection":
 * - `only`: they are left out and counted;
 * - `prefer`: they are taken, with a confidence of at most 20;
 * - `ignore`: the flag is not looked at.
 */
export type ToIds = (typeof TO_IDS_POLICIES)[number];

export interface MispOptions {
  /** Default `only`. */
  readonly toIds?: ToIds;
  /**
   * With `only`: asked for an attribute whose flag is off, by its number in that MISP (0 = none) and the second of its last change. True
   * when it may have been told as an indicator before: then it is told once more, as revoked.
   */
  readonly switchedOff?: (id: number, stamp: number) => boolean;
  /** Types of attribute (as MISP calls them) and categories to take; default: all. */
  readonly types?: ReadonlySet<string>;
  readonly categories?: ReadonlySet<string>;
  /** Where an event can be read by a person, for `reference`. */
  readonly eventUrl?: (uuid: string) => string;
  /** Told of each event that was read whole, with the second of its last change. */
  readonly eventRead?: (uuid: string, stamp: number) => void;
  /** Bytes of an attribute, object or event that is built whole; larger events and objects are read from the inside. Default 1 MiB. */
  readonly maxElement?: number;
  /** Counts what was read. Given by whoever reads several documents as one: the caller then tells what was left out. */
  readonly summary?: Summary;
}
