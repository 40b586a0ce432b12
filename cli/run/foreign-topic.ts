import { openKafkaBus } from '../../bus/kafka/bus.ts';
import type { Bus } from '../../bus/port.ts';
import { TOPICS } from '../../core/contract/topics.ts';
import type { Config } from '../../core/process/config/sections.ts';
import { TiplineError } from '../../core/process/errors.ts';
import type { WorkerContext } from '../../core/process/worker-context.ts';
import type { ConfiguredFeed, FeedContext, ForeignTopic } from '../../ingest/feed.ts';

/**
 * Feeds that can open the Kafka of somebody else, which ingest cannot name. Each has clients of its own, and what these say of their brokers
 * is told as the health of the feed: an outage there is none of tipline's own bus.
 */
export function withForeignTopics(
  feeds: readonly ConfiguredFeed[],
  bus: Config['bus'],
  context: WorkerContext,
  opened: (bus: Bus) => void,
): ConfiguredFeed[] {
  return feeds.map((feed) => ({
    ...feed,
    open(given: FeedContext) {
      return feed.open({
        ...given,
        async openBus(topic) {
          refuseOwnTopic(topic, bus);
          const config = {
            ...topic.reach,
            kind: 'kafka' as const,
            prefix: '',
            partitions: 1,
            replication: 1,
            create_topics: false,
            compression: 'none' as const,
          };
          const health: WorkerContext['health'] = {
            ...context.health,
            report: (_part, state, detail) => context.health.report(`feed:${topic.feed}`, state, detail),
          };
          const foreign = await openKafkaBus(config, { log: given.log, health });
          opened(foreign);
          return foreign;
        },
      });
    },
  }));
}

/** A feed that reads what tipline writes would feed it for ever. */
function refuseOwnTopic({ topic, reach }: ForeignTopic, bus: Config['bus']): void {
  if (bus.kind !== 'kafka' || !bus.brokers.some((broker) => reach.brokers.includes(broker))) return;
  if (!Object.values(TOPICS).some((own) => bus.prefix + own === topic)) return;
  throw new TiplineError(
    'FEED_LOOP',
    `${topic} is a topic of tipline's own bus: what it reads there it would write there again; other producers may write to ${bus.prefix}${TOPICS.raw} themselves`,
    { retryable: false },
  );
}
