import type { Bus } from '../bus/port.ts';
import type { IndicatorType } from '../core/indicator/type.ts';
import { TiplineError } from '../core/process/errors.ts';
import type { Worker, WorkerContext } from '../core/process/worker-context.ts';
import type { Cursors } from '../store/port.ts';
import type { ConfiguredFeed, Feed } from './feed.ts';
import { BusFailure, type FeedCounts, type FeedRun } from './feed-run.ts';
import type { Fetcher } from './fetch/fetcher.ts';
import { followListening, followPolled, readOnce } from './follow.ts';
import { createPublisher } from './publish.ts';
import { republishAfter } from './schedule.ts';
import { StateKeeper } from './state-keeper.ts';
import { createTally } from './tally.ts';

export interface IngestOptions {
  feeds: readonly ConfiguredFeed[];
  bus: Bus;
  cursors: Cursors;
  fetcher: Fetcher;
  /** Read every feed once, files to their present end, and end. Feeds that listen are passed over. */
  once: boolean;
  context: WorkerContext;
  /** Milliseconds that the responder blocks for, and that an indicator lives without being seen again; undefined: the shortest of any type. */
  blockFor: number;
  lifetimeOf(type: IndicatorType | undefined): number;
}

export interface FeedFailure {
  name: string;
  code: string;
  message: string;
}

export interface IngestReport {
  read: number;
  published: number;
  perFeed: Record<string, FeedCounts>;
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
const FLUSH_MS = 5000;

/** Reads the feeds and publishes what they say on `ioc.raw`. Throws CONFIG_FEEDS when two have one name. */
export function startIngest(options: IngestOptions): IngestWorker {
  const { context, once } = options;
  const log = context.log.child({ role: 'ingest' });
  const feeds = options.feeds.filter((feed) => feed.settings.enabled);
  refuseTwins(feeds);
  const stopping = new AbortController();
  const { signal } = stopping;
  const publisher = createPublisher({ bus: options.bus, health: context.health, log, signal });
  const failedFeeds: FeedFailure[] = [];
  const measure = createMeasure(context);
  let fatal: unknown;

  const runs = feeds.map((feed): FeedRun => {
    const { settings, fingerprint } = feed;
    const feedLog = log.child({ feed: settings.name });
    const keeper = new StateKeeper({ name: settings.name, cursors: options.cursors, log: feedLog });
    const counts = { read: 0, published: 0, skipped: 0 };
    return { settings, fingerprint, keeper, counts, tally: createTally(), publisher, log: feedLog, context, signal };
  });

  async function runFeed(configured: ConfiguredFeed, run: FeedRun): Promise<void> {
    const feed = configured.open({ fetcher: options.fetcher, log: run.log });
    try {
      await runOpened(feed, run);
    } catch (error) {
      fatal ??= error instanceof BusFailure ? error.cause : error;
      stopping.abort();
    } finally {
      if (feed.kind === 'polled') await feed.close?.();
      await run.keeper.flush(FLUSH_MS);
    }
  }

  async function runOpened(feed: Feed, run: FeedRun): Promise<void> {
    const { settings, keeper } = run;
    if (feed.kind === 'listening' && once) {
      run.log.info({}, 'this feed listens; it is passed over when feeds are read once');
      return;
    }
    context.health.report(`feed:${settings.name}`, 'starting');
    await keeper.load(signal);
    if (signal.aborted) return;
    if (feed.kind === 'listening') {
      await followListening(run, feed);
      return;
    }
    const republish = republishAfter(options.lifetimeOf(settings.indicator_type), options.blockFor, feed.every);
    if (!once) {
      await followPolled(run, feed, republish);
      return;
    }
    const error = await readOnce(run, feed, republish);
    if (error !== undefined) failedFeeds.push({ name: settings.name, code: error.code, message: error.message });
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
    const report: IngestReport = { read: 0, published: 0, perFeed: {}, failedFeeds: [...failedFeeds] };
    for (const { settings, counts } of runs) {
      report.read += counts.read;
      report.published += counts.published;
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

/** Counters are moved every few seconds by what came since, so that reading itself touches none. */
function createMeasure({ metrics }: WorkerContext): (runs: readonly FeedRun[]) => void {
  const read = metrics.counter('tipline_ingest_read_total', 'Records that feeds gave', ['feed']);
  const published = metrics.counter('tipline_ingest_published_total', 'Records on ioc.raw', ['feed']);
  const skipped = metrics.counter('tipline_ingest_skipped_total', 'Rows and records that could not be used', ['feed']);
  const lastOk = metrics.gauge('tipline_ingest_last_ok_seconds', 'Unix time of the last good reading', ['feed']);
  const failures = metrics.gauge('tipline_ingest_failures', 'Failed readings since the last good one', ['feed']);
  const told = new Map<string, FeedCounts>();
  return (runs) => {
    for (const { settings, counts, keeper } of runs) {
      const labels = { feed: settings.name };
      const before = told.get(settings.name) ?? { read: 0, published: 0, skipped: 0 };
      read(counts.read - before.read, labels);
      published(counts.published - before.published, labels);
      skipped(counts.skipped - before.skipped, labels);
      lastOk(keeper.state.lastOk / 1000, labels);
      failures(keeper.state.failures, labels);
      told.set(settings.name, { ...counts });
    }
  };
}
