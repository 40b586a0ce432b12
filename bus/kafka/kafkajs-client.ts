import type { Socket } from 'node:net';
import { Kafka, type LogEntry, logLevel, type SASLOptions } from 'kafkajs';
import type { KafkaConfig } from '../../core/process/config/sections.ts';
import { messageOf } from '../../core/process/errors.ts';
import type { Log } from '../../core/process/log.ts';
import { CONNECT_TIMEOUT_MS, REQUEST_TIMEOUT_MS } from './cluster.ts';
import { repairKafkajs } from './repairs/kafkajs.ts';
import { createSocketFactory } from './repairs/sockets.ts';
import { tlsOptions } from './tls.ts';

/** What the user of a client wants to know, and tells. */
export interface ClientWatch {
  /** None of the brokers can be reached. kafkajs has no event for that, only a line of its log. */
  unreachable(detail: string): void;
  /** False when the client is done with: it opens no connection then, whatever it was about to do. */
  inUse(): boolean;
  /** A connection begins. Whoever is done with the client must cut those that are left: kafkajs loses sight of some in an outage. */
  opened(socket: Socket): void;
}

export type NewClient = (watch: ClientWatch) => Kafka;

/**
 * About 8 seconds, in which a coordinator or a leader is followed to another broker and a short restart is ridden out without losing the
 * place in the group. Beyond that a new consumer is made, which forgets whatever state was wrong.
 */
export const RETRIES = { initialRetryTime: 200, maxRetryTime: 1_000, multiplier: 2, factor: 0.2, retries: 10 };

const UNREACHABLE = 'Failed to connect to seed broker';

/** Clients of kafkajs, which consume. The version is checked and repaired once, here. */
export function kafkajsClients(config: KafkaConfig, log: Log): NewClient {
  repairKafkajs();
  const tls = tlsOptions(config.tls);

  return (watch) =>
    new Kafka({
      clientId: config.client_id,
      brokers: [...config.brokers],
      connectionTimeout: CONNECT_TIMEOUT_MS,
      authenticationTimeout: CONNECT_TIMEOUT_MS * 2,
      requestTimeout: REQUEST_TIMEOUT_MS,
      enforceRequestTimeout: true,
      retry: RETRIES,
      socketFactory: createSocketFactory(watch.inUse, watch.opened),
      // All of it goes to debug: it repeats itself at every retry, and what matters is told by the consumer in its own words.
      logLevel: logLevel.INFO,
      logCreator: () => (entry) => {
        log.debug(fieldsOf(entry), entry.log.message);
        if (entry.log.message.startsWith(UNREACHABLE))
          watch.unreachable(entry.log.message.split(': ').slice(1).join(': '));
      },
      ...(tls === undefined ? {} : { ssl: tls }),
      ...(config.sasl === undefined ? {} : { sasl: config.sasl as SASLOptions }),
    });
}

function fieldsOf({ namespace, label, log }: LogEntry): Record<string, unknown> {
  const detail = log.error === undefined ? undefined : messageOf(log.error);
  return { client: namespace, told: label, broker: log.broker, group: log.groupId, detail };
}
