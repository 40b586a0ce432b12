import type { Broker, Connection } from '@platformatic/kafka';
import type { Cluster } from './cluster.ts';
import { topicMissing } from './errors.ts';

/** Where the partitions of a topic are. */
export interface TopicLayout {
  partitions: number;
  /** By partition; undefined while one has no leader. */
  leaders: (Broker | undefined)[];
}

/** From the client's cache, or from the brokers when it is old or `fresh` is asked for. Throws BUS_TOPIC_MISSING. */
export async function topicLayout(cluster: Cluster, topic: string, fresh: boolean): Promise<TopicLayout> {
  const metadata = await cluster.metadata({ topics: [topic], forceUpdate: fresh }).catch((error: unknown) => {
    throw isUnknownTopic(error) ? topicMissing(topic) : error;
  });
  const found = metadata.topics.get(topic);
  if (found === undefined) throw topicMissing(topic);
  return {
    partitions: found.partitionsCount,
    leaders: found.partitions.map(({ leader }) => metadata.brokers.get(leader)),
  };
}

export async function connectionTo(cluster: Cluster, layout: TopicLayout, partition: number): Promise<Connection> {
  const broker = layout.leaders[partition];
  if (broker === undefined) throw new Error(`partition ${partition} has no leader`);
  return cluster.connections.get(broker);
}

/** The client tells it in words only. */
function isUnknownTopic(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('Unknown topic ');
}
