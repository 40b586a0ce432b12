import type { Client } from '@elastic/elasticsearch';
import { ElasticsearchError } from './error.ts';
import type { Names } from './names.ts';

/**
 * What to do when copies of the indices have no place: a cluster of one data node stays yellow for ever, which looks like a fault. Undefined when
 * they have, or when nobody may ask.
 */
export async function copiesAdvice(client: Client, replicas: number, names: Names): Promise<string | undefined> {
  if (replicas === 0) return undefined;
  let nodes: number;
  try {
    ({ number_of_data_nodes: nodes } = await client.cluster.health({ timeout: '5s' }));
  } catch (error) {
    if (error instanceof ElasticsearchError) return undefined;
    throw error;
  }
  if (nodes > replicas) return undefined;
  const copies = nodes - 1;
  return `the cluster has ${nodes} data node${nodes === 1 ? '' : 's'} and store.replicas is ${replicas}: some copies have no place, and the indices stay yellow. Set "store.replicas: ${copies}", which counts for each day that is new; for what is there already: PUT /${[names.current, names.outbox, names.cursors].join()}/_settings {"number_of_replicas":${copies}}`;
}
