import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { createHealth, type Health } from '../../core/process/health.ts';
import { type Log, silentLog } from '../../core/process/log.ts';
import { createMetrics } from '../../core/process/metrics.ts';
import { noSeam } from '../../core/process/seam.ts';
import type { WorkerContext } from '../../core/process/worker-context.ts';
import type { ConfiguredFeed } from '../../ingest/feed.ts';
import { type FeedState, feedKey, parseFeedState } from '../../ingest/feed-state.ts';
import { parseFeed } from '../../ingest/feeds/index.ts';
import { createFetcher, type Fetcher } from '../../ingest/fetch/fetcher.ts';
import { type IngestOptions, type IngestReport, type IngestWorker, startIngest } from '../../ingest/worker.ts';
import { createFakeBus, type FakeBus } from './fake-bus.ts';
import { createMemoryCursors, type MemoryCursors } from './memory-cursors.ts';

const DAY = 86_400_000;

/** An ingest worker on a bus and a store in memory; what was started ends with the test. */
export interface Lab {
  bus: FakeBus;
  cursors: MemoryCursors;
  health: Health;
  context: WorkerContext;
  fetcher: Fetcher;
  /** Folder of the last good lists. */
  lists: string;
  logged: { level: string; fields: Readonly<Record<string, unknown>>; message: string }[];
  start(sections: unknown[], changes?: Partial<IngestOptions>): IngestWorker;
  once(sections: unknown[], changes?: Partial<IngestOptions>): Promise<IngestReport>;
  state(name: string): FeedState;
}

export function openLab(t: Pick<TestContext, 'after'>): Lab {
  const bus = createFakeBus();
  const cursors = createMemoryCursors();
  const health = createHealth();
  const fetcher = createFetcher({ connectTimeout: 2000, answerTimeout: 2000, totalTimeout: 20_000 });
  const logged: Lab['logged'] = [];
  const context: WorkerContext = { log: recordingLog(logged), health, metrics: createMetrics(), seam: noSeam };
  const workers: IngestWorker[] = [];
  const lists = mkdtempSync(join(tmpdir(), 'tipline-lists-'));
  t.after(async () => {
    bus.open();
    await Promise.all(workers.map((worker) => worker.stop()));
    await fetcher.close();
    rmSync(lists, { recursive: true, force: true });
  });

  const lab: Lab = {
    bus,
    cursors,
    health,
    context,
    fetcher,
    lists,
    logged,
    start(sections, changes = {}) {
      const worker = startIngest({
        feeds: sections.map(configured),
        bus,
        cursors,
        fetcher,
        once: false,
        own: [],
        lists,
        owner: 'lab',
        context,
        blockFor: DAY,
        // tests tell fixed dates, which must not be over one day
        lifetimeOf: () => 36_500 * DAY,
        ...changes,
      });
      workers.push(worker);
      return worker;
    },
    async once(sections, changes = {}) {
      const worker = lab.start(sections, { once: true, ...changes });
      const report = await worker.drained;
      await worker.stop();
      return report;
    },
    state: (name) => parseFeedState(cursors.values.get(feedKey(name))?.value),
  };
  return lab;
}

export function configured(section: unknown): ConfiguredFeed {
  const parsed = parseFeed(section);
  assert.ok(parsed.ok, parsed.ok ? '' : JSON.stringify(parsed.issues));
  return parsed.feed;
}

/** `path: message` of each issue that a feed's section is refused for. */
export function refusals(section: unknown): string[] {
  const parsed = parseFeed(section);
  return parsed.ok ? [] : parsed.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
}

function recordingLog(logged: Lab['logged'], bound: Readonly<Record<string, unknown>> = {}): Log {
  const at =
    (level: string) =>
    (fields: Readonly<Record<string, unknown>>, message: string): void => {
      logged.push({ level, fields: { ...bound, ...fields }, message });
    };
  return {
    debug: silentLog.debug,
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => recordingLog(logged, { ...bound, ...fields }),
  };
}
