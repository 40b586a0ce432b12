import type { Client } from '@elastic/elasticsearch';
import type { ElasticsearchConfig } from '../../../core/process/config/sections.ts';
import { silentLog } from '../../../core/process/log.ts';
import { createClient } from '../../../store/elasticsearch/client.ts';
import { ElasticsearchError } from '../../../store/elasticsearch/error.ts';
import { openElasticsearchStore } from '../../../store/elasticsearch/store.ts';
import type { Store } from '../../../store/port.ts';
import { freshName } from '../../services/given.ts';
import { REAL_WAITS, watchedHealth } from './patience.ts';

/** A configuration for one node that has nobody to copy to. */
export function testConfig(url: string, prefix = ''): ElasticsearchConfig {
  return {
    kind: 'elasticsearch',
    nodes: [url],
    prefix,
    shards: 1,
    replicas: 0,
    refresh_interval: '1s',
    request_timeout: 30_000,
  };
}

export interface OpenedStore {
  store: Store;
  prefix: string;
  health: ReturnType<typeof watchedHealth>;
  /** A client of its own, to do to the server what others may do. */
  client: Client;
  /** Closes the store and deletes what it made. */
  remove(): Promise<void>;
}

/** A store that nobody else uses, set up and ready. */
export async function openTestStore(url: string, changes: Partial<ElasticsearchConfig> = {}): Promise<OpenedStore> {
  const prefix = `${freshName('test')}-`;
  const config = { ...testConfig(url, prefix), ...changes };
  const health = watchedHealth();
  const client = createClient(config);
  const store = await openElasticsearchStore(config, { log: silentLog, health: health.health, waits: REAL_WAITS });
  await store.setup();
  return {
    store,
    prefix,
    health,
    client,
    async remove() {
      await store.close();
      await removeAll(client, prefix);
      await client.close();
    },
  };
}

/** Deletes every index and template of one prefix. */
export async function removeAll(client: Client, prefix: string): Promise<void> {
  const { indices } = await client.indices.resolveIndex({ name: `${prefix}*`, expand_wildcards: 'all' });
  for (const { name } of indices) await client.indices.delete({ index: name });
  // a store that was refused at its set-up has none
  await client.indices.deleteIndexTemplate({ name: `${prefix}*` }).catch(absent);
  await client.cluster.deleteComponentTemplate({ name: `${prefix}*` }).catch(absent);
}

function absent(error: unknown): void {
  if (!(error instanceof ElasticsearchError) || error.status !== 404) throw error;
}
