import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedBus } from '../../bus/embedded/bus.ts';
import type { Bus } from '../../bus/port.ts';
import type { EnrichedDocument } from '../../core/contract/enriched-document.ts';
import { FEED_HEADER } from '../../core/contract/raw-indicator.ts';
import { TOPICS } from '../../core/contract/topics.ts';
import { configSchema } from '../../core/process/config/sections.ts';
import { readSeverityFile } from '../../core/process/config/severity-file.ts';
import { createHealth } from '../../core/process/health.ts';
import { silentLog } from '../../core/process/log.ts';
import { createMetrics } from '../../core/process/metrics.ts';
import { noSeam } from '../../core/process/seam.ts';
import type { WorkerContext } from '../../core/process/worker-context.ts';
import { ENRICH_GROUP, type EnrichOptions, type EnrichWorker, startEnrich } from '../../enrich/worker.ts';
import { openEmbeddedStore } from '../../store/embedded/store.ts';
import type { Store } from '../../store/port.ts';
import { until } from '../services/wait.ts';

/** A real enricher on the embedded bus and store in a folder of its own. */
export interface Lab {
  bus: Bus;
  store: Store;
  context: WorkerContext;
  start(changes?: Partial<EnrichOptions>): Promise<EnrichWorker>;
  /** Publishes records as JSON (text stays as it is) and waits until they are enriched. */
  say(...records: unknown[]): Promise<void>;
  /** The same with headers of a publisher; without any the records are nobody's. */
  sayAs(headers: Readonly<Record<string, string>>, ...records: unknown[]): Promise<void>;
  caughtUp(): Promise<void>;
  enriched(): Promise<EnrichedDocument[]>;
  current(value: string): Promise<EnrichedDocument | undefined>;
  close(): Promise<void>;
}

export async function openLab(): Promise<Lab> {
  const data = mkdtempSync(join(tmpdir(), 'tipline-enrich-'));
  const context: WorkerContext = { log: silentLog, health: createHealth(), metrics: createMetrics(), seam: noSeam };
  const bus = openEmbeddedBus({ data, ...context });
  const store = openEmbeddedStore({ data, ...context });
  await bus.createTopics(Object.values(TOPICS).map((name) => ({ name, retentionMs: 86_400_000 })));
  await store.setup();
  const workers: EnrichWorker[] = [];
  const caughtUp = async (): Promise<void> => {
    await until(async () => (await bus.lag(TOPICS.raw, ENRICH_GROUP)) === 0, {
      timeout: 20_000,
      what: 'enrichment to catch up',
    });
  };
  const sayAs: Lab['sayAs'] = async (headers, ...records) => {
    await bus.publish(
      TOPICS.raw,
      records.map((record) => ({
        key: 'k',
        value: typeof record === 'string' ? record : JSON.stringify(record),
        headers,
      })),
    );
    await caughtUp();
  };
  return {
    bus,
    store,
    context,
    async start(changes = {}) {
      const worker = await startEnrich({
        config: configSchema.parse({}).enrich,
        severity: readSeverityFile('rules/severity.yaml'),
        geo: { places: undefined, asn: undefined },
        warningLists: [],
        blockFor: 86_400_000,
        historyRetention: 90 * 86_400_000,
        bus,
        store: store.indicators,
        cursors: store.cursors,
        context,
        owner: 'test',
        ...changes,
      });
      workers.push(worker);
      return worker;
    },
    say: (...records) => sayAs({ [FEED_HEADER]: 'lab' }, ...records),
    sayAs,
    caughtUp,
    async enriched() {
      const documents: EnrichedDocument[] = [];
      for await (const record of bus.scan(TOPICS.enriched))
        documents.push(JSON.parse(record.value.toString()) as EnrichedDocument);
      return documents;
    },
    async current(value) {
      return (await store.indicators.search({ value })).find((document) => document.tipline.value === value);
    },
    async close() {
      for (const worker of workers) await worker.stop();
      await bus.close();
      await store.close();
      rmSync(data, { recursive: true });
    },
  };
}
