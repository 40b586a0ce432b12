import type { BatchPatience } from '../../../bus/port.ts';
import { createHealth, type Health } from '../../../core/process/health.ts';
import type { Log } from '../../../core/process/log.ts';
import type { Waits } from '../../../store/elasticsearch/persist.ts';

/** Waits that a test can afford; their proportions are the real ones. */
export const SHORT_WAITS: Waits = {
  busy: { first: 5, most: 50 },
  down: { first: 20, most: 100 },
  beat: 30,
  slow: 200,
};

/** The same against a real server, which takes its time to make an index. */
export const REAL_WAITS: Waits = { ...SHORT_WAITS, slow: 10_000 };

export interface TestPatience extends BatchPatience {
  /** Heartbeats so far. */
  beats(): number;
  abort(): void;
}

export function testPatience(heartbeat: () => Promise<void> = async () => {}): TestPatience {
  const controller = new AbortController();
  let beats = 0;
  return {
    signal: controller.signal,
    async heartbeat() {
      beats += 1;
      await heartbeat();
    },
    beats: () => beats,
    abort: () => controller.abort(),
  };
}

/** Health that remembers every change of the store's state with its words. */
export function watchedHealth(): { health: Health; changes: string[]; details(): string; state(): string | undefined } {
  const changes: string[] = [];
  const health = createHealth((part, { state, detail }) => {
    if (part === 'store') changes.push(`${state} ${detail}`.trim());
  });
  const snapshot = () => health.snapshot().get('store');
  return { health, changes, state: () => snapshot()?.state, details: () => snapshot()?.detail ?? '' };
}

/** A log that keeps its lines. */
export function keptLog(): { log: Log; lines: string[] } {
  const lines: string[] = [];
  const add = (fields: Readonly<Record<string, unknown>>, message: string): void => {
    lines.push(`${message} ${JSON.stringify(fields)}`);
  };
  const log: Log = { debug: add, info: add, warn: add, error: add, child: () => log };
  return { log, lines };
}
