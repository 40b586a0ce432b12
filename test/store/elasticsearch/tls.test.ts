import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { ElasticsearchConfig } from '../../../core/process/config/sections.ts';
import { createClient } from '../../../store/elasticsearch/client.ts';
import { readVersion } from '../../../store/elasticsearch/server.ts';
import { selfSigned } from '../../services/certificate.ts';
import { testConfig } from './opened.ts';

describe('Elasticsearch behind TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tipline-tls-'));
  const ca = join(folder, 'ca.pem');
  const authorizations: (string | undefined)[] = [];
  let server: Server;
  let config: ElasticsearchConfig;

  before(async () => {
    const { key, cert } = await selfSigned();
    writeFileSync(ca, cert);
    server = createServer({ key, cert }, (request, response) => {
      authorizations.push(request.headers.authorization);
      response.setHeader('x-elastic-product', 'Elasticsearch').setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ version: { number: '8.19.8' } }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    config = testConfig(`https://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
  after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  });

  async function versionOf(changes: Partial<ElasticsearchConfig>): Promise<string> {
    const client = createClient({ ...config, ...changes });
    try {
      return (await readVersion(client)).number;
    } finally {
      await client.close();
    }
  }

  it('is trusted by its authority alone', async () => {
    assert.equal(await versionOf({ ca }), '8.19.8');
    await assert.rejects(versionOf({}), {
      code: 'STORE_UNREACHABLE',
      message: /self-signed certificate.*name its authority in store\.ca/,
    });
  });

  it('says which file of the configuration cannot be read', () => {
    assert.throws(() => createClient({ ...config, ca: join(folder, 'missing.pem') }), {
      code: 'STORE_CONFIG',
      message: /store.ca/,
    });
  });

  it('gets a key or a name with its password', async () => {
    authorizations.length = 0;
    await versionOf({ ca, api_key: 'a2V5' });
    await versionOf({ ca, username: 'tipline', password: 'secret' });
    assert.deepEqual(authorizations, ['ApiKey a2V5', `Basic ${Buffer.from('tipline:secret').toString('base64')}`]);
    assert.throws(() => createClient({ ...config, username: 'tipline' }), { code: 'STORE_CONFIG' });
  });
});
