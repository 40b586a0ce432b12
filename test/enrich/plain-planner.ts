import { INDICATOR_TYPES } from '../../core/indicator/type.ts';
import { readSeverityFile } from '../../core/process/config/severity-file.ts';
import { createAllowList } from '../../enrich/lists/allow-list.ts';
import { NOTHING_BENIGN } from '../../enrich/lists/warning/benign-values.ts';
import type { Planner } from '../../enrich/planner.ts';
import { lifetimesOf } from '../../enrich/state/policy.ts';
import { weightsOf } from '../../enrich/state/score.ts';
import { severityRules } from '../../enrich/state/severity.ts';

/** What planning looks at where nothing is configured: the shipped severity rules, no lists and no geography; with what the caller changes. */
export function plainPlanner(changes: Partial<Planner> = {}): Planner {
  return {
    policy: {
      weights: weightsOf({ confidence: 0.7, severity: 0.3 }),
      severity: severityRules(readSeverityFile('rules/severity.yaml')),
      lifetimes: lifetimesOf(INDICATOR_TYPES, {}),
    },
    allowed: createAllowList([], 0),
    benign: NOTHING_BENIGN,
    exceptFeeds: new Set(),
    geo: { look: () => ({ geo: '', as: '' }), refresh: async () => {}, description: 'none' },
    quantumOf: () => 6 * 3_600_000,
    historyRetention: 90 * 86_400_000,
    ...changes,
  };
}
