import type { Bus, Outgoing } from '../bus/port.ts';
import { TOPICS } from '../core/contract/topics.ts';
import { createBackoff } from '../core/process/backoff.ts';
import { messageOf, TiplineError } from '../core/process/errors.ts';
import type { Health } from '../core/process/health.ts';
import type { Log } from '../core/process/log.ts';
import type { Clock } from './clock.ts';
import type { FeedRecord } from './feed.ts';
import { type NotSent, type Rules, toOutgoing } from './outgoing.ts';
import { PAGE_RECORDS } from './pages.ts';
import type { FeedSettings } from './settings.ts';
import { standingHeaders } from './standing.ts';
import type { UsabilityWatch } from './usability.ts';

export interface Published {
  published: number;
  /** Of them, those that expire on arrival. */
  over: number;
  /** How many were left out, and why. */
  notSent: ReadonlyMap<NotSent, number>;
}

export interface Publisher {
  /**
   * Resolves when all records are on the bus; waits out an outage of the bus. Rejects with INGEST_STOPPED when the worker stops
   * meanwhile, else with what the bus says and waiting cannot mend: the process must end.
   */
  publish(
    records: readonly FeedRecord[],
    settings: FeedSettings,
    rules: Rules,
    usability?: UsabilityWatch,
  ): Promise<Published>;
  /** The same for what is made up for the bus already; resolves to the number of records. */
  forward(records: readonly Outgoing[], settings: FeedSettings): Promise<number>;
}

export interface PublisherOptions {
  bus: Bus;
  health: Health;
  log: Log;
  /** Aborted when the worker stops: an outage is no longer waited out. */
  signal: AbortSignal;
  clock: Clock;
  /** Resolves when there is room on the disk that the bus is on, to false when the signal came before; absent where it is on another machine. */
  untilRoom?: ((signal: AbortSignal) => Promise<boolean>) | undefined;
}

/** A broker takes 1 MB for one partition at a time by default, and in the worst case all records go to one. */
const MOST_BYTES = 512 * 1024;
const HEALTH_PART = 'ingest';

export function createPublisher({ bus, health, log, signal, clock, untilRoom }: PublisherOptions): Publisher {
  /** Sends of all feeds that wait for the bus now. */
  let waiting = 0;

  async function send(batch: readonly Outgoing[]): Promise<void> {
    if (untilRoom !== undefined && !(await untilRoom(signal)))
      throw new TiplineError('INGEST_STOPPED', 'stopped while the disk was nearly full');
    const backoff = createBackoff({ first: 250, most: 30_000 });
    let waited = false;
    try {
      for (;;) {
        try {
          await bus.publish(TOPICS.raw, batch);
          return;
        } catch (error) {
          if (!(error instanceof TiplineError && error.retryable === true)) throw error;
          if (signal.aborted)
            throw new TiplineError('INGEST_STOPPED', 'stopped while the bus was away', { cause: error });
          if (!waited) {
            waited = true;
            waiting += 1;
            log.warn({ error }, 'the bus takes nothing now; reading waits until it does');
          }
          health.report(HEALTH_PART, 'down', `waits for the bus: ${messageOf(error)}`);
          await clock.pause(backoff.next(), signal);
        }
      }
    } finally {
      if (waited) {
        waiting -= 1;
        if (waiting === 0) health.report(HEALTH_PART, 'up');
      }
    }
  }

  /** In sends of at most `share` records, and of what a broker takes. */
  async function sendAll(records: Iterable<Outgoing>, settings: FeedSettings, share: number): Promise<number> {
    const headers = standingHeaders(settings);
    let batch: Outgoing[] = [];
    let bytes = 0;
    let published = 0;
    for (const { key, value } of records) {
      const size = value.length;
      if (batch.length === share || (batch.length > 0 && bytes + size > MOST_BYTES)) {
        await send(batch);
        published += batch.length;
        batch = [];
        bytes = 0;
      }
      batch.push({ key, value, headers });
      bytes += size;
    }
    if (batch.length > 0) await send(batch);
    return published + batch.length;
  }

  return {
    async publish(records, settings, rules, usability) {
      const now = clock.now();
      const collectedAt = new Date(now).toISOString();
      const notSent = new Map<NotSent, number>();
      let over = 0;
      // made one by one: the records of a page may be large
      function* outgoing(): Generator<Outgoing> {
        for (const record of records) {
          const made = toOutgoing(record, settings, collectedAt, rules);
          if (typeof made === 'string') notSent.set(made, (notSent.get(made) ?? 0) + 1);
          else {
            usability?.see(made, now);
            if (made.over) over += 1;
            yield made;
          }
        }
      }
      const published = await sendAll(outgoing(), settings, evenShare(records.length));
      return { published, over, notSent };
    },
    forward: (records, settings) => sendAll(records, settings, evenShare(records.length)),
  };
}

/** Equal sends: 1,310 records are two of 655 and not one of 1,000 with a rest. */
function evenShare(count: number): number {
  return Math.ceil(count / Math.ceil(count / PAGE_RECORDS));
}
