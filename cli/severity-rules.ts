import { shipped } from './paths.ts';
import type { Settings } from './settings.ts';

/** The severity policy to read: the operator's, else the shipped one. */
export function severityRulesPath({ config }: Settings): string {
  return config.enrich.severity_rules ?? shipped('rules', 'severity.yaml');
}
