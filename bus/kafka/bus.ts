import type { KafkaConfig } from '../../core/process/config/sections.ts';
import type { Health } from '../../core/process/health.ts';
import type { Log } from '../../core/process/log.ts';
import type { Bus, Subscription } from '../port.ts';
import { createAdmin } from './admin.ts';
import { openCluster } from './cluster.ts';
import { consumeTopic } from './consumer.ts';
import { busClosed } from './errors.ts';
import { kafkajsClients } from './kafkajs-client.ts';
import { createOutages } from './outages.ts';
import { createProduce } from './produce-request.ts';
import { createPublish } from './producer.ts';
import { scanTopic } from './scan.ts';

export interface KafkaBusContext {
  log: Log;
  health: Health;
}

/** A bus of Kafka topics. Nothing is connected before it is used; `check` tells whether it can be. */
export function openKafkaBus(config: KafkaConfig, { log, health }: KafkaBusContext): Bus {
  const closing = new AbortController();
  const { signal } = closing;
  const cluster = openCluster(config);
  const newClient = kafkajsClients(config, log);
  const outages = createOutages(health, log);
  const admin = createAdmin(cluster, config);
  const publishing = outages.line('publishing');
  const publish = createPublish({ cluster, produce: createProduce(config.compression), line: publishing, signal });
  const subscriptions = new Set<Subscription>();
  health.report('bus', 'starting', `connecting to ${config.brokers.join(', ')}`);

  function usable(): void {
    if (signal.aborted) throw busClosed();
  }

  return {
    description: `kafka ${config.brokers.join(',')}`,
    async publish(topic, records) {
      usable();
      await publish(topic, records);
    },
    async consume(options) {
      usable();
      const subscription = await consumeTopic(options, { newClient, admin, outages, log, signal });
      subscriptions.add(subscription);
      subscription.closed.then(
        () => subscriptions.delete(subscription),
        () => subscriptions.delete(subscription),
      );
      return subscription;
    },
    async lag(topic, group) {
      usable();
      return admin.lag(topic, group);
    },
    async leftBehind(topic, group, before) {
      usable();
      return admin.leftBehind(topic, group, before);
    },
    scan(topic) {
      usable();
      return scanTopic(cluster, admin, topic);
    },
    async createTopics(specs) {
      usable();
      return admin.createTopics(specs);
    },
    async missingTopics(topics) {
      usable();
      return admin.missingTopics(topics);
    },
    async servers() {
      usable();
      return admin.servers();
    },
    async check() {
      usable();
      await admin.check();
      publishing.up();
    },
    async close() {
      if (signal.aborted) return;
      closing.abort();
      await Promise.allSettled([...subscriptions].map(({ closed }) => closed));
      await cluster.close();
    },
  };
}
