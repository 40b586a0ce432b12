import type { WorkerContext } from '../core/process/worker-context.ts';
import type { FeedRun } from './feed-run.ts';
import { noneRefused, REFUSALS, type Refused } from './refusal.ts';
import { noneTurnedAway, TURNED_AWAY, type TurnedAway } from './turned-away.ts';

/** Moves the metrics of all feeds by what came since the last call, so that reading itself touches none. */
export function createMeasure({ metrics }: WorkerContext): (runs: readonly FeedRun[]) => void {
  const read = metrics.counter('tipline_ingest_read_total', 'Records that feeds gave', ['feed']);
  const published = metrics.counter('tipline_ingest_published_total', 'Records on ioc.raw', ['feed']);
  const refused = metrics.counter('tipline_ingest_refused_total', 'Rows and records that were not published', [
    'feed',
    'reason',
  ]);
  const turnedAway = metrics.counter(
    'tipline_ingest_turned_away_total',
    'Clients of a feed that listens that were let go of',
    ['feed', 'reason'],
  );
  const requests = metrics.counter('tipline_ingest_requests_total', 'Requests to the source', ['feed']);
  const bytes = metrics.counter('tipline_ingest_fetched_bytes_total', 'Bytes from the source, as they came', ['feed']);
  const lastOk = metrics.gauge('tipline_ingest_last_ok_seconds', 'Unix time of the last good reading', ['feed']);
  const lasted = metrics.gauge('tipline_ingest_reading_seconds', 'How long the last reading took', ['feed']);
  const heldBack = metrics.gauge('tipline_ingest_quarantined', 'Is a list of the feed held back? 0 or 1', ['feed']);
  const failures = metrics.gauge('tipline_ingest_failures', 'Failed readings since the last good one', ['feed']);
  const told = new Map<string, Told>();
  return (runs) => {
    for (const { settings, counts, refused: lost, turnedAway: away, keeper, fetcher } of runs) {
      const labels = { feed: settings.name };
      const now = {
        read: counts.read,
        published: counts.published,
        refused: { ...lost },
        away: { ...away },
        ...fetcher.stats(),
      };
      const before = told.get(settings.name) ?? NOTHING;
      read(now.read - before.read, labels);
      published(now.published - before.published, labels);
      for (const reason of REFUSALS) refused(now.refused[reason] - before.refused[reason], { ...labels, reason });
      for (const reason of TURNED_AWAY) turnedAway(now.away[reason] - before.away[reason], { ...labels, reason });
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

interface Told {
  read: number;
  published: number;
  refused: Refused;
  away: Record<TurnedAway, number>;
  requests: number;
  bytes: number;
}

const NOTHING: Told = { read: 0, published: 0, refused: noneRefused(), away: noneTurnedAway(), requests: 0, bytes: 0 };
