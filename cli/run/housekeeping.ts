import type { Bus } from '../../bus/port.ts';
import { pause } from '../../core/process/backoff.ts';
import type { RetentionConfig } from '../../core/process/config/sections.ts';
import type { Log } from '../../core/process/log.ts';
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

export interface PruneOptions {
  store: Store;
  retention: RetentionConfig;
  /** Names this process in leases. */
  owner: string;
  log: Log;
}

export interface HousekeepingOptions extends PruneOptions {
  bus: Bus;
  following: readonly Following[];
  /** Whether this process deletes, which takes rights that not every role has. */
  prunes: boolean;
  context: WorkerContext;
}

/** Deletes what is older than its retention, and watches how far consumers are behind. Returns how to stop. */
export function startHousekeeping(options: HousekeepingOptions): () => Promise<void> {
  const ended = new AbortController();
  const loops = [every(LAG_EVERY, ended.signal, options.log, lagWatch(options))];
  if (options.prunes) loops.push(every(PRUNE_EVERY, ended.signal, options.log, () => deleteOld(options)));
  return async () => {
    ended.abort();
    await Promise.all(loops);
  };
}

/** Deletes once what is older than its retention. A failure is logged: the next run does it. */
export async function prune(options: PruneOptions): Promise<void> {
  await trying(options.log, () => deleteOld(options));
}

async function deleteOld({ store, retention, owner, log }: PruneOptions): Promise<void> {
  if (!(await store.cursors.lease('lease:prune', owner, PRUNE_EVERY / 2))) return;
  const now = Date.now();
  const gone = await store.indicators.prune({
    historyBefore: now - retention.history,
    expiredBefore: now - retention.expired,
    actionsBefore: now - retention.actions,
    deadLettersBefore: now - retention.dead_letters,
  });
  if (gone.historyDays + gone.states > 0) log.info(gone, 'deleted what is older than its retention');
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

async function every(ms: number, signal: AbortSignal, log: Log, chore: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await trying(log, chore);
    await pause(ms, signal);
  }
}

async function trying(log: Log, chore: () => Promise<void>): Promise<void> {
  try {
    await chore();
  } catch (error) {
    log.warn({ error }, 'housekeeping failed; it is tried again');
  }
}
