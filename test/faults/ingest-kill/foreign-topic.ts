import { freshName } from '../../services/given.ts';
import type { Station } from './station.ts';
import { address, createTeller } from './style.ts';

/** A topic of somebody else, in which records stand one behind the other. */
export interface ForeignTopic {
  readonly feed: object;
  readonly told: ReadonlySet<string>;
  grow(): Promise<void>;
  /** Records that the feed's group has not read. */
  lag(): Promise<number>;
}

export async function openForeignTopic({ bus, brokers, prefix }: Station): Promise<ForeignTopic> {
  const { told, more } = createTeller((number) => address(40, number));
  const [topic, group] = ['partner', freshName('partner')];
  await bus.createTopics([{ name: topic, retentionMs: 3_600_000 }]);
  return {
    feed: { name: 'partner', type: 'kafka', brokers, topic: `${prefix}${topic}`, group: `${prefix}${group}` },
    told,
    async grow() {
      const records = more(6000).map((indicator) => ({ key: indicator, value: JSON.stringify({ indicator }) }));
      for (let at = 0; at < records.length; at += 1000) await bus.publish(topic, records.slice(at, at + 1000));
    },
    lag: () => bus.lag(topic, group),
  };
}
