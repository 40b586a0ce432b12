import type { Indicator } from '../../core/indicator/type.ts';
import type { Claim } from '../state/claim.ts';

/** One usable record: which indicator, what is claimed of it, and what goes into history beside the claim. */
export interface Report {
  readonly id: string;
  readonly indicator: Indicator;
  readonly claim: Claim;
  /** Epoch ms. */
  readonly collectedAt: number;
  readonly context: Readonly<Record<string, string>> | undefined;
}
