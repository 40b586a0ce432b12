import { messageOf } from './errors.ts';
import type { Log } from './log.ts';

/**
 * What a process started, in order; it is stopped in reverse, so that whoever feeds a part is gone before the part.
 * If a start fails half-way, the same `stop` rolls back what is there.
 */
export interface Lifecycle {
  /**
   * Registers a part that now runs. After `stop` it is stopped at once. A part that `interrupts` is stopped out of turn when draining
   * takes too long: its end ends the work of the others.
   */
  started(name: string, stop: () => Promise<void>, options?: { interrupts?: boolean }): void;
  /** Stops everything once; later calls wait for the first. Failures are logged, none keeps the rest from stopping. */
  stop(): Promise<void>;
}

export interface StopLimits {
  /** How long work in hand may take, ms. */
  drain: number;
  /** How long the parts have after they were interrupted, ms. */
  interrupted: number;
  /** Ends the process when even that was not enough. */
  leave(): void;
}

/** Together below the 90 s after which systemd kills. */
const LIMITS: StopLimits = { drain: 30_000, interrupted: 10_000, leave: () => process.exit(1) };

interface Part {
  readonly name: string;
  readonly interrupts: boolean;
  /** The same promise however often it is called. */
  stop(): Promise<void>;
}

export function createLifecycle(log: Log, limits: StopLimits = LIMITS): Lifecycle {
  const parts: Part[] = [];
  let current: Part | undefined;
  let stopping: Promise<void> | undefined;

  async function stopPart(part: Part): Promise<void> {
    try {
      await part.stop();
    } catch (error) {
      log.error({ part: part.name, error }, `could not stop cleanly: ${messageOf(error)}`);
    }
  }

  async function stopAll(): Promise<void> {
    for (current = parts.pop(); current !== undefined; current = parts.pop()) await stopPart(current);
  }

  async function stopInTime(): Promise<void> {
    let timer = setTimeout(() => {
      log.warn(
        { part: current?.name, seconds: limits.drain / 1000 },
        'draining takes too long: what is in hand is aborted, and read again at the next start',
      );
      for (const part of parts) if (part.interrupts) void stopPart(part);
      timer = setTimeout(() => {
        log.error({ part: current?.name }, 'it does not stop: leaving at once');
        limits.leave();
      }, limits.interrupted);
    }, limits.drain);
    try {
      await stopAll();
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    started(name, stop, { interrupts = false } = {}) {
      let stopped: Promise<void> | undefined;
      parts.push({
        name,
        interrupts,
        stop() {
          stopped ??= stop();
          return stopped;
        },
      });
      // a signal came while this part was starting
      if (stopping !== undefined) stopping = stopping.then(stopInTime);
    },
    stop: () => {
      stopping ??= stopInTime();
      return stopping;
    },
  };
}

/** npm passes on the SIGINT of Ctrl-C, which the terminal gives to its whole group anyway: one key, two signals. */
const ONE_KEY_MS = 1_000;

/**
 * Resolves at the first SIGTERM or SIGINT: drain and leave. Another one, a second later or more, forces, for an operator who will not wait
 * for a dead server.
 * SIGPIPE is left alone: Node ignores it, and a reader of the summary that went away must not end the work.
 */
export function untilSignal(log: Log): { signalled: Promise<NodeJS.Signals>; release(): void } {
  let firstAt: number | undefined;
  let onSignal: (signal: NodeJS.Signals) => void = () => {};
  const signalled = new Promise<NodeJS.Signals>((resolve) => {
    onSignal = (signal) => {
      if (firstAt === undefined) {
        firstAt = performance.now();
        resolve(signal);
      } else if (performance.now() - firstAt >= ONE_KEY_MS) {
        log.error({ signal }, 'second signal: leaving at once, unfinished batches are read again at the next start');
        process.exit(130);
      }
    };
  });
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return {
    signalled,
    release() {
      process.off('SIGTERM', onSignal);
      process.off('SIGINT', onSignal);
    },
  };
}
