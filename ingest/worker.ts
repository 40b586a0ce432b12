import type { Bus } from '../bus/port.ts';
import { TiplineError } from '../core/process/errors.ts';
import type { Worker, WorkerContext } from '../core/process/worker-context.ts';
import type { IndicatorStore } from '../store/port.ts';
import { createAdmission } from './admission.ts';
import { type Clock, REAL_CLOCK } from './clock.ts';
import type { ConfiguredFeed } from './feed.ts';
import { type FeedFailure, type LifeOptions, liveFeed } from './feed-life.ts';
import { createFeedMemory } from './feed-memory.ts';
import { BusFailure, type FeedCounts, type FeedRun } from './feed-run.ts';
import type { Fetcher } from './fetch/fetcher.ts';
import { transported, transportOf } from './fetch/transport.ts';
import { createAgeing } from './lifetime.ts';
import { createMeasure } from './measure.ts';
import { createPublisher } from './publish.ts';
import { noneRefused } from './refusal.ts';
import type { FeedSettings } from './settings.ts';
import { createOwnThings, type OwnThings } from './snapshot/own.ts';
import { isReleased } from './snapshot/release.ts';
import { StateKeeper } from './state-keeper.ts';
import { createTally } from './tally.ts';
import { noneTurnedAway } from './turned-away.ts';
import { createUsabilityWatch, type Judge } from './usability.ts';

export interface IngestOptions extends LifeOptions {
  feeds: readonly ConfiguredFeed[];
  bus: Bus;
  fetcher: Fetcher;
  /** What the store remembers: by it a process finds what vanished from a list that another one read last. */
  remembered?: Pick<IndicatorStore, 'ofFeed'>;
  /** Domains and networks of the operator: a list that names one is held back. */
  own: readonly string[];
  /** Folder for lists that are judged before they are published, and the last good ones. */
  lists: string;
  /** What the enricher would say of a record. */
  judge?: Judge;
  context: WorkerContext;
  /** Resolves when there is room on the disk that the bus is on; to false when the signal came before. */
  untilRoom?: ((signal: AbortSignal) => Promise<boolean>) | undefined;
  clock?: Clock;
}

export interface IngestReport {
  read: number;
  published: number;
  /** Of them, those that were over when they were read. */
  expired: number;
  perFeed: Record<string, FeedCounts>;
  /** With `once` those whose reading failed, else those whose last one did. */
  failedFeeds: FeedFailure[];
}

export interface IngestWorker extends Worker {
  /** With `once`: every feed was read, and all of it is on the bus. Else when the worker has stopped. Rejects like `closed`. */
  readonly drained: Promise<IngestReport>;
  /** How far it is now. */
  progress(): IngestReport;
}

/** Feeds that `once` reads at the same time: each may hold a document of its size cap in memory. */
const MOST_AT_ONCE = 4;

/** Reads the feeds and publishes what they say on `ioc.raw`. Throws CONFIG_FEEDS when two have one name. */
export function startIngest(options: IngestOptions): IngestWorker {
  const { context, once, clock = REAL_CLOCK } = options;
  const log = context.log.child({ role: 'ingest' });
  const feeds = options.feeds.filter((feed) => feed.settings.enabled);
  refuseTwins(feeds);
  const stopping = new AbortController();
  const { signal } = stopping;
  const publisher = createPublisher({
    bus: options.bus,
    health: context.health,
    log,
    signal,
    clock,
    untilRoom: options.untilRoom,
  });
  const failedFeeds: FeedFailure[] = [];
  const measure = createMeasure(context);
  let fatal: unknown;

  const runs = feeds.map((feed): FeedRun => {
    const { settings, fingerprint } = feed;
    const feedLog = log.child({ feed: settings.name });
    const keeper = new StateKeeper({
      name: settings.name,
      cursors: options.cursors,
      log: feedLog,
      owner: options.owner,
      clock,
      seam: context.seam,
    });
    const counts = { read: 0, published: 0, skipped: 0, notAdmitted: 0, expired: 0 };
    const admits = createAdmission(settings);
    const ageing = createAgeing(settings, options.lifetimeOf);
    const fetcher = transported(options.fetcher, transportOf(settings), clock);
    return {
      settings,
      fingerprint,
      admits,
      ageing,
      fetcher,
      clock,
      keeper,
      memory: createFeedMemory(options.cursors, settings.name),
      own: ownThingsOf(settings.checks, options.own),
      lists: options.lists,
      remembered: options.remembered,
      isReleased: (quarantine) => isReleased(options.cursors, settings.name, quarantine),
      counts,
      refused: noneRefused(),
      turnedAway: noneTurnedAway(),
      tally: createTally(),
      usability: options.judge === undefined ? undefined : createUsabilityWatch(options.judge),
      publisher,
      log: feedLog,
      context,
      signal,
    };
  });

  async function runFeed(configured: ConfiguredFeed, run: FeedRun): Promise<void> {
    try {
      const failure = await liveFeed(configured, run, options);
      if (failure !== undefined) failedFeeds.push(failure);
    } catch (error) {
      fatal ??= error instanceof BusFailure ? error.cause : error;
      stopping.abort();
    }
  }

  async function runAll(): Promise<IngestReport> {
    const waiting = feeds.map((feed, index) => ({ feed, run: runs[index] }));
    async function runInTurn(): Promise<void> {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        if (next.run !== undefined) await runFeed(next.feed, next.run);
      }
    }
    const lanes = once ? Math.min(MOST_AT_ONCE, feeds.length) : feeds.length;
    const measuring = setInterval(() => measure(runs), 5000);
    try {
      await Promise.all(Array.from({ length: lanes }, runInTurn));
    } finally {
      clearInterval(measuring);
      measure(runs);
    }
    if (fatal !== undefined) throw fatal;
    return progress();
  }

  function progress(): IngestReport {
    const report: IngestReport = {
      read: 0,
      published: 0,
      expired: 0,
      perFeed: {},
      failedFeeds: once ? [...failedFeeds] : runs.flatMap(failureOf),
    };
    for (const { settings, counts } of runs) {
      report.read += counts.read;
      report.published += counts.published;
      report.expired += counts.expired;
      report.perFeed[settings.name] = { ...counts };
    }
    return report;
  }

  context.health.report('ingest', 'up');
  const drained = runAll();
  const stopped = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => stopped.resolve(), { once: true });
  const closed = drained.then(() => stopped.promise);
  // whichever of the two is not waited for must not end the process by itself
  drained.catch(() => {});
  closed.catch(() => {});
  return {
    drained,
    closed,
    progress,
    async stop() {
      stopping.abort();
      await drained.catch(() => {});
    },
  };
}

/** How a feed that is followed fails now, in the words of one that is read once. */
function failureOf({ settings, keeper }: FeedRun): FeedFailure[] {
  const { failures, quarantine, lastError } = keeper.state;
  if (lastError === null || (failures === 0 && quarantine === null)) return [];
  return [{ name: settings.name, code: lastError.code, message: lastError.message }];
}

function ownThingsOf(checks: FeedSettings['checks'], own: readonly string[]): OwnThings {
  return createOwnThings([...own, ...(checks === undefined || checks === false ? [] : checks.own)]);
}

function refuseTwins(feeds: readonly ConfiguredFeed[]): void {
  const names = new Set<string>();
  for (const { settings } of feeds) {
    if (names.has(settings.name)) {
      throw new TiplineError('CONFIG_FEEDS', `two feeds are named "${settings.name}"; give each a name of its own`, {
        retryable: false,
      });
    }
    names.add(settings.name);
  }
}
