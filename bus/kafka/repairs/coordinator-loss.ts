import { kafkajsModule, type Repair } from './upstream.ts';

/** As much of kafkajs's ConsumerGroup as the repair touches. */
interface ConsumerGroup {
  heartbeat(options: { interval: number }): Promise<void>;
}

const CONNECTION_TROUBLE = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSBrokerNotFound',
  'KafkaJSRequestTimeoutError',
]);

/** The error by which kafkajs learns that it must look for its group's coordinator and join again, as the member that it was. */
export function coordinatorLost(cause: unknown): Error {
  const error = new Error("the group's coordinator is gone", { cause });
  return Object.assign(error, { name: 'KafkaJSProtocolError', type: 'NOT_COORDINATOR_FOR_GROUP', retriable: true });
}

/**
 * When the broker dies that coordinates its group, kafkajs 2.2.4 sends heartbeat after heartbeat to the same broker, although another has
 * taken over long since, until it has no retries left: half a minute in which nothing is read. A connection that fails says that the
 * coordinator is gone.
 */
export const coordinatorLoss: Repair = {
  module: 'consumer/consumerGroup.js',
  sha256: 'f3e461738585a8dc6574c647123a18afc732f81cdee4f9f7bb62e4aa1dffbfbb',
  apply() {
    const { prototype } = kafkajsModule(this.module) as { prototype: ConsumerGroup };
    const heartbeat = prototype.heartbeat;
    prototype.heartbeat = async function heartbeatOrRejoin(this: ConsumerGroup, options: { interval: number }) {
      try {
        await heartbeat.call(this, options);
      } catch (error) {
        throw error instanceof Error && CONNECTION_TROUBLE.has(error.name) ? coordinatorLost(error) : error;
      }
    };
  },
};
