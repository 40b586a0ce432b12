import type { Bus } from '../../bus/port.ts';
import { pause } from '../../core/process/backoff.ts';
import type { RetentionConfig } from '../../core/process/config/sections.ts';
import type { WorkerContext } from '../../core/process/worker-context.ts';
import type { Store } from '../../store/port.ts';

const PRUNE_EVERY = 3_600_000;
const LAG_EVERY = 15_000;

export interface Following {
  topic: string;
  group: string;
  /** How long the topic keeps a record, ms. */
  retention: number;
}

export interface HousekeepingOptions {
  bus: Bus;
  store: Store;
  retention: RetentionConfig;
  following: readonly Following[];
  owner: string;
  context: WorkerContext;
}

/** Deletes what is older than its retention, and watches how far consumers are behind. Returns how to stop. */
export function startHousekeeping(options: HousekeepingOptions): () => Promise<void> {
  const ended = new AbortController();
  const loops = [
    every(PRUNE_EVERY, ended.signal, options, () => prune(options)),
    every(LAG_EVERY, ended.signal, options, lagWatch(options)),
  ];
  return async () => {
    ended.abort();
    await Promise.all(loops);
  };
}

async function prune({ store, retention, owner, context }: HousekeepingOptions): Promise<void> {
  if (!(await store.cursors.lease('lease:prune', owner, PRUNE_EVERY / 2))) return;
  const now = Date.now();
  const gone = await store.indicators.prune({
    historyBefore: now - retention.history,
    expiredBefore: now - retention.expired,
    actionsBefore: now - retention.actions,
    deadLettersBefore: now - retention.dead_letters,
  });
  if (gone.historyDays + gone.states > 0) context.log.info(gone, 'deleted what is older than its retention');
}

function lagWatch({ bus, following, context }: HousekeepingOptions): () => Promise<void> {
  const gauge = context.metrics.gauge('tipline_bus_lag_records', 'Records on a topic that a group has not read', [
    'topic',
    'group',
  ]);
  return async () => {
    for (const { topic, group, retention } of following) {
      gauge(await bus.lag(topic, group), { topic, group });
      const late = await bus.leftBehind(topic, group, Date.now() - retention * 0.75);
      const part = `lag:${group}`;
      if (late > 0) {
        context.health.report(
          part,
          'down',
          `${late} records on ${topic} are older than three quarters of its retention and not read yet: they will be lost`,
        );
      } else context.health.report(part, 'up');
    }
  };
}

async function every(
  ms: number,
  signal: AbortSignal,
  { context }: HousekeepingOptions,
  chore: () => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await chore();
    } catch (error) {
      context.log.warn({ error }, 'housekeeping failed; it is tried again');
    }
    await pause(ms, signal);
  }
}
