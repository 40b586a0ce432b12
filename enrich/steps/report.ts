import type { Indicator } from '../../core/indicator/type.ts';
import type { Claim } from '../state/claim.ts';

/** One usable record: which indicator, what is claimed of it, and when it was read. */
export interface Report {
  readonly indicator: Indicator;
  readonly claim: Claim;
  /** Epoch ms. */
  readonly collectedAt: number;
  /** The record's fields as they came: history takes the source's context from them. */
  readonly told: Readonly<Record<string, unknown>>;
}
