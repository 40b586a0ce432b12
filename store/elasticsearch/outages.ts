import type { Health } from '../../core/process/health.ts';
import type { Log } from '../../core/process/log.ts';

/** The part of the process that this adapter speaks for in health. */
const PART = 'store';

/**
 * Several calls wait at once (partitions, the outbox, the audit), each with its own reason, and one that gets through
 * says nothing about the others: the store is up when none of them is in trouble.
 */
export interface Outages {
  /** The store answers and nobody waits. */
  up(): void;
  /** One call's view; cheap, says nothing until `trouble`. */
  open(): Outage;
}

export interface Outage {
  /** In words for an operator, e.g. `Elasticsearch cannot be reached: …`. */
  trouble(code: string, detail: string): void;
  /** The call got through, or was given up. */
  close(): void;
}

export interface OutagesContext {
  log: Log;
  health: Health;
  now?: () => number;
}

/** One line when trouble begins, one a minute while it lasts, one when it is over. */
const REMIND_MS = 60_000;

export function createOutages({ log, health, now = Date.now }: OutagesContext): Outages {
  const troubles = new Map<Outage, string>();
  let since = 0;
  let spokeAt = 0;
  let spokeOf = '';

  function speak(code: string, detail: string): void {
    const at = now();
    if (troubles.size === 1 && since === 0) since = at;
    if (detail === spokeOf && at - spokeAt < REMIND_MS) return;
    // Waiting calls may have different reasons in turn: one line each, not one each time.
    if (at - spokeAt < 1000 && spokeOf !== '') return;
    spokeAt = at;
    spokeOf = detail;
    log.warn({ part: PART, code, waiting: troubles.size }, `${detail}; waiting, nothing is lost`);
  }

  function settle(): void {
    const [first] = troubles.values();
    if (first !== undefined) {
      health.report(PART, 'down', first);
      return;
    }
    health.report(PART, 'up');
    if (spokeOf !== '') log.info({ part: PART, seconds: Math.round((now() - since) / 1000) }, 'Elasticsearch is back');
    since = 0;
    spokeAt = 0;
    spokeOf = '';
  }

  return {
    up() {
      if (troubles.size === 0) health.report(PART, 'up');
    },
    open() {
      const outage: Outage = {
        trouble(code, detail) {
          if (troubles.get(outage) !== detail) {
            troubles.set(outage, detail);
            health.report(PART, 'down', detail);
          }
          speak(code, detail);
        },
        close() {
          if (troubles.delete(outage)) settle();
        },
      };
      return outage;
    },
  };
}
