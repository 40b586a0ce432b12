import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { classifyItem, classifyRequest, explain, type Verdict } from '../../../store/elasticsearch/bulk-outcome.ts';
import { ElasticsearchError, type ServerError } from '../../../store/elasticsearch/error.ts';

const FLOOD =
  'index [x] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark, index has read-only-allow-delete block];';
const immense =
  'Document contains at least one immense term in field="a" (whose UTF8 encoding is longer than the max length 32766)';

describe('what an item of a bulk means', () => {
  const table: [number, string, string, Verdict['kind']][] = [
    [200, '', '', 'updated'],
    [201, '', '', 'created'],
    [409, 'version_conflict_engine_exception', 'document already exists', 'conflict'],
    [400, 'mapper_parsing_exception', 'failed to parse field [threat.indicator.ip] of type [ip]', 'refused'],
    [400, 'document_parsing_exception', '[1:6] failed to parse', 'refused'],
    [400, 'strict_dynamic_mapping_exception', 'dynamic introduction of [zz] is not allowed', 'refused'],
    [400, 'illegal_argument_exception', immense, 'refused'],
    [400, 'something_new_exception', 'who knows', 'refused'],
    [400, 'index_closed_exception', 'closed', 'blocked'],
    [400, 'invalid_index_name_exception', 'must be lowercase', 'paused'],
    [
      400,
      'validation_exception',
      'this action would add [2] shards, but this cluster has [1000]/[1000] open',
      'paused',
    ],
    [400, 'illegal_argument_exception', 'no write index is defined for alias [a]', 'paused'],
    [400, 'illegal_argument_exception', 'pipeline with id [gone] does not exist', 'paused'],
    [400, 'illegal_argument_exception', 'Limit of total fields [1000] has been exceeded', 'paused'],
    [404, 'index_not_found_exception', 'no such index', 'paused'],
    [401, 'security_exception', 'missing authentication credentials', 'paused'],
    [403, 'security_exception', 'action is unauthorized', 'paused'],
    [403, 'cluster_block_exception', 'index [x] blocked by: [FORBIDDEN/8/index write (api)];', 'blocked'],
    [403, 'cluster_block_exception', 'blocked by: [FORBIDDEN/12/index read-only / allow delete (api)];', 'paused'],
    [429, 'cluster_block_exception', FLOOD, 'paused'],
    [429, 'es_rejected_execution_exception', 'rejected execution of coordinating operation', 'busy'],
    [429, 'circuit_breaking_exception', 'Data too large', 'busy'],
    [500, 'io_exception', 'no', 'busy'],
    [502, 'HTTP 502', '', 'busy'],
    [503, 'unavailable_shards_exception', 'primary shard is not active', 'busy'],
    [504, 'timeout_exception', 'no master', 'busy'],
  ];
  for (const [status, type, reason, kind] of table) {
    it(`${status} ${type} ${reason.slice(0, 40)} -> ${kind}`, () => {
      assert.equal(classifyItem(status, type === '' ? undefined : { type, reason }).kind, kind);
    });
  }

  const anyError = fc.record({ type: fc.string(), reason: fc.string() });

  it('never drops what the server could not take now', () => {
    fc.assert(
      fc.property(fc.constantFrom(401, 403, 404, 429, 500, 502, 503, 504, 599), anyError, (status, error) => {
        assert.ok(['paused', 'busy', 'blocked'].includes(classifyItem(status, error).kind));
      }),
    );
  });

  it('never sends again what is done', () => {
    fc.assert(
      fc.property(fc.constantFrom(200, 201, 409), fc.option(anyError, { nil: undefined }), (status, error) => {
        assert.ok(['created', 'updated', 'conflict'].includes(classifyItem(status, error).kind));
      }),
    );
  });

  it('has an answer for every status', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999 }), anyError, (status, error) => {
        assert.ok(classifyItem(status, error).kind.length > 0);
      }),
    );
  });
});

describe('what the failure of a whole request means', () => {
  const failure = (status: number, server: Partial<ServerError> = {}) =>
    classifyRequest(
      new ElasticsearchError('CODE', 'message', status, { type: `HTTP ${status}`, reason: '', ...server }),
    );
  it('splits what is too large or malformed', () => {
    assert.deepEqual(failure(413), { kind: 'split', tooLarge: true });
    assert.deepEqual(failure(400), { kind: 'split', tooLarge: false });
  });
  it('waits shortly for a busy server and long for one that is away or forbids', () => {
    assert.equal(failure(429, { type: 'es_rejected_execution_exception' }).kind, 'busy');
    assert.equal(failure(503, { type: 'master_not_discovered_exception' }).kind, 'busy');
    assert.equal(failure(503).kind, 'paused');
    for (const status of [0, 302, 401, 403, 404, 406]) assert.equal(failure(status).kind, 'paused', String(status));
  });
});

describe('what an operator is told', () => {
  const told = (status: number, type: string, reason: string, index?: string): string => {
    const verdict = classifyItem(status, { type, reason, ...(index === undefined ? {} : { index }) });
    assert.ok('error' in verdict);
    return explain(verdict, 'threat_intel-2026.11.24');
  };
  it('names the index that is at fault and what to do', () => {
    assert.equal(
      told(429, 'cluster_block_exception', FLOOD),
      'Elasticsearch answers 429 cluster_block_exception on threat_intel-2026.11.24: disk full? The block goes when there is space again',
    );
    assert.equal(
      told(400, 'index_closed_exception', 'closed', 'threat_intel_current-000001'),
      'Elasticsearch answers 400 index_closed_exception on threat_intel_current-000001: open the index',
    );
    assert.match(
      told(404, 'index_not_found_exception', 'no such index [x]'),
      /no such index \[x\]; run `tipline setup`$/,
    );
    assert.match(told(403, 'security_exception', 'x'), /check the store's credentials and privileges$/);
    assert.match(told(400, 'validation_exception', 'would add [2] shards'), /raise cluster.max_shards_per_node$/);
  });
});
