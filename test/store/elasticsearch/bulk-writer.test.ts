import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@elastic/elasticsearch';
import { type BulkOperation, type BulkWriter, createBulkWriter } from '../../../store/elasticsearch/bulk-writer.ts';
import { createClient } from '../../../store/elasticsearch/client.ts';
import { createRoute } from '../../../store/elasticsearch/indicator-writes.ts';
import { createOutages } from '../../../store/elasticsearch/outages.ts';
import { until } from '../../services/wait.ts';
import { type FakeServer, startFakeServer } from './fake-server.ts';
import { keptLog, SHORT_WAITS, type TestPatience, testPatience, watchedHealth } from './patience.ts';

const REQUEST_TIMEOUT = 1000;

describe('bulk writer', () => {
  let server: FakeServer;
  let client: Client;
  let writer: BulkWriter;
  let patience: TestPatience;
  let health: ReturnType<typeof watchedHealth>;
  let log: ReturnType<typeof keptLog>;

  beforeEach(async () => {
    server = await startFakeServer();
    client = createClient({
      kind: 'elasticsearch',
      nodes: [server.url],
      prefix: '',
      shards: 1,
      replicas: 0,
      refresh_interval: '1s',
      request_timeout: REQUEST_TIMEOUT,
    });
    health = watchedHealth();
    log = keptLog();
    patience = testPatience();
    writer = writerWith({});
  });

  afterEach(async () => {
    await client.close();
    await server.close();
  });

  function writerWith(options: { requestBytes?: number }): BulkWriter {
    const outages = createOutages({ log: log.log, health: health.health });
    return createBulkWriter({ client, outages, waits: SHORT_WAITS, ...options });
  }

  function documents(count: number, index = 'day'): BulkOperation[] {
    return Array.from({ length: count }, (_, n) => ({
      ...createRoute(index, `id-${n}`),
      document: Buffer.from(JSON.stringify({ n, text: 'x'.repeat(50) })),
    }));
  }

  const stored = (index = 'day'): number => server.indices.get(index)?.size ?? 0;
  const kinds = (outcomes: { kind: string }[]): string[] => outcomes.map(({ kind }) => kind);

  it('writes a batch with one request', async () => {
    assert.deepEqual(kinds(await writer.write(documents(3), patience)), ['created', 'created', 'created']);
    assert.equal(server.seen.length, 1);
    assert.equal(health.state(), 'up');
  });

  it('writes nothing for nothing', async () => {
    assert.deepEqual(await writer.write([], patience), []);
    assert.equal(server.seen.length, 0);
  });

  it('tells by position what was there already', async () => {
    await writer.write(documents(2), patience);
    assert.deepEqual(kinds(await writer.write(documents(4), patience)), ['conflict', 'conflict', 'created', 'created']);
  });

  it('sends only the items again that were answered 429 or 503', async () => {
    server.next({
      items: ({ id }) =>
        id === 'id-1'
          ? { status: 429, type: 'es_rejected_execution_exception' }
          : id === 'id-3'
            ? { status: 503, type: 'unavailable_shards_exception' }
            : undefined,
    });
    assert.deepEqual(kinds(await writer.write(documents(5), patience)), Array(5).fill('created'));
    assert.deepEqual(
      server.seen.map(({ items }) => items),
      [5, 2],
    );
    assert.ok(!health.changes.some((change) => change.startsWith('down')), 'a short breath is no outage');
  });

  it('calls it an outage when the server stays busy, and goes on when it is not', async () => {
    server.always = {
      answer: { status: 429, body: { error: { type: 'circuit_breaking_exception', reason: 'heap' } } },
    };
    const writing = writer.write(documents(2), patience);
    await until(() => health.state() === 'down', { what: 'health to be down' });
    assert.match(health.details(), /429 circuit_breaking_exception/);
    server.always = {};
    assert.deepEqual(kinds(await writing), ['created', 'created']);
    assert.equal(health.state(), 'up');
  });

  it('keeps fewer requests open after a refusal', async () => {
    writer = writerWith({ requestBytes: 1000 });
    server.next({ answer: { status: 429 } }, { answer: { status: 429 } });
    await writer.write(documents(50), patience);
    server.mostOpen = 0;
    await writer.write(documents(50, 'other'), patience);
    assert.equal(server.mostOpen, 1);
  });

  it('keeps two requests of a call open at most', async () => {
    writer = writerWith({ requestBytes: 1000 });
    server.always = { delay: 20 };
    await writer.write(documents(60), patience);
    assert.equal(server.mostOpen, 2);
    assert.equal(stored(), 60);
  });

  it('halves at 413, remembers it, and refuses alone what is too large alone', async () => {
    writer = writerWith({ requestBytes: 1_000_000 });
    const limit = 150_000;
    server.always = ({ bytes }) =>
      bytes > limit ? { answer: { status: 413, contentType: 'text/html', body: '<html>' } } : {};
    const operations = documents(8).map((operation) => ({
      ...operation,
      document: Buffer.from(JSON.stringify({ text: 'x'.repeat(40_000) })),
    }));
    operations[5] = {
      ...createRoute('day', 'huge'),
      document: Buffer.from(JSON.stringify({ text: 'x'.repeat(limit) })),
    };
    const outcomes = await writer.write(operations, patience);
    assert.deepEqual(
      kinds(outcomes),
      operations.map((_, n) => (n === 5 ? 'refused' : 'created')),
    );
    assert.equal(outcomes[5]?.kind === 'refused' && outcomes[5].code, 'DOCUMENT_TOO_LARGE');

    const before = server.seen.length;
    await writer.write(
      documents(8, 'other').map((each, n) => ({
        ...each,
        document: operations[n === 5 ? 0 : n]?.document ?? each.document,
      })),
      patience,
    );
    assert.ok(
      server.seen.slice(before).every(({ bytes }) => bytes <= limit),
      'the next call begins with what is known to pass',
    );
  });

  it('finds the lines that make the server refuse whole requests', async () => {
    const bad = new Set(['id-3', 'id-40', 'id-41', 'id-77', 'id-150', 'id-151', 'id-152', 'id-299']);
    const error = { type: 'action_request_validation_exception', reason: 'id is too long' };
    server.always = {
      whole: (items) => (items.some(({ id }) => bad.has(id)) ? { status: 400, body: { error } } : undefined),
    };
    const outcomes = await writer.write(documents(300), patience);
    assert.deepEqual(
      kinds(outcomes),
      outcomes.map((_, n) => (bad.has(`id-${n}`) ? 'refused' : 'created')),
    );
    assert.equal(outcomes[3]?.kind === 'refused' && outcomes[3].error.reason, 'id is too long');
  });

  it('waits instead of halving for ever when every request is malformed', async () => {
    server.always = {
      answer: { status: 400, body: { error: { type: 'illegal_argument_exception', reason: 'what?' } } },
    };
    const writing = writer.write(documents(1000), patience);
    await until(() => health.state() === 'down', { what: 'health to be down' });
    assert.ok(server.seen.length < 400, `${server.seen.length} requests`);
    const stood = server.seen.length;
    await until(() => server.seen.length > stood + 20, { what: 'the next round to be under way' });
    server.always = {};
    assert.equal((await writing).filter(({ kind }) => kind === 'created').length, 1000);
  });

  it('waits through 401 and 403, and says which', async () => {
    for (const [status, type] of [
      [401, 'security_exception'],
      [403, 'security_exception'],
    ] as const) {
      server.always = { answer: { status, body: { error: { type, reason: 'no' } } } };
      const writing = writer.write(documents(3, `day-${status}`), patience);
      await until(() => health.state() === 'down', { what: 'health to be down' });
      assert.match(health.details(), new RegExp(`${status} security_exception.*credentials`));
      server.always = {};
      assert.equal((await writing).filter(({ kind }) => kind === 'created').length, 3);
    }
  });

  it('waits for a server that cannot be reached, a proxy that answers for it, and one that answers nonsense', async () => {
    for (const fault of [
      { reply: 'dead' },
      { answer: { status: 503, contentType: 'text/html', body: '<html>' } },
      { answer: { status: 200, contentType: 'text/html', body: '<html>' } },
      { answer: { status: 200, body: { items: [] } } },
      { answer: { status: 302, body: {} } },
    ] as const) {
      server.always = fault;
      const writing = writer.write(documents(3, JSON.stringify(fault)), patience);
      await until(() => health.state() === 'down', { what: `health to be down at ${JSON.stringify(fault)}` });
      server.always = {};
      assert.deepEqual(kinds(await writing), Array(3).fill('created'));
      assert.equal(health.state(), 'up');
    }
  });

  it('sends again what may have been written when the reply is lost', async () => {
    server.next({ reply: 'reset' });
    assert.deepEqual(kinds(await writer.write(documents(2), patience)), ['conflict', 'conflict']);
    assert.equal(stored(), 2);
  });

  it('beats and says so while a frozen server neither answers nor refuses', async () => {
    server.next({ reply: 'hang' });
    const writing = writer.write(documents(2), patience);
    await until(() => health.state() === 'down', { what: 'health to be down', timeout: REQUEST_TIMEOUT - 200 });
    assert.match(health.details(), /has not answered for/);
    assert.ok(patience.beats() > 2);
    assert.deepEqual(kinds(await writing), ['conflict', 'conflict']);
    assert.equal(health.state(), 'up');
  });

  it('refuses a document without touching its neighbours', async () => {
    server.next({
      items: ({ id }) =>
        id === 'id-2' ? { status: 400, type: 'mapper_parsing_exception', reason: 'not an IP' } : undefined,
    });
    const outcomes = await writer.write(documents(4), patience);
    assert.deepEqual(kinds(outcomes), ['created', 'created', 'refused', 'created']);
    assert.equal(outcomes[2]?.kind === 'refused' && outcomes[2].error.reason, 'not an IP');
  });

  it('refuses a document with a line break by itself: it would be read as the next action', async () => {
    const evil = '{"a":1}\n{"create":{"_index":"elsewhere","_id":"1"}}\n{"b":2}';
    const outcomes = await writer.write(
      [{ ...createRoute('day', 'evil'), document: Buffer.from(evil) }, ...documents(1)],
      patience,
    );
    assert.deepEqual(kinds(outcomes), ['refused', 'created']);
    assert.ok(!server.indices.has('elsewhere'));
  });

  it('writes strings as it does Buffers, and halves what turns out larger than its length said', async () => {
    const limit = 130_000;
    writer = writerWith({ requestBytes: limit });
    server.always = ({ bytes }) => (bytes > limit ? { answer: { status: 413 } } : {});
    const texts = ['grüße', 'злой 🦊', '\ud800', ...Array<string>(12).fill('ж'.repeat(20_000)), 'ж'.repeat(limit)];
    const operations = texts.map((text, n) => ({ ...createRoute('day', `id-${n}`), document: `{"text":"${text}"}` }));
    const evil = '{"a":1}\n{"create":{"_index":"elsewhere","_id":"1"}}\n{"b":2}';
    const outcomes = await writer.write([...operations, { ...createRoute('day', 'evil'), document: evil }], patience);
    assert.deepEqual(kinds(outcomes), [...Array(15).fill('created'), 'refused', 'refused']);
    assert.equal(outcomes[15]?.kind === 'refused' && outcomes[15].code, 'DOCUMENT_TOO_LARGE');
    assert.ok(!server.indices.has('elsewhere'));
    for (const [n, text] of texts.slice(0, 15).entries())
      assert.deepEqual(server.indices.get('day')?.get(`id-${n}`)?.document, { text: text.toWellFormed() });
  });

  it('dead-letters nothing when a large part of a batch is refused for one reason', async () => {
    server.always = {
      items: ({ id }) =>
        Number(id.slice(3)) < 30 ? { status: 400, type: 'strict_dynamic_mapping_exception' } : undefined,
    };
    const writing = writer.write(documents(100), patience);
    await until(() => health.state() === 'down', { what: 'health to be down' });
    assert.match(health.details(), /30 of 100 documents.*strict_dynamic_mapping_exception.*tipline setup/);
    assert.equal(stored(), 70, 'the others are written');
    server.always = {};
    assert.deepEqual(kinds(await writing), Array(100).fill('created'));
  });

  it('refuses a small part of a batch, and all of a small batch', async () => {
    server.always = {
      items: ({ id }) =>
        Number(id.slice(3)) < 20 ? { status: 400, type: 'strict_dynamic_mapping_exception' } : undefined,
    };
    const of100 = kinds(await writer.write(documents(100), patience));
    assert.equal(of100.filter((kind) => kind === 'refused').length, 20);
    const of19 = kinds(await writer.write(documents(19, 'small'), patience));
    assert.equal(of19.filter((kind) => kind === 'refused').length, 19);
  });

  it('waits for an index that is closed, missing, forbidden or on a full disk, and never dead-letters', async () => {
    const faults = [
      [{ status: 400, type: 'index_closed_exception' }, /400 index_closed_exception on day.*open the index/],
      [{ status: 404, type: 'index_not_found_exception' }, /404 index_not_found_exception on day.*tipline setup/],
      [{ status: 403, type: 'security_exception' }, /403 security_exception on day.*privileges/],
      [
        { status: 403, type: 'cluster_block_exception', reason: 'blocked by: [FORBIDDEN/8/index write (api)]' },
        /403 cluster_block_exception on day.*remove the block/,
      ],
      [
        {
          status: 429,
          type: 'cluster_block_exception',
          reason:
            'blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark, index has read-only-allow-delete block]',
        },
        /429 cluster_block_exception on day.*disk full\?/,
      ],
    ] as const;
    for (const [fault, words] of faults) {
      server.indices.clear();
      server.always = { items: ({ id }) => (id === 'id-1' ? fault : undefined) };
      const writing = writer.write(documents(3), patience);
      await until(() => health.state() === 'down', { what: `health to be down at ${fault.type}` });
      assert.match(health.details(), words);
      assert.equal(stored(), 2);
      server.always = {};
      assert.deepEqual(kinds(await writing), Array(3).fill('created'));
      assert.equal(health.state(), 'up');
    }
  });

  it('takes the detour of a blocked index at once, and once', async () => {
    const operations = documents(3).map((operation, n) => ({ ...operation, detour: createRoute('today', `id-${n}`) }));
    const block = { status: 403, type: 'cluster_block_exception', reason: '[FORBIDDEN/8/index write (api)]' };
    server.always = { items: ({ index }) => (index === 'day' ? block : undefined) };
    assert.deepEqual(kinds(await writer.write(operations, patience)), Array(3).fill('created'));
    assert.equal(stored('today'), 3);
    assert.ok(!health.changes.some((change) => change.startsWith('down')));

    server.indices.clear();
    server.always = { items: () => block };
    const writing = writer.write(operations, patience);
    await until(() => health.state() === 'down', { what: 'health to be down' });
    assert.match(health.details(), /on today/);
    server.always = {};
    await writing;
    assert.equal(stored('today'), 3);
    assert.equal(stored('day'), 0);
  });

  it('takes no detour for a full disk', async () => {
    const [operation] = documents(1);
    assert.ok(operation);
    server.next({ items: () => ({ status: 429, type: 'cluster_block_exception', reason: 'flood-stage' }) });
    await writer.write([{ ...operation, detour: createRoute('today', 'id-0') }], patience);
    assert.equal(stored('day'), 1);
  });

  it('gives up when the batch is taken away, waiting or in the middle of a request', async () => {
    server.always = { reply: 'dead' };
    const waiting = writer.write(documents(1), patience);
    await until(() => health.state() === 'down', { what: 'health to be down' });
    patience.abort();
    await assert.rejects(waiting, { code: 'STORE_ABORTED' });
    assert.equal(health.state(), 'up', 'nobody waits any more');

    patience = testPatience();
    server.always = { reply: 'hang' };
    const hanging = writer.write(documents(1), patience);
    await until(() => server.seen.length > 1, { what: 'the request' });
    const begun = performance.now();
    patience.abort();
    await assert.rejects(hanging, { code: 'STORE_ABORTED' });
    assert.ok(performance.now() - begun < 500, 'without waiting for the answer');
    await assert.rejects(writer.write(documents(1), patience), { code: 'STORE_ABORTED' });
  });

  it('passes on what a heartbeat throws', async () => {
    patience = testPatience(() => Promise.reject(new Error('the group rebalances')));
    server.always = { reply: 'hang' };
    await assert.rejects(writer.write(documents(1), patience), /the group rebalances/);
  });

  it('waits for nobody without patience, but finishes what moves', async () => {
    server.always = { reply: 'dead' };
    await assert.rejects(writer.write(documents(1)), { code: 'STORE_UNREACHABLE', retryable: true });
    server.always = {};
    server.next({
      items: ({ id }) => (id === 'id-1' ? { status: 429, type: 'es_rejected_execution_exception' } : undefined),
    });
    assert.deepEqual(kinds(await writer.write(documents(3))), Array(3).fill('created'));
    assert.deepEqual(health.changes, []);
  });

  it('says each trouble once, not at every try', async () => {
    server.always = { reply: 'dead' };
    const writing = writer.write(documents(1), patience);
    await until(() => server.seen.length > 8, { what: 'several tries' });
    server.always = {};
    await writing;
    assert.equal(log.lines.length, 2, log.lines.join('\n'));
    assert.match(log.lines[0] ?? '', /cannot be reached/);
    assert.match(log.lines[1] ?? '', /is back/);
  });

  it('does not wait for a server that is away once for each part of a batch', async () => {
    writer = writerWith({ requestBytes: 1000 });
    server.always = { reply: 'hang' };
    const begun = performance.now();
    await assert.rejects(writer.write(documents(100)), { code: 'STORE_UNREACHABLE' });
    assert.ok(performance.now() - begun < 2 * REQUEST_TIMEOUT + 1000);
    assert.equal(server.seen.length, 2);
  });

  it('stays down while another call still waits', async () => {
    const closed = { status: 400, type: 'index_closed_exception' };
    server.always = { items: ({ index }) => (index === 'closed' ? closed : undefined) };
    const waiting = writer.write(documents(1, 'closed'), patience);
    await until(() => health.state() === 'down', { what: 'health to be down' });
    await writer.write(documents(1), patience);
    assert.equal(health.state(), 'down');
    server.always = {};
    await waiting;
    assert.equal(health.state(), 'up');
  });

  it('loses nothing of bursts into a slow server that refuses now and then', async () => {
    writer = writerWith({ requestBytes: 2000 });
    let count = 0;
    server.always = () => {
      count += 1;
      return count % 5 === 0 ? { answer: { status: 429 } } : count % 7 === 0 ? { reply: 'reset' } : { delay: 5 };
    };
    const calls = Array.from({ length: 12 }, async (_, burst) => {
      await sleep(burst * 3);
      const outcomes = await writer.write(documents(40, `burst-${burst}`), patience);
      assert.equal(outcomes.length, 40);
    });
    await Promise.all(calls);
    for (let burst = 0; burst < 12; burst += 1) assert.equal(stored(`burst-${burst}`), 40);
  });
});
