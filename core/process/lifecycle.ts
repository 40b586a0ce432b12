import { messageOf } from './errors.ts';
import type { Log } from './log.ts';

/**
 * What a process started, in order; it is stopped in reverse, so that whoever feeds a part is gone before the part.
 * If a start fails half-way, the same `stop` rolls back what is there.
 */
export interface Lifecycle {
  /** Registers a part that now runs. After `stop` it is stopped at once. */
  started(name: string, stop: () => Promise<void>): void;
  /** Stops everything once; later calls wait for the first. Failures are logged, none keeps the rest from stopping. */
  stop(): Promise<void>;
}

export function createLifecycle(log: Log): Lifecycle {
  const parts: { name: string; stop: () => Promise<void> }[] = [];
  let stopping: Promise<void> | undefined;

  async function stopAll(): Promise<void> {
    for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
      try {
        await part.stop();
      } catch (error) {
        log.error({ part: part.name, error }, `could not stop cleanly: ${messageOf(error)}`);
      }
    }
  }

  return {
    started(name, stop) {
      parts.push({ name, stop });
      // a signal came while this part was starting
      if (stopping !== undefined) stopping = stopping.then(stopAll);
    },
    stop: () => {
      stopping ??= stopAll();
      return stopping;
    },
  };
}

/**
 * Resolves at the first SIGTERM or SIGINT: drain and leave. A second signal forces, for an operator who will not wait for a dead server.
 * SIGPIPE is left alone: Node ignores it, and a reader of the summary that went away must not end the work.
 */
export function untilSignal(log: Log): { signalled: Promise<NodeJS.Signals>; release(): void } {
  let forced = false;
  let onSignal: (signal: NodeJS.Signals) => void = () => {};
  const signalled = new Promise<NodeJS.Signals>((resolve) => {
    onSignal = (signal) => {
      if (forced) {
        log.error({ signal }, 'second signal: leaving at once, unfinished batches are read again at the next start');
        process.exit(130);
      }
      forced = true;
      resolve(signal);
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
