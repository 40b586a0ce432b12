import { Admin, type SASLMechanismValue } from '@platformatic/kafka';
import { Kafka, type LogEntry, logLevel, type SASLOptions } from 'kafkajs';
import type { KafkaConfig } from '../../core/process/config/sections.ts';
import { messageOf } from '../../core/process/errors.ts';
import type { Log } from '../../core/process/log.ts';
import { repairCoordinatorLoss } from './coordinator.ts';
import { replaceFetchDecoder } from './fetch-decoder.ts';
import { repairIdleTimer } from './idle-timer.ts';
import { demandKnownKafkajs } from './internals.ts';
import { socketFactory } from './socket.ts';
import { tlsOptions } from './tls.ts';

/**
 * kafkajs reads: its consumer needs half the CPU time of the other client's. The other client carries everything else: its connections
 * carry the record batches that we encode (bench/kafka-produce.ts).
 */
const CONNECT_TIMEOUT_MS = 5_000;
/** A broker that has not answered by then is taken for dead. */
const REQUEST_TIMEOUT_MS = 20_000;
const METADATA_AGE_MS = 60_000;

export type Cluster = Admin;

/** For publishing, administration and scans. Connects when first used; retries nothing, since that is our own business. */
export function openCluster(config: KafkaConfig): Cluster {
  const tls = tlsOptions(config.tls);
  const cluster = new Admin({
    clientId: config.client_id,
    bootstrapBrokers: [...config.brokers],
    connectTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    metadataMaxAge: METADATA_AGE_MS,
    retries: 0,
    autocreateTopics: false,
    ...(tls === undefined ? {} : { tls }),
    ...(config.sasl === undefined
      ? {}
      : {
          sasl: {
            mechanism: config.sasl.mechanism.toUpperCase() as SASLMechanismValue,
            username: config.sasl.username,
            password: config.sasl.password,
          },
        }),
  });
  // Whoever waits for a connection gets its first error; a second one, with no listener left, would end the process.
  cluster.connections.on('connecting', ({ connection }) => connection.on('error', () => {}));
  return cluster;
}

/** Retries of kafkajs inside one consumer. Few: beyond them a new consumer is made, which forgets whatever state was wrong. */
export const QUICK_RETRIES = { initialRetryTime: 200, maxRetryTime: 2_000, retries: 3 };

/** For consuming. */
export function openKafkajs(config: KafkaConfig, log: Log): Kafka {
  demandKnownKafkajs();
  repairIdleTimer();
  repairCoordinatorLoss();
  replaceFetchDecoder();
  const tls = tlsOptions(config.tls);
  return new Kafka({
    clientId: config.client_id,
    brokers: [...config.brokers],
    connectionTimeout: CONNECT_TIMEOUT_MS,
    authenticationTimeout: CONNECT_TIMEOUT_MS * 2,
    requestTimeout: REQUEST_TIMEOUT_MS,
    enforceRequestTimeout: true,
    retry: QUICK_RETRIES,
    // All of it goes to debug: it repeats itself at every retry, and what matters is told by the consumer in its own words.
    logLevel: logLevel.INFO,
    logCreator: () => (entry) => log.debug(fieldsOf(entry), entry.log.message),
    socketFactory,
    ...(tls === undefined ? {} : { ssl: tls }),
    ...(config.sasl === undefined ? {} : { sasl: config.sasl as SASLOptions }),
  });
}

function fieldsOf({ namespace, label, log }: LogEntry): Record<string, unknown> {
  const detail = log.error === undefined ? undefined : messageOf(log.error);
  return { client: namespace, told: label, broker: log.broker, group: log.groupId, detail };
}
