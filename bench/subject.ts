import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { openEmbeddedBus } from '../bus/embedded/bus.ts';
import { openKafkaBus } from '../bus/kafka/bus.ts';
import type { Bus } from '../bus/port.ts';
import { withPrefix } from '../bus/prefixed.ts';
import { TOPICS } from '../core/contract/topics.ts';
import { configSchema, type ElasticsearchConfig, type KafkaConfig } from '../core/process/config/sections.ts';
import { readSeverityFile } from '../core/process/config/severity-file.ts';
import { createHealth } from '../core/process/health.ts';
import { createLog } from '../core/process/log.ts';
import { createMetrics } from '../core/process/metrics.ts';
import { noSeam } from '../core/process/seam.ts';
import { createSettled } from '../enrich/state/settled.ts';
import { ENRICH_GROUP, startEnrich } from '../enrich/worker.ts';
import { openElasticsearchStore } from '../store/elasticsearch/store.ts';
import { openEmbeddedStore } from '../store/embedded/store.ts';
import type { Store } from '../store/port.ts';

/**
 * The enricher whole, in a process of its own, driven by the parent: `{ run: prefix, group }` takes the topics of that prefix to their end and
 * answers with what it cost; `{ forget: true }` begins a new life of the process's memory.
 */
export interface Cost {
  cpu: number;
  seconds: number;
  rss: number;
  current: number;
  unchanged: number;
}

// ELASTICSEARCH and not NODE: npm sets a NODE of its own
const { BROKERS = '', ELASTICSEARCH = '', STORE_PREFIX = '', DATA = '', GEO = '' } = process.env;
const config = configSchema.parse({
  bus: BROKERS === '' ? { kind: 'embedded' } : { kind: 'kafka', brokers: BROKERS.split(',') },
  store:
    ELASTICSEARCH === ''
      ? { kind: 'embedded' }
      : { kind: 'elasticsearch', nodes: [ELASTICSEARCH], prefix: STORE_PREFIX, replicas: 0, refresh_interval: '30s' },
});
const context = { log: createLog('error'), health: createHealth(), metrics: createMetrics(), seam: noSeam };
const kafka: Bus =
  BROKERS === '' ? openEmbeddedBus({ data: DATA, ...context }) : openKafkaBus(config.bus as KafkaConfig, context);
const store: Store =
  ELASTICSEARCH === ''
    ? openEmbeddedStore({ data: DATA, ...context })
    : await openElasticsearchStore(config.store as ElasticsearchConfig, context);
const settled = createSettled(config.enrich.cache);

async function take(prefix: string, group: string, profile: string | undefined): Promise<Cost> {
  const bus = withPrefix(kafka, prefix);
  const session = new Session();
  if (profile !== undefined) {
    session.connect();
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: 200 });
    await session.post('Profiler.start');
  }
  let started = 0;
  let from = process.cpuUsage();
  const worker = await startEnrich({
    config: config.enrich,
    severity: readSeverityFile('rules/severity.yaml'),
    geo: { places: GEO, asn: undefined },
    warningLists: ['rules/warning-lists'],
    blockFor: 86_400_000,
    historyRetention: config.retention.history,
    // a group of its own for each round, and the clock starts with its first batch
    bus: {
      ...bus,
      consume: (options) =>
        bus.consume({
          ...options,
          group,
          handler: (batch) => {
            if (started === 0) {
              started = performance.now();
              from = process.cpuUsage();
            }
            return options.handler(batch);
          },
        }),
    },
    store: store.indicators,
    cursors: {
      get: async () => undefined,
      put: async () => '1',
      list: async () => new Map(),
      lease: async () => false,
      release: async () => {},
    },
    context,
    owner: 'bench',
    settled,
  });
  while ((await bus.lag(TOPICS.raw, group)) > 0 || started === 0)
    await new Promise((resolve) => setTimeout(resolve, 20));
  const { user, system } = process.cpuUsage(from);
  const seconds = (performance.now() - started) / 1000;
  if (profile !== undefined) {
    const { profile: taken } = await session.post('Profiler.stop');
    writeFileSync(profile, JSON.stringify(taken));
    session.disconnect();
  }
  const { current, unchanged } = worker.tally();
  await worker.stop();
  return { cpu: (user + system) / 1e6, seconds, rss: process.resourceUsage().maxRSS * 1024, current, unchanged };
}

type Order = { run: string; group: string; profile?: string } | { forget: true } | { setup: true };

async function obey(order: Order): Promise<Cost | null> {
  if ('run' in order) return take(order.run, `${ENRICH_GROUP}-${order.group}`, order.profile);
  if ('setup' in order) await store.setup();
  // cleared and not made anew: a process has one, and a second would count as memory until it is collected
  else settled.clear();
  return null;
}

process.on('message', (order: Order) => {
  obey(order).then(
    (cost) => process.send?.(cost),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
process.on('disconnect', () => process.exit(0));
process.send?.(null);
