import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { createHealth } from '../../../core/process/health.ts';
import { type StatusServer, serveStatus } from '../../../core/process/http.ts';
import { createMetrics } from '../../../core/process/metrics.ts';

describe('the status page', () => {
  let server: StatusServer | undefined;
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });
  const start = async (listen = '127.0.0.1:0', health = createHealth(), metrics = createMetrics()): Promise<string> => {
    server = await serveStatus(listen, health, metrics);
    return server.url;
  };

  it('says that the process lives, whatever is down', async () => {
    const health = createHealth();
    health.report('store', 'down', 'refused');
    const answer = await fetch(`${await start('127.0.0.1:0', health)}/healthz`);
    assert.equal(answer.status, 200);
    assert.equal(await answer.text(), 'alive\n');
  });

  it('says which part is not ready, and why', async () => {
    const health = createHealth();
    const url = await start('127.0.0.1:0', health);
    health.report('bus', 'up');
    health.report('store', 'down', '<b>refused</b>');
    const down = await fetch(`${url}/readyz?verbose`);
    assert.equal(down.status, 503);
    assert.match(String(down.headers.get('content-type')), /^application\/json/);
    assert.equal(down.headers.get('x-content-type-options'), 'nosniff');
    const report = (await down.json()) as {
      ready: boolean;
      parts: Record<string, { state: string; detail: string; since: string }>;
    };
    assert.equal(report.ready, false);
    assert.equal(report.parts.store?.detail, '<b>refused</b>');
    assert.match(String(report.parts.store?.since), /^20.*Z$/);
    health.report('store', 'up');
    assert.equal((await fetch(`${url}/readyz`)).status, 200);
  });

  it('shows the metrics as Prometheus reads them', async () => {
    const metrics = createMetrics();
    metrics.counter('tipline_things_total', 'Things')(3);
    const answer = await fetch(`${await start('127.0.0.1:0', createHealth(), metrics)}/metrics`);
    assert.match(String(answer.headers.get('content-type')), /^text\/plain; version=0\.0\.4/);
    assert.match(await answer.text(), /^tipline_things_total 3$/m);
  });

  it('answers 500, and lives, when the metrics cannot be rendered', async () => {
    const broken = { ...createMetrics(), render: () => Promise.reject(new Error('secret')) };
    const url = await start('127.0.0.1:0', createHealth(), broken);
    const answer = await fetch(`${url}/metrics`);
    assert.equal(answer.status, 500);
    assert.doesNotMatch(await answer.text(), /secret/);
    assert.equal((await fetch(`${url}/healthz`)).status, 200);
  });

  it('takes no orders and knows no other page', async () => {
    const url = await start();
    assert.equal((await fetch(`${url}/healthz`, { method: 'POST' })).status, 405);
    assert.equal((await fetch(`${url}/`)).status, 404);
    const head = await fetch(`${url}/healthz`, { method: 'HEAD' });
    assert.deepEqual([head.status, await head.text()], [200, '']);
  });

  it('listens on IPv6 too', async () => {
    const url = await start('[::1]:0');
    assert.match(url, /^http:\/\/\[::1\]:\d+$/);
    assert.equal((await fetch(`${url}/healthz`)).status, 200);
  });

  it('says which address it cannot have, and what to do', async () => {
    const taken = new URL(await start()).host;
    await assert.rejects(serveStatus(taken, createHealth(), createMetrics()), {
      code: 'HTTP_LISTEN',
      retryable: false,
      message: new RegExp(`cannot listen on ${taken}; set http\\.listen`),
    });
  });

  it('closes while a client keeps its connection', async () => {
    const { hostname, port } = new URL(await start());
    const client = connect(Number(port), hostname);
    const closed = new Promise((resolve) => client.once('close', resolve));
    client.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n');
    await new Promise((resolve) => client.once('data', resolve));
    await server?.close();
    await closed;
  });
});
