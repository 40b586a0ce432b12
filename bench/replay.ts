import { Pool } from 'undici';
import { openKafkaBus } from '../bus/kafka/bus.ts';
import type { Outgoing } from '../bus/port.ts';
import { withPrefix } from '../bus/prefixed.ts';
import { TOPICS } from '../core/contract/topics.ts';
import { configSchema, type KafkaConfig } from '../core/process/config/sections.ts';
import { createHealth } from '../core/process/health.ts';
import { silentLog } from '../core/process/log.ts';

/** A request that the enricher made of the sink, kept to be made again of a real server. */
export interface Recorded {
  path: string;
  body: string;
}

/**
 * Raw replay: the same mget and bulk bytes and the same records for the topic, sent by a bare loop that thinks nothing; `lanes` batches in flight,
 * as the enricher has partitions. What the enricher reaches against the same servers is a share of this.
 *
 * @returns seconds
 */
export async function replay(options: {
  brokers: string[];
  node: string;
  from: string;
  to: string;
  topicPrefix: string;
  recorded: readonly Recorded[];
  published: readonly Outgoing[];
  lanes: number;
}): Promise<number> {
  const { node, from, to, recorded } = options;
  const pool = new Pool(node, { connections: options.lanes });
  const kafka = configSchema.parse({ bus: { kind: 'kafka', brokers: options.brokers } }).bus as KafkaConfig;
  const bus = withPrefix(openKafkaBus(kafka, { log: silentLog, health: createHealth() }), options.topicPrefix);
  await bus.createTopics([{ name: TOPICS.enriched, retentionMs: 3_600_000 }]);
  // the index names of the recording are those of another run
  const renamed = recorded.map(({ path, body }) => ({
    path: path.replaceAll(from, to),
    body: Buffer.from(body.replaceAll(from, to), 'latin1'),
  }));
  const gets = renamed.filter(({ path }) => path.includes('_mget'));
  const bulks = renamed.filter(({ path }) => path.includes('_bulk'));
  const share = Math.ceil(options.published.length / Math.max(1, bulks.length));

  let next = 0;
  const started = performance.now();
  const lane = async (): Promise<void> => {
    for (let n = next++; n < bulks.length; n = next++) {
      for (const each of [gets[n], bulks[n]]) {
        if (each === undefined) continue;
        const type = each.path.includes('_bulk') ? 'application/x-ndjson' : 'application/json';
        const answer = await pool.request({
          method: 'POST',
          path: each.path,
          body: each.body,
          headers: { 'content-type': type },
        });
        const text = await answer.body.text();
        if (answer.statusCode !== 200) throw new Error(`${each.path}: ${answer.statusCode} ${text.slice(0, 300)}`);
      }
      await bus.publish(TOPICS.enriched, options.published.slice(n * share, (n + 1) * share));
    }
  };
  await Promise.all(Array.from({ length: options.lanes }, lane));
  const seconds = (performance.now() - started) / 1000;
  await pool.close();
  await bus.close();
  return seconds;
}
