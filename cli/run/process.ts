import { mkdirSync } from 'node:fs';
import { ALERTING_GROUP } from '../../alerting/worker.ts';
import { AUDIT_SUBSCRIPTIONS } from '../../audit/worker.ts';
import { TOPICS } from '../../core/contract/topics.ts';
import { holdDataFolder } from '../../core/process/data-folder.ts';
import { TiplineError } from '../../core/process/errors.ts';
import { createHealth } from '../../core/process/health.ts';
import { type StatusServer, serveStatus } from '../../core/process/http.ts';
import { createLifecycle, type Lifecycle, untilSignal } from '../../core/process/lifecycle.ts';
import type { Log } from '../../core/process/log.ts';
import { createMetrics } from '../../core/process/metrics.ts';
import type { Seam } from '../../core/process/seam.ts';
import type { WorkerContext } from '../../core/process/worker-context.ts';
import { ENRICH_GROUP } from '../../enrich/worker.ts';
import type { IngestReport } from '../../ingest/worker.ts';
import { responderGroup } from '../../responder/worker.ts';
import { ensureTopics, openBus, openStore, retentionOf } from '../ports.ts';
import type { Role } from '../roles.ts';
import type { Settings } from '../settings.ts';
import { drain } from './drain.ts';
import { type Following, startHousekeeping } from './housekeeping.ts';
import { startWorkers, type Workers } from './workers.ts';

export interface ProcessOptions {
  settings: Settings;
  roles: readonly Role[];
  /** Read feeds once, drain, flush, end. */
  once: boolean;
  log: Log;
  seam: Seam;
  /** Called when all workers run; returns what to call before they stop. */
  onRunning(workers: Workers, status: StatusServer | undefined): () => void;
}

export interface ProcessResult {
  /** Stopped; their counts can still be asked for. */
  workers: Workers;
  failedFeeds: IngestReport['failedFeeds'];
}

/** Health part: all workers of this process run. */
const PROCESS_PART = 'process';

/**
 * The composition root of a tipline process: opens the ports, starts the workers of the roles, waits for a signal (or with `once` for the
 * end of the work), and stops everything in reverse order.
 */
export async function runProcess(options: ProcessOptions): Promise<ProcessResult> {
  const { settings, roles, once, log } = options;
  const lifecycle = createLifecycle(log);
  const signals = untilSignal(log);
  let stopping = false;
  const context: WorkerContext = {
    log,
    health: createHealth((part, { state, detail }) => {
      if (state === 'down' && !stopping) log.warn({ part, detail }, `${part} is down`);
    }),
    metrics: createMetrics({ processMetrics: true }),
    seam: options.seam,
  };
  const aborted = new AbortController();
  const signalled = signals.signalled.then((signal) => {
    log.info({ signal }, 'stopping: batches in hand are finished first');
    aborted.abort();
  });
  try {
    const { bus, workers, status } = await startAll(options, context, lifecycle);
    const stopShowing = options.onRunning(workers, status);
    const work = once ? drain(settings, roles, bus, workers, aborted.signal) : signalled;
    try {
      await Promise.race([work, signalled, workers.failed]);
    } finally {
      stopShowing();
    }
    stopping = true;
    context.health.report(PROCESS_PART, 'down', 'it is stopping');
    const report = workers.ingest?.progress();
    await lifecycle.stop();
    return { workers, failedFeeds: report?.failedFeeds ?? [] };
  } finally {
    await lifecycle.stop();
    signals.release();
  }
}

async function startAll({ settings, roles, once }: ProcessOptions, context: WorkerContext, lifecycle: Lifecycle) {
  const { config } = settings;
  mkdirSync(settings.data, { recursive: true, mode: 0o750 });
  if (config.bus.kind === 'embedded' || config.store.kind === 'embedded') {
    const release = holdDataFolder(settings.data);
    lifecycle.started('data folder', async () => release());
  }
  // bus and store may be up long before anybody works: who asks for readiness must not be told so by then
  context.health.report(PROCESS_PART, 'starting', 'its workers do not run yet');
  let status: StatusServer | undefined;
  if (config.http.listen !== 'off') {
    status = await serveStatus(config.http.listen, context.health, context.metrics);
    lifecycle.started('status page', status.close);
  }
  const bus = await openBus(settings, context);
  lifecycle.started('bus', () => bus.close());
  const store = await openStore(settings, context);
  lifecycle.started('store', () => store.close());
  await bus.check();
  const created = await ensureTopics(bus, settings, config.bus.kind === 'embedded' || config.bus.create_topics);
  if (created.length > 0) context.log.info({ topics: created }, 'created topics');
  await store.setup();
  await store.check();
  context.log.info({ bus: bus.description, store: store.indicators.description, roles }, 'tipline starts');

  const workers = await startWorkers({ settings, roles, once, bus, store, context, lifecycle });
  context.health.report(PROCESS_PART, 'up');
  if (!once) {
    const owner = `${process.pid}`;
    lifecycle.started(
      'housekeeping',
      startHousekeeping({
        bus,
        store,
        retention: config.retention,
        following: followingOf(settings, roles),
        owner,
        context,
      }),
    );
  }
  return { bus, workers, status };
}

/** What this process reads, for the watch over lags. */
function followingOf(settings: Settings, roles: readonly Role[]): Following[] {
  const retention = retentionOf(settings);
  const following: Following[] = [];
  const add = (role: Role, topic: string, group: string): void => {
    const kept = retention[topic];
    if (kept === undefined) throw new TiplineError('TOPIC_UNKNOWN', `${topic} has no retention`, { retryable: false });
    if (roles.includes(role)) following.push({ topic, group, retention: kept });
  };
  add('enrich', TOPICS.raw, ENRICH_GROUP);
  add('alerting', TOPICS.enriched, ALERTING_GROUP);
  add('responder', TOPICS.enriched, responderGroup(settings.responderName));
  for (const { topic, group } of Object.values(AUDIT_SUBSCRIPTIONS)) add('audit', topic, group);
  return following;
}
