import type { Report } from './report.ts';

/**
 * What became of one record of `ioc.raw`. A step answers with one of these and never throws for what a record holds.
 */
export type Outcome =
  | { kind: 'report'; report: Report }
  | { kind: 'recheck'; id: string }
  | { kind: 'drop'; reason: 'empty' }
  | DeadLetterOutcome;

export interface DeadLetterOutcome {
  kind: 'dead-letter';
  code: string;
  message: string;
  stage: string;
}

export function deadLetter(stage: string, code: string, message: string): DeadLetterOutcome {
  return { kind: 'dead-letter', code, message, stage };
}
