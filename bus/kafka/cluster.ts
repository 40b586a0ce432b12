import { Admin, type SASLMechanismValue } from '@platformatic/kafka';
import type { KafkaConfig } from '../../core/process/config/sections.ts';
import { tlsOptions } from './tls.ts';

export const CONNECT_TIMEOUT_MS = 5_000;
/** A broker that has not answered by then is taken for dead. */
export const REQUEST_TIMEOUT_MS = 20_000;
const METADATA_AGE_MS = 60_000;

/** Metadata, administration, and connections that carry requests of our own. */
export type Cluster = Admin;

/**
 * For everything but consuming: publishing, administration, scans. kafkajs reads with half the CPU time of this client, but has no
 * connections that it would lend. Connects when first used; retries nothing, since that is our own business.
 */
export function openCluster(config: KafkaConfig): Cluster {
  const tls = tlsOptions(config.tls);
  const { sasl } = config;
  const cluster = new Admin({
    clientId: config.client_id,
    bootstrapBrokers: [...config.brokers],
    connectTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    metadataMaxAge: METADATA_AGE_MS,
    retries: 0,
    autocreateTopics: false,
    ...(tls === undefined ? {} : { tls }),
    ...(sasl === undefined ? {} : { sasl: { ...sasl, mechanism: sasl.mechanism.toUpperCase() as SASLMechanismValue } }),
  });
  // Whoever waits for a connection gets its first error; a second one, with no listener left, would end the process.
  cluster.connections.on('connecting', ({ connection }) => connection.on('error', () => {}));
  return cluster;
}
