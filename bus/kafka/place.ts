import { TiplineError } from '../../core/process/errors.ts';
import type { Log } from '../../core/process/log.ts';
import { busError, placeVerdict } from './errors.ts';
import type { Line } from './outages.ts';

/** After a kill -9 the group waits this long for the dead member: hence short. Heartbeats do not depend on handlers. */
export const SESSION_TIMEOUT_MS = 10_000;
export const HEARTBEAT_MS = 3_000;
/** Work that ends within this time of a rebalance still counts; then it is aborted, since all members wait for us. */
const REBALANCE_GRACE_MS = 3_000;
/** A handler that neither ends nor calls `heartbeat` for so long hangs: its partitions go to others. */
const PATIENCE_MS = 5 * 60_000;

/** A batch that a handler works on. */
export class InHand {
  readonly #ending = new AbortController();
  /** Epoch ms when the handler last showed life. */
  progress = Date.now();

  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  abort(): void {
    this.#ending.abort();
  }
}

/**
 * A member's place in its group: kept by heartbeats, lost when Kafka says so. kafkajs joins again only when every batch in hand has
 * returned, so from the moment the place is lost the batches in hand must end, and nothing more is committed.
 */
export interface Place {
  readonly inHand: Set<InHand>;
  /** Why our partitions go to others; undefined while they are ours. */
  lost(): Error | undefined;
  /** We have partitions (again). */
  joined(): void;
  /** A heartbeat or a commit failed. */
  doubt(error: unknown): void;
  /** How to send a heartbeat (kafkajs sends one when the last is old enough). */
  beatWith(heartbeat: () => Promise<void>): void;
  /** Never rejects. */
  beat(): Promise<void>;
  abortAll(): void;
  end(): void;
}

export function createPlace(doing: string, { line, log }: { line: Line; log: Log }): Place {
  const inHand = new Set<InHand>();
  let lost: Error | undefined;
  let grace: NodeJS.Timeout | undefined;
  let heartbeat: (() => Promise<void>) | undefined;

  function abortAll(): void {
    for (const hand of inHand) hand.abort();
  }

  function lose(error: unknown, graceMs: number): void {
    lost ??= error instanceof Error ? error : new Error(String(error));
    if (graceMs === 0) abortAll();
    else grace ??= setTimeout(abortAll, graceMs);
  }

  function doubt(error: unknown): void {
    const verdict = placeVerdict(error);
    switch (verdict) {
      case 'rebalance':
        lose(error, REBALANCE_GRACE_MS);
        return;
      case 'outage':
        line.down(busError(error, doing));
        return;
      case 'gone':
      case 'unknown':
        lose(error, 0);
        return;
      default:
        verdict satisfies never;
    }
  }

  async function beat(): Promise<void> {
    if (lost !== undefined || heartbeat === undefined) return;
    try {
      await heartbeat();
    } catch (error) {
      doubt(error);
    }
  }

  /**
   * Heartbeats while handlers work, so that a slow answer of another server costs no place in the group. Not for ever: a handler that
   * hangs must not keep its partitions.
   */
  function pulse(): void {
    if (inHand.size === 0 || lost !== undefined) return;
    const oldest = Math.min(...[...inHand].map((hand) => hand.progress));
    if (Date.now() - oldest <= PATIENCE_MS) {
      void beat();
      return;
    }
    log.error({ doing }, 'a handler has made no progress for 5 minutes: its partitions are given up');
    // The type is what makes kafkajs join anew once the handler has ended.
    lose(Object.assign(new TiplineError('BUS_HANDLER_HANGS', 'a handler hangs'), { type: 'UNKNOWN_MEMBER_ID' }), 0);
  }
  const pulses = setInterval(pulse, HEARTBEAT_MS);
  pulses.unref();

  return {
    inHand,
    lost: () => lost,
    joined() {
      clearTimeout(grace);
      grace = undefined;
      lost = undefined;
    },
    doubt,
    beatWith(send) {
      heartbeat = send;
    },
    beat,
    abortAll,
    end() {
      heartbeat = undefined;
      clearInterval(pulses);
      clearTimeout(grace);
    },
  };
}
