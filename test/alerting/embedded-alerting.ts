import { readCorrespondents } from '../../alerting/channels/message.ts';
import { openSmtpChannel } from '../../alerting/channels/smtp.ts';
import { ALERTING_GROUP, type AlertingWorker, startAlerting } from '../../alerting/worker.ts';
import { openEmbeddedBus } from '../../bus/embedded/bus.ts';
import type { Bus } from '../../bus/port.ts';
import type { EnrichedDocument } from '../../core/contract/enriched-document.ts';
import { TOPICS } from '../../core/contract/topics.ts';
import { alertingSection } from '../../core/process/config/sections.ts';
import { createHealth, type Health } from '../../core/process/health.ts';
import { silentLog } from '../../core/process/log.ts';
import { createMetrics } from '../../core/process/metrics.ts';
import { noSeam, type Seam } from '../../core/process/seam.ts';
import { openEmbeddedStore } from '../../store/embedded/store.ts';
import type { Store } from '../../store/port.ts';
import { until } from '../services/wait.ts';

export interface EmbeddedAlerting {
  bus: Bus;
  store: Store;
  health: Health;
  start(): Promise<AlertingWorker>;
  /** Resolves when alerting has committed all there is. */
  drained(): Promise<void>;
  close(): Promise<void>;
}

export interface EmbeddedAlertingOptions {
  data: string;
  /** `smtp://…` */
  smtp: string;
  once?: boolean;
  seam?: Seam;
  /** As an operator writes them. */
  config?: Record<string, unknown>;
}

/** Alerting on the embedded bus and store of a folder, with a real mail server. */
export async function embeddedAlerting(options: EmbeddedAlertingOptions): Promise<EmbeddedAlerting> {
  const { data, smtp, once = true, seam = noSeam } = options;
  const health = createHealth();
  const bus = openEmbeddedBus({ data, log: silentLog, health });
  const store = openEmbeddedStore({ data, log: silentLog, health });
  await bus.createTopics(Object.values(TOPICS).map((name) => ({ name, retentionMs: 86_400_000 })));
  const email = { smtp, from: 'tipline@example.org', to: ['security@example.org'], timeout: '2s' };
  const config = alertingSection.parse({ email, ...options.config });
  const channel = openSmtpChannel({
    url: smtp,
    correspondents: readCorrespondents(config.email),
    ca: undefined,
    tls: config.email.tls,
    timeout: config.email.timeout,
  });
  const context = { log: silentLog, health, metrics: createMetrics(), seam };
  return {
    bus,
    store,
    health,
    start: () =>
      startAlerting({
        config,
        bus,
        outbox: store.outbox,
        cursors: store.cursors,
        channel,
        context,
        once,
        owner: 'local',
      }),
    drained: async () => {
      await until(async () => (await bus.lag(TOPICS.enriched, ALERTING_GROUP)) === 0, {
        what: 'alerting to read its topic',
        timeout: 60_000,
      });
    },
    async close() {
      await channel.close();
      await bus.close();
      await store.close();
    },
  };
}

export async function publishDocuments(bus: Bus, documents: readonly EnrichedDocument[]): Promise<void> {
  for (let from = 0; from < documents.length; from += 1000) {
    await bus.publish(
      TOPICS.enriched,
      documents
        .slice(from, from + 1000)
        .map((document) => ({ key: document.tipline.id, value: JSON.stringify(document) })),
    );
  }
}
