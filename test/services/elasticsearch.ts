import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { JavaServer, type ServerControl } from './java-server.ts';

export interface ElasticsearchServer extends ServerControl {
  /** `http://127.0.0.1:PORT`, the same after every start. */
  readonly url: string;
  readonly version: string;
}

/** Starts an Elasticsearch node of its own on a free loopback port. `settings` are further ones of elasticsearch.yml. */
export async function startElasticsearch(
  settings: Record<string, string | number | boolean> = {},
): Promise<ElasticsearchServer> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'tipline-elasticsearch-'));
  // JSON is YAML, so nothing needs to be quoted by hand.
  writeFileSync(join(folder, 'elasticsearch.yml'), JSON.stringify({ ...nodeSettings(port, folder), ...settings }));

  const server = new JavaServer({ service: 'elasticsearch', mainClass: 'ElasticsearchNode', folder, heap: '512m' });
  try {
    await server.start();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return Object.assign(server, { url: `http://127.0.0.1:${port}` });
}

function nodeSettings(port: number, folder: string): Record<string, string | number | boolean> {
  return {
    'cluster.name': 'tipline-test',
    'node.name': 'tipline-test',
    'discovery.type': 'single-node',
    'network.host': '127.0.0.1',
    'http.port': port,
    'transport.port': 0,
    'path.data': join(folder, 'data'),
    'path.logs': join(folder, 'logs'),
    // A nearly full disk would make every index read-only, and tests make many small indices.
    'cluster.routing.allocation.disk.threshold_enabled': false,
    'cluster.max_shards_per_node': 10_000,
    'logger.level': 'warn',
    'logger.org.elasticsearch.deprecation': 'off',
  };
}
