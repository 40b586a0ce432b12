import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { inspect } from 'node:util';
import type { Client } from '@elastic/elasticsearch';
import { messageOf } from '../../../core/process/errors.ts';
import { createClient, displayNodes, sendsSecretsInClear } from '../../../store/elasticsearch/client.ts';
import { ElasticsearchError, readServerError } from '../../../store/elasticsearch/error.ts';
import { readVersion } from '../../../store/elasticsearch/server.ts';
import { type FakeServer, startFakeServer } from './fake-server.ts';
import { testConfig } from './opened.ts';

const SECRET = 'hunter2-in-a-document';

describe('errors of the client', () => {
  let server: FakeServer;
  let client: Client;
  beforeEach(async () => {
    server = await startFakeServer();
    client = createClient({ ...testConfig(server.url), password: SECRET, username: 'tipline', request_timeout: 300 });
  });
  afterEach(async () => {
    await client.close();
    await server.close();
  });

  const fail = async (): Promise<ElasticsearchError> => {
    const body = Buffer.from(`{"create":{"_index":"a","_id":"1"}}\n{"text":"${SECRET}"}\n`);
    try {
      await client.transport.request({ method: 'POST', path: '/_bulk', bulkBody: body });
    } catch (error) {
      assert.ok(error instanceof ElasticsearchError, String(error));
      return error;
    }
    throw new Error('it did not fail');
  };

  it('hold neither the request nor the credentials, in no property and in no cause', async () => {
    for (const fault of [
      { answer: { status: 500, body: { error: { type: 'x', reason: 'y' } } } },
      { reply: 'dead' },
      { reply: 'hang' },
      { answer: { status: 200, body: 'not json', contentType: 'application/json' } },
    ] as const) {
      server.next(fault);
      const error = await fail();
      const all = inspect(error, { depth: 20, showHidden: true, getters: true });
      assert.ok(!all.includes(SECRET), all);
      assert.ok(!all.includes(Buffer.from(`tipline:${SECRET}`).toString('base64')), all);
    }
  });

  it('say what they are', async () => {
    const after = async (fault: Parameters<FakeServer['next']>[0]): Promise<ElasticsearchError> => {
      server.next(fault);
      return fail();
    };
    const answer = (status: number, type: string) =>
      after({ answer: { status, body: { error: { type, reason: 'r' } } } });
    assert.equal((await answer(429, 'es_rejected_execution_exception')).code, 'STORE_BUSY');
    assert.equal((await answer(401, 'security_exception')).code, 'STORE_DENIED');
    assert.equal((await answer(404, 'index_not_found_exception')).code, 'STORE_NOT_SET_UP');
    assert.equal((await answer(400, 'parsing_exception')).retryable, undefined);
    assert.equal((await after({ reply: 'dead' })).code, 'STORE_UNREACHABLE');
    assert.equal((await after({ reply: 'hang' })).code, 'STORE_UNREACHABLE');
  });

  it('read a reason that a feed wrote as one short line', () => {
    const reason = `failed: \u001b[31m\n\r\u2028${'x'.repeat(5000)}`;
    const read = readServerError({
      type: 't',
      reason,
      caused_by: { type: 'c', reason: 'deep', caused_by: { type: 'd', reason: 'deepest' } },
    });
    assert.ok(read);
    assert.ok(read.reason.length < 400);
    assert.doesNotMatch(read.reason, /[\u0000-\u001f\u2028]/);
    assert.equal(read.cause, 'd: deepest');
    assert.equal(readServerError('text')?.reason, 'text');
    assert.equal(readServerError(undefined), undefined);
  });
});

describe('the address of the store', () => {
  it('is shown without credentials', () => {
    assert.equal(
      displayNodes(['https://user:secret@es.example.org:9200/path', 'http://[::1]:9200']),
      'https://es.example.org:9200/path, http://[::1]:9200',
    );
  });

  it('is called out when secrets cross a network in clear', () => {
    const clear = (node: string, secret: object) => sendsSecretsInClear({ ...testConfig(node), ...secret });
    assert.ok(clear('http://es.example.org:9200', { api_key: 'k' }));
    assert.ok(clear('http://user:secret@es.example.org:9200', {}));
    assert.ok(!clear('https://es.example.org:9200', { api_key: 'k' }));
    assert.ok(!clear('http://127.0.0.1:9200', { api_key: 'k' }));
    assert.ok(!clear('http://es.example.org:9200', {}));
  });
});

describe('the server that answers', () => {
  const versionOf = async (version: unknown, product = true): Promise<unknown> => {
    const server = await startFakeServer({ version, product });
    const client = createClient(testConfig(server.url));
    try {
      return await readVersion(client);
    } catch (error) {
      return messageOf(error);
    } finally {
      await client.close();
      await server.close();
    }
  };

  it('must be new enough', async () => {
    assert.deepEqual(await versionOf('8.19.8'), { number: '8.19.8', major: 8, minor: 19 });
    assert.deepEqual(await versionOf('7.14.0'), { number: '7.14.0', major: 7, minor: 14 });
    assert.equal(
      await versionOf('7.13.4'),
      'Elasticsearch 7.13.4 is too old: tipline needs 7.14 or later (7.17, 8 and 9 are tested)',
    );
    assert.match(String(await versionOf(null)), /unknown is too old/);
  });

  it('must be Elasticsearch', async () => {
    assert.match(String(await versionOf('2.19.0', false)), /OpenSearch is not supported/);
  });
});
