import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { type AlertingWorker, startAlerting } from '../../alerting/worker.ts';
import { startAudit } from '../../audit/worker.ts';
import type { Bus } from '../../bus/port.ts';
import { readSeverityFile } from '../../core/process/config/severity-file.ts';
import type { Lifecycle } from '../../core/process/lifecycle.ts';
import type { WorkerContext } from '../../core/process/worker-context.ts';
import { type EnrichWorker, startEnrich } from '../../enrich/worker.ts';
import { createFetcher } from '../../ingest/fetch/fetcher.ts';
import { type IngestWorker, startIngest } from '../../ingest/worker.ts';
import type { Responder } from '../../responder/worker.ts';
import type { Store } from '../../store/port.ts';
import { createJudge } from '../judge.ts';
import { lifetimeLookUp } from '../lifetimes.ts';
import type { Role } from '../roles.ts';
import type { Settings } from '../settings.ts';
import { severityRulesPath } from '../severity-rules.ts';
import { warningListFolders } from '../warning-lists.ts';
import { whoMayBlock } from '../who-may-block.ts';
import { openChannel } from './channel.ts';
import { withForeignTopics } from './foreign-topic.ts';
import { geoFilesOf } from './geo-files.ts';
import { createPeers } from './peers.ts';
import { startConfiguredResponder } from './responder.ts';

/** The workers of this process; what was not asked for is absent. */
export interface Workers {
  ingest?: IngestWorker;
  enrich?: EnrichWorker;
  alerting?: AlertingWorker;
  responder?: Responder;
  /** Rejects when any worker dies. */
  readonly failed: Promise<never>;
}

export interface WorkersOptions {
  settings: Settings;
  roles: readonly Role[];
  once: boolean;
  bus: Bus;
  store: Store;
  context: WorkerContext;
  /** Names this process in leases. */
  owner: string;
  lifecycle: Lifecycle;
  start: Start;
  /** False: the signal came before there was room on the disk again. */
  untilRoom?: ((signal: AbortSignal) => Promise<boolean>) | undefined;
}

/** Opens a part, waiting while what it needs is away, and registers how it is stopped. */
export type Start = <T>(
  name: string,
  open: () => Promise<T>,
  stop: (opened: T) => Promise<void>,
  registration?: Parameters<Lifecycle['started']>[2],
) => Promise<T>;

/** Who this process is in leases. Where only one can be, a fixed name lets the next start go on at once after a crash. */
export function leaseOwner({ config }: Settings): string {
  if (config.store.kind === 'embedded') return 'embedded';
  return `${hostname()}:${process.pid}:${randomBytes(4).toString('hex')}`;
}

const stop = (worker: { stop(): Promise<void> }): Promise<void> => worker.stop();

/** Starts the workers, those that read first, so that nobody waits for a reader; each is registered to be stopped in reverse. */
export async function startWorkers({
  settings,
  roles,
  once,
  bus,
  store,
  context,
  owner,
  lifecycle,
  start,
  untilRoom,
}: WorkersOptions): Promise<Workers> {
  const { config } = settings;
  const dying: Promise<void>[] = [];
  const failure = Promise.withResolvers<never>();
  const workers: Workers = { failed: failure.promise };
  const peers = createPeers(settings);
  peers.learnFrom(bus);

  if (roles.includes('audit')) {
    const audit = await start('audit', () => startAudit({ bus, journal: store.journal, context }), stop);
    dying.push(audit.closed);
  }
  if (roles.includes('responder')) {
    const configured = startConfiguredResponder({ settings, bus, store, context, peers });
    lifecycle.started('responder', configured.stop);
    dying.push(configured.responder.closed);
    workers.responder = configured.responder;
  }
  if (roles.includes('alerting')) {
    const channel = openChannel(settings);
    lifecycle.started('mail channel', () => channel.close());
    const { outbox, cursors } = store;
    const alerting = await start(
      'alerting',
      () => startAlerting({ config: config.alerting, bus, outbox, cursors, channel, context, once, owner }),
      stop,
    );
    dying.push(alerting.closed);
    workers.alerting = alerting;
  }
  if (roles.includes('enrich')) {
    const enriching = {
      config: config.enrich,
      severity: readSeverityFile(severityRulesPath(settings)),
      geo: geoFilesOf(settings),
      warningLists: warningListFolders(settings),
      blockFor: config.responder.block_for,
      historyRetention: config.retention.history,
      bus,
      store: store.indicators,
      cursors: store.cursors,
      context,
      owner,
    };
    const enrich = await start('enrich', () => startEnrich(enriching), stop);
    dying.push(enrich.closed);
    workers.enrich = enrich;
  }
  if (roles.includes('ingest')) {
    context.log.info({}, `who may block: ${whoMayBlock(settings.feeds)}`);
    const fetcher = createFetcher();
    lifecycle.started('fetcher', () => fetcher.close());
    const ingest = startIngest({
      feeds: withForeignTopics(settings.feeds, config.bus, context, peers.learnFrom),
      bus,
      cursors: store.cursors,
      remembered: store.indicators,
      fetcher,
      once,
      context,
      untilRoom,
      owner,
      own: config.own,
      judge: createJudge(config.retention.history),
      lists: join(settings.data, 'feeds'),
      blockFor: config.responder.block_for,
      lifetimeOf: lifetimeLookUp(config.enrich.lifetimes),
    });
    lifecycle.started('ingest', () => ingest.stop());
    dying.push(ingest.closed);
    workers.ingest = ingest;
  }
  for (const closed of dying) closed.catch((error: unknown) => failure.reject(error));
  // waited for by whoever runs the process; a death before that must not be an unhandled rejection
  failure.promise.catch(() => {});
  return workers;
}
