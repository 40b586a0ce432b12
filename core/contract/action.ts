import type { IndicatorType } from '../indicator/type.ts';

/**
 * Something done to the world, or refused: one record on `ioc.actions`, one document in `threat_actions-YYYY.MM.dd`.
 * The id is deterministic, so a repeat after a crash is the same action.
 */
export interface Action {
  schema: 1;
  id: string;
  /** ISO 8601. */
  '@timestamp': string;
  verb: 'mail' | 'block' | 'unblock' | 'refuse';
  /** What really happened: `planned` in dry-run. */
  outcome: 'done' | 'planned' | 'refused';
  /** Who acted: the responder's name, or `alerting`. */
  actor: string;
  /** In words: why this was done. */
  reason: string;
  /** Machine-readable refusal or cause, e.g. `GUARD_SPECIAL_PURPOSE`, `FUSE_MAX_ACTIVE`, `REVOKED`. */
  code?: string;
  indicator?: { id: string; type: IndicatorType; value: string };
  /** Revision of the indicator that was acted on. */
  revision?: number;
  threat_score?: number;
  source?: string;
  /** When a block ends by itself (ISO 8601). */
  until?: string;
  mail?: { message_id: string; indicators: number; recipients: number };
}
