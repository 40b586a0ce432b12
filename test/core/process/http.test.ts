import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { createHealth } from '../../../core/process/health.ts';
import { type StatusServer, serveStatus } from '../../../core/process/http.ts';
import { createMetrics } from '../../../core/process/metrics.ts';
import { until } from '../../services/wait.ts';

describe('the status page', () => {
  let server: StatusServer | undefined;
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });
  const start = async (listen = '127.0.0.1:0', health = createHealth(), metrics = createMetrics()): Promise<string> => {
    server = await serveStatus({ listen, health, metrics });
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
    await assert.rejects(serveStatus({ listen: taken, health: createHealth(), metrics: createMetrics() }), {
      code: 'HTTP_LISTEN',
      retryable: false,
      message: new RegExp(`cannot listen on ${taken}; set http\\.listen`),
    });
  });

  it('closes while a client keeps its connection', async () => {
    const { hostname, port } = new URL(await start());
    const client = connect(Number(port), hostname);
    const closed = new Promise((resolve) => client.once('close', resolve));
    client.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n');
    await new Promise((resolve) => client.once('data', resolve));
    await server?.close();
    await closed;
  });

  it('answers only who asks for it by a name of its own', async () => {
    const metrics = createMetrics();
    server = await serveStatus({ listen: '127.0.0.1:0', hosts: ['tipline.example'], health: createHealth(), metrics });
    const { port } = new URL(server.url);
    const statusOf = async (host: string | undefined, path = '/metrics'): Promise<number> =>
      Number(/^HTTP\/1\.1 (\d+)/.exec(await spoken(Number(port), requestFor(host, path)))?.[1]);
    for (const host of [
      '127.0.0.1',
      `127.0.0.1:${port}`,
      'LocalHost',
      '[::1]:9600',
      `Tipline.example:${port}`,
      undefined,
    ])
      assert.equal(await statusOf(host), 200, host);
    for (const host of ['evil.example', 'evil.example:9600', '10.0.0.1', 'localhost.evil.example', '', '[::1', 'a:b:c'])
      for (const path of ['/metrics', '/readyz', '/healthz']) assert.equal(await statusOf(host, path), 421, host);
    assert.match(await metrics.render(), /tipline_status_turned_away_total\{reason="host"\} 21/);
  });

  it('beyond loopback answers to any address, and to no strange name', async () => {
    server = await serveStatus({ listen: '0.0.0.0:0', health: createHealth(), metrics: createMetrics() });
    const { port } = new URL(server.url);
    assert.match(await spoken(Number(port), requestFor('192.0.2.7:9600')), /^HTTP\/1\.1 200/);
    assert.match(await spoken(Number(port), requestFor('evil.example')), /^HTTP\/1\.1 421/);
  });

  it('is there for others while a hundred clients trickle', async (t) => {
    const url = await start();
    const { port } = new URL(url);
    const tricklers = Array.from({ length: 100 }, () => connect(Number(port), '127.0.0.1'));
    for (const socket of tricklers) socket.write('GET /healthz HTTP/1.1\r\nx: ');
    const timer = setInterval(() => {
      for (const socket of tricklers) if (socket.writable) socket.write('a');
    }, 50);
    t.after(() => {
      clearInterval(timer);
      for (const socket of tricklers) socket.destroy();
    });
    for (const socket of tricklers) socket.on('error', () => {});
    await until(async () => (await fetch(`${url}/healthz`)).status === 200, { what: 'an answer', timeout: 4000 });
    // none of them keeps its place
    await until(() => tricklers.every((socket) => socket.destroyed), { what: 'all to be let go of', timeout: 15_000 });
  });
});

function requestFor(host: string | undefined, path = '/healthz'): string {
  // HTTP/1.1 without it is refused by Node itself
  const line = host === undefined ? `GET ${path} HTTP/1.0` : `GET ${path} HTTP/1.1\r\nhost: ${host}`;
  return `${line}\r\nconnection: close\r\n\r\n`;
}

async function spoken(port: number, request: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(request);
  let answer = '';
  for await (const chunk of socket) answer += chunk;
  return answer;
}
