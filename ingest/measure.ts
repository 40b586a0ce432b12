import type { WorkerContext } from '../core/process/worker-context.ts';
import type { FeedCounts, FeedRun } from './feed-run.ts';

/** Moves the metrics of all feeds by what came since the last call, so that reading itself touches none. */
export function createMeasure({ metrics }: WorkerContext): (runs: readonly FeedRun[]) => void {
  const read = metrics.counter('tipline_ingest_read_total', 'Records that feeds gave', ['feed']);
  const published = metrics.counter('tipline_ingest_published_total', 'Records on ioc.raw', ['feed']);
  const skipped = metrics.counter('tipline_ingest_skipped_total', 'Rows and records that could not be used', ['feed']);
  const notAdmitted = metrics.counter('tipline_ingest_not_admitted_total', "Left out by the feed's own rules", [
    'feed',
  ]);
  const requests = metrics.counter('tipline_ingest_requests_total', 'Requests to the source', ['feed']);
  const bytes = metrics.counter('tipline_ingest_fetched_bytes_total', 'Bytes from the source, as they came', ['feed']);
  const lastOk = metrics.gauge('tipline_ingest_last_ok_seconds', 'Unix time of the last good reading', ['feed']);
  const lasted = metrics.gauge('tipline_ingest_reading_seconds', 'How long the last reading took', ['feed']);
  const heldBack = metrics.gauge('tipline_ingest_quarantined', 'Is a list of the feed held back? 0 or 1', ['feed']);
  const failures = metrics.gauge('tipline_ingest_failures', 'Failed readings since the last good one', ['feed']);
  const told = new Map<string, FeedCounts & { requests: number; bytes: number }>();
  return (runs) => {
    for (const { settings, counts, keeper, fetcher } of runs) {
      const labels = { feed: settings.name };
      const now = { ...counts, ...fetcher.stats() };
      const before = told.get(settings.name) ?? NOTHING;
      read(now.read - before.read, labels);
      published(now.published - before.published, labels);
      skipped(now.skipped - before.skipped, labels);
      notAdmitted(now.notAdmitted - before.notAdmitted, labels);
      requests(now.requests - before.requests, labels);
      bytes(now.bytes - before.bytes, labels);
      lastOk(keeper.state.lastOk / 1000, labels);
      lasted(keeper.state.lasted / 1000, labels);
      failures(keeper.state.failures, labels);
      heldBack(keeper.state.quarantine === null ? 0 : 1, labels);
      told.set(settings.name, now);
    }
  };
}

const NOTHING = { read: 0, published: 0, skipped: 0, notAdmitted: 0, requests: 0, bytes: 0 };
