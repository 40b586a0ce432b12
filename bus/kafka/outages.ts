import type { TiplineError } from '../../core/process/errors.ts';
import type { Health } from '../../core/process/health.ts';
import type { Log } from '../../core/process/log.ts';

const PART = 'bus';

/** One user of the brokers: a consumer, or all that publish. */
export interface Line {
  up(): void;
  down(error: TiplineError): void;
  /** It is no more: what it last said, or says yet, does not count. */
  gone(): void;
}

export interface Outages {
  line(name: string): Line;
}

/**
 * Sums up what the parts of the bus see of the brokers: health says `bus` is down while any of them is cut off. Each outage is logged once
 * when it begins and once when it ends, however often it was tried in between.
 */
export function createOutages(health: Health, log: Log): Outages {
  const down = new Map<string, string>();

  function tell(): void {
    const [first] = down;
    if (first === undefined) health.report(PART, 'up');
    else health.report(PART, 'down', first[1]);
  }

  return {
    line(name) {
      let told = false;
      let over = false;
      return {
        up() {
          if (over || (told && !down.has(name))) return;
          told = true;
          if (down.delete(name)) log.info({ line: name }, 'Kafka is back');
          tell();
        },
        down(error) {
          if (over) return;
          told = true;
          if (!down.has(name)) log.warn({ line: name, error }, 'Kafka is away: waiting for it');
          down.set(name, error.message);
          tell();
        },
        gone() {
          over = true;
          if (down.delete(name)) tell();
        },
      };
    },
  };
}
