import type { EventAction } from '../core/contract/enriched-document.ts';
import { dayOf, parseIso } from '../core/contract/told-time.ts';
import type { Indicator } from '../core/indicator/type.ts';
import type { HistoryWrite } from '../store/port.ts';
import type { Rendered } from './document.ts';
import type { Claim } from './state/claim.ts';
import { judge } from './state/derive.ts';
import type { Policy } from './state/policy.ts';
import type { Report } from './steps/report.ts';

/** A statement and what it did to its indicator. */
export interface Change {
  readonly report: Report;
  readonly claim: Claim;
  readonly action: EventAction;
  /** A rebuild tells it, which found it in history. */
  readonly inHistory: boolean;
}

const WEEK = 7 * 86_400_000;

/** The history document of a statement that changed something, filed under its day. `now` is epoch ms. */
export function historyOf(
  change: Change,
  indicator: Indicator,
  rendered: Rendered,
  { policy, historyRetention }: { readonly policy: Policy; readonly historyRetention: number },
  now: number,
): HistoryWrite {
  const { report, claim } = change;
  const said = parseIso(claim.timestamp);
  const { collectedAt } = report;
  const near = said >= collectedAt - WEEK && said >= now - historyRetention;
  const judged = judge(indicator.type, claim, policy, now);
  return {
    id: claim.hash,
    day: dayOf(near ? said : collectedAt),
    fallbackDay: dayOf(collectedAt),
    document: rendered.history({ ...report, claim }, judged, change.action),
  };
}
