import { DEFAULT_LISTEN } from '../../core/process/config/sections.ts';
import { holdDataFolder } from '../../core/process/data-folder.ts';
import { keepDiskRoom } from '../../core/process/disk-room.ts';
import { codeOf, messageOf, TiplineError } from '../../core/process/errors.ts';
import { createHealth } from '../../core/process/health.ts';
import { type StatusServer, serveStatus } from '../../core/process/http.ts';
import { createLifecycle, type Lifecycle, untilSignal } from '../../core/process/lifecycle.ts';
import type { Log } from '../../core/process/log.ts';
import { createMetrics } from '../../core/process/metrics.ts';
import { closeToOthers, privateFolder } from '../../core/process/private-files.ts';
import type { Seam } from '../../core/process/seam.ts';
import type { WorkerContext } from '../../core/process/worker-context.ts';
import type { IngestReport } from '../../ingest/worker.ts';
import { ensureTopics, openBus, openStore, retentionOf } from '../ports.ts';
import type { Role } from '../roles.ts';
import type { Settings } from '../settings.ts';
import { subscriptionsOf } from '../subscriptions.ts';
import { type Drained, drain } from './drain.ts';
import { type Following, prune, startHousekeeping } from './housekeeping.ts';
import type { Live } from './live.ts';
import { roomToStart } from './room-to-start.ts';
import { throughOutages } from './through-outages.ts';
import { leaseOwner, type Start, startWorkers, type Workers } from './workers.ts';

export interface ProcessOptions {
  settings: Settings;
  roles: readonly Role[];
  /** Read feeds once, drain, flush, end. */
  once: boolean;
  log: Log;
  seam: Seam;
  /** Told when all workers run, and when they are to stop. */
  live: Pick<Live, 'running' | 'stopping'>;
}

export interface ProcessResult {
  /** Stopped; their counts can still be asked for. */
  workers: Workers;
  failedFeeds: IngestReport['failedFeeds'];
  /** With `once`: what could not be finished. */
  failures: readonly unknown[];
  /** With `once`: a signal came before the work was done. */
  cutShort: boolean;
}

/** Health of the process itself: up when all workers of this process run. */
const PROCESS_PART = 'process';

/** How long `once` waits for servers that are away when it starts, ms. */
const ONCE_WAITS = 60_000;

/** What these work with has to be there, so they set it up; the others may run without rights to do so. */
const SET_UP: readonly Role[] = ['enrich', 'alerting', 'audit'];

/**
 * The composition root of a tipline process: opens the ports, starts the workers of the roles, waits for a signal (or with `once` for the
 * end of the work), and stops everything in reverse order.
 */
export async function runProcess(options: ProcessOptions): Promise<ProcessResult> {
  const { settings, roles, once, log } = options;
  const lifecycle = createLifecycle(log);
  const signals = untilSignal(log);
  const stopping = new AbortController();
  const { signal } = stopping;
  let ending = false;
  const context: WorkerContext = {
    log,
    health: createHealth((part, { state, detail }) => {
      if (state === 'down' && !ending) log.warn({ part, detail }, `${part} is down`);
    }),
    metrics: createMetrics({ processMetrics: true }),
    seam: options.seam,
  };
  const signalled = signals.signalled.then((name) => {
    log.info({ signal: name }, 'stopping: batches in hand are finished first');
    stopping.abort();
  });
  try {
    const running = await unlessSignalled(startAll(options, context, lifecycle, signal), signal);
    let drained: Drained | undefined;
    if (running !== undefined) {
      const { bus, store, workers, status, owner } = running;
      const finishOnce = async (): Promise<void> => {
        drained = await drain({ settings, roles, bus, workers, signal });
        if (drained.complete && roles.includes('enrich'))
          await prune({ store, retention: settings.config.retention, owner, log });
      };
      options.live.running({ workers, status, health: context.health });
      await Promise.race([once ? finishOnce() : signalled, signalled, workers.failed]);
    }
    ending = true;
    options.live.stopping();
    context.health.report(PROCESS_PART, 'down', 'it is stopping');
    const report = running?.workers.ingest?.progress();
    await lifecycle.stop();
    return {
      workers: running?.workers ?? NO_WORKERS,
      failedFeeds: report?.failedFeeds ?? [],
      failures: drained?.failures ?? [],
      cutShort: once && drained?.complete !== true,
    };
  } finally {
    ending = true;
    await lifecycle.stop();
    signals.release();
  }
}

/** What a process did that a signal ended before any worker ran. */
const NO_WORKERS: Workers = { failed: new Promise<never>(() => {}) };

/** Undefined when the start was given up for a signal. */
async function unlessSignalled<T>(starting: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  try {
    return await starting;
  } catch (error) {
    if (signal.aborted && codeOf(error) === 'ABORTED') return undefined;
    throw error;
  }
}

async function startAll(
  { settings, roles, once }: ProcessOptions,
  context: WorkerContext,
  lifecycle: Lifecycle,
  signal: AbortSignal,
) {
  await roomToStart(settings.data, {
    signal,
    deadline: once ? Date.now() + ONCE_WAITS : Number.POSITIVE_INFINITY,
    onAway: (error) => context.health.report(PROCESS_PART, 'down', `it waits to start: ${messageOf(error)}`),
  });
  const { config } = settings;
  const { log, health } = context;
  privateFolder(settings.data);
  closeToOthers(settings.data);
  const embedded = config.bus.kind === 'embedded' || config.store.kind === 'embedded';
  if (embedded) {
    const release = holdDataFolder(settings.data);
    lifecycle.started('data folder', async () => release());
  }
  const room = once || !embedded ? undefined : keepDiskRoom({ folder: settings.data, ...roomOf(config), health, log });
  if (room !== undefined) lifecycle.started('disk', async () => room.stop());
  // bus and store may be up long before anybody works: who asks for readiness must not be told so by then
  health.report(PROCESS_PART, 'starting', 'its workers do not run yet');
  let status: StatusServer | undefined;
  // a run that ends by itself may be beside one that stays, whose page it is
  if (config.http.listen !== 'off' && !once) {
    status = await openStatus(config.http, context);
    lifecycle.started('status page', status.close);
  }

  const deadline = once ? Date.now() + ONCE_WAITS : Number.POSITIVE_INFINITY;
  const patiently = <T>(step: () => Promise<T>): Promise<T> =>
    throughOutages(step, {
      signal,
      deadline,
      // told in the log once, when the state changes
      onAway: (error) => health.report(PROCESS_PART, 'down', `it waits to start: ${messageOf(error)}`),
    });
  const start: Start = (name, open, stop, registration) =>
    patiently(async () => {
      const opened = await open();
      // also when the start was given up meanwhile: it is stopped at once then
      lifecycle.started(name, () => stop(opened), registration);
      return opened;
    });

  const bus = await start(
    'bus',
    () => openBus(settings, context),
    (opened) => opened.close(),
    { interrupts: true },
  );
  const store = await start(
    'store',
    () => openStore(settings, context),
    (opened) => opened.close(),
  );
  await patiently(() => bus.check());
  const mayCreate = config.bus.kind === 'embedded' || config.bus.create_topics;
  const created = await patiently(() => ensureTopics(bus, settings, mayCreate));
  if (created.length > 0) log.info({ topics: created }, 'created topics');
  if (config.store.kind === 'embedded' || SET_UP.some((role) => roles.includes(role)))
    await patiently(() => store.setup());
  await patiently(() => store.check());
  log.info({ bus: bus.description, store: store.indicators.description, roles }, 'tipline starts');

  const owner = leaseOwner(settings);
  const workers = await startWorkers({
    ...{ settings, roles, once, bus, store, context, owner, lifecycle, start },
    untilRoom: room?.untilRoom,
  });
  health.report(PROCESS_PART, 'up');
  if (!once) {
    const { retention } = config;
    const following = followingOf(settings, roles);
    const prunes = roles.includes('enrich');
    lifecycle.started(
      'housekeeping',
      startHousekeeping({ bus, store, retention, following, prunes, owner, log, context }),
    );
  }
  return { bus, store, workers, status, owner };
}

function roomOf({ disk }: Settings['config']): { lowWater: number; reserve: number } {
  return { lowWater: disk.low_water, reserve: disk.reserve };
}

/** What this process reads, for the watch over lags. */
function followingOf(settings: Settings, roles: readonly Role[]): Following[] {
  const kept = retentionOf(settings);
  return subscriptionsOf(settings)
    .filter(({ role }) => roles.includes(role))
    .map(({ topic, group }) => {
      const retention = kept[topic];
      if (retention === undefined)
        throw new TiplineError('TOPIC_UNKNOWN', `${topic} has no retention`, { retryable: false });
      return { topic, group, retention };
    });
}

/** The status page. Several roles on one machine need no address each: where the default one is taken, any free port will do, and the log says which. */
async function openStatus(
  { listen, hosts }: Settings['config']['http'],
  { health, metrics, log }: WorkerContext,
): Promise<StatusServer> {
  try {
    return await serveStatus({ listen, hosts, health, metrics });
  } catch (error) {
    if (listen !== DEFAULT_LISTEN) throw error;
    const status = await serveStatus({ listen: '127.0.0.1:0', hosts, health, metrics });
    log.warn({ url: status.url }, `${listen} is taken, so the status page is elsewhere; set http.listen to choose`);
    return status;
  }
}
