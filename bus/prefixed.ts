import type { Bus } from './port.ts';

/**
 * A bus whose topics and groups carry a prefix on the server, so that several tiplines can share one Kafka. Workers see plain names, and
 * origins stay `topic-partition-offset` without it.
 */
export function withPrefix(bus: Bus, prefix: string): Bus {
  if (prefix === '') return bus;
  const far = (name: string): string => prefix + name;
  const near = (name: string): string => name.slice(prefix.length);
  return {
    description: `${bus.description}, prefix ${prefix}`,
    publish: (topic, records) => bus.publish(far(topic), records),
    consume: (options) =>
      bus.consume({
        ...options,
        topic: far(options.topic),
        group: far(options.group),
        handler: (batch) =>
          options.handler({
            topic: options.topic,
            partition: batch.partition,
            records: batch.records,
            signal: batch.signal,
            heartbeat: () => batch.heartbeat(),
          }),
      }),
    lag: (topic, group) => bus.lag(far(topic), far(group)),
    leftBehind: (topic, group, before) => bus.leftBehind(far(topic), far(group), before),
    async *scan(topic) {
      for await (const record of bus.scan(far(topic))) yield { ...record, topic };
    },
    createTopics: async (specs) =>
      (await bus.createTopics(specs.map((spec) => ({ ...spec, name: far(spec.name) })))).map(near),
    missingTopics: async (topics) => (await bus.missingTopics(topics.map(far))).map(near),
    servers: () => bus.servers(),
    check: () => bus.check(),
    close: () => bus.close(),
  };
}
