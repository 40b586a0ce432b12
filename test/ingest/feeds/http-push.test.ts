import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { TiplineError } from '../../../core/process/errors.ts';
import { selfSigned } from '../../services/certificate.ts';
import { until } from '../../services/wait.ts';
import { type Lab, openLab, refusals } from '../lab.ts';

const TOKEN = 'a-token-of-sixteen-and-more';
const feed = (more: object = {}): object => ({
  name: 'push',
  type: 'http-push',
  listen: '127.0.0.1:0',
  token: TOKEN,
  ...more,
});
const record = (name: string, more: object = {}): object => ({ indicator: `${name}.example`, ...more });

async function portOf(lab: Lab, name = 'push'): Promise<number> {
  const detail = (): string => lab.health.snapshot().get(`feed:${name}`)?.detail ?? '';
  return until(() => Number(/listens on \S+:(\d+)/.exec(detail())?.[1] ?? 0), { what: 'the listener' });
}

interface Sent {
  body?: string | Buffer;
  method?: string;
  path?: string;
  headers?: Record<string, string>;
  ca?: string;
}

interface Got {
  status: number;
  headers: IncomingHttpHeaders;
  body: { accepted?: number; error?: string; problems?: object[] };
}

function send(
  port: number,
  { body, method = 'POST', path = '/v1/indicators', headers = {}, ca }: Sent = {},
): Promise<Got> {
  return new Promise((resolve, reject) => {
    const options = {
      port,
      host: '127.0.0.1',
      method,
      path,
      headers: { authorization: `Bearer ${TOKEN}`, ...headers },
    };
    const request = ca === undefined ? httpRequest(options) : httpsRequest({ ...options, ca, servername: 'localhost' });
    request.on('error', reject);
    request.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => {
        text += piece;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: JSON.parse(text) as Got['body'] }),
      );
    });
    request.end(body);
  });
}

test('one object, an array and JSON lines are on the bus when the answer comes', async (t) => {
  const lab = openLab(t);
  lab.start([feed({ tags: ['x'], confidence: 40 })]);
  const port = await portOf(lab);
  for (const [body, accepted] of [
    [JSON.stringify(record('a', { source: 'abuseipdb', collected_at: '2099-01-01' })), 1],
    [JSON.stringify([record('b'), record('c')]), 2],
    [`${JSON.stringify(record('d'))}\n${JSON.stringify(record('e'))}`, 2],
    [gzipSync(JSON.stringify(record('f'))), 1],
  ] as const) {
    const before = lab.bus.records.length;
    const headers = Buffer.isBuffer(body) ? { 'content-encoding': 'gzip' } : {};
    const got = await send(port, { body, headers });
    assert.deepEqual([got.status, got.body], [202, { accepted }]);
    assert.equal(lab.bus.records.length, before + accepted);
  }
  const values = lab.bus.values();
  assert.deepEqual(
    values.map(({ indicator }) => indicator),
    ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `${name}.example`),
  );
  assert.deepEqual(
    [values[0]?.source, values[1]?.source, values[0]?.tags, values[0]?.confidence],
    ['push/abuseipdb', 'push', ['x'], 40],
  );
  assert.doesNotMatch(String(values[0]?.collected_at), /^2099/);
});

test('a body with a mistake is refused whole, with the lines', async (t) => {
  const lab = openLab(t);
  lab.start([feed()]);
  const port = await portOf(lab);
  const got = await send(port, { body: `${JSON.stringify(record('a'))}\nnot json\n` });
  assert.deepEqual([got.status, got.body.problems], [400, [{ line: 2, reason: 'not JSON' }]]);
  const damaged = await send(port, { body: gzipSync('{}').subarray(0, 15), headers: { 'content-encoding': 'gzip' } });
  assert.deepEqual([damaged.status, damaged.body.error], [400, 'the compressed body is damaged']);
  assert.equal((await send(port, { body: '{}', headers: { 'content-encoding': 'compress' } })).status, 415);
  assert.equal(lab.bus.records.length, 0);
});

test('nobody gets in without a token of the feed, and any of several will do', async (t) => {
  const lab = openLab(t);
  lab.start([feed({ token: [TOKEN, 'another-token-of-the-feed'] })]);
  const port = await portOf(lab);
  const body = JSON.stringify(record('a'));
  for (const authorization of [
    '',
    'Bearer',
    'Bearer  ',
    `Basic ${TOKEN}`,
    `Bearer ${TOKEN}x`,
    `Bearer ${TOKEN.slice(1)}`,
    TOKEN,
  ]) {
    const got = await send(port, { body, headers: { authorization } });
    assert.deepEqual([got.status, got.headers['www-authenticate']], [401, 'Bearer'], authorization);
  }
  assert.equal(lab.bus.records.length, 0);
  assert.equal(
    (await send(port, { body, headers: { authorization: 'bearer another-token-of-the-feed' } })).status,
    202,
  );
  assert.equal((await send(port, { body, path: '/v1/indicators?x=1' })).status, 202);
  assert.equal((await send(port, { body, path: '/' })).status, 404);
  const got = await send(port, { method: 'GET' });
  assert.deepEqual([got.status, got.headers.allow], [405, 'POST']);
});

test('large bodies: by their length, by their size, and by what they expand to', async (t) => {
  const lab = openLab(t);
  lab.start([feed({ max_body: '2mb' })]);
  const port = await portOf(lab);
  const large = Buffer.alloc(3 * 1024 ** 2, 0x20);
  assert.equal((await send(port, { body: large })).status, 413);
  const chunked = await send(port, { body: large, headers: { 'transfer-encoding': 'chunked' } });
  assert.equal(chunked.status, 413);
  const bomb = gzipSync(Buffer.alloc(64 * 1024 ** 2, 0x20), { level: 9 });
  const got = await send(port, { body: bomb, headers: { 'content-encoding': 'gzip' } });
  assert.equal(got.status, 413);
  assert.match(String(got.body.error), /hundred times|KB/);
  assert.equal((await send(port, { body: '{"indicator":"a.example"}' })).status, 202, 'it goes on');
});

test('a client that asks first is told before it sends', async (t) => {
  const lab = openLab(t);
  lab.start([feed()]);
  const port = await portOf(lab);
  const ask = async (token: string): Promise<string> => {
    const socket = connect(port, '127.0.0.1');
    t.after(() => socket.destroy());
    const body = JSON.stringify(record('a'));
    socket.write(
      `POST /v1/indicators HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nExpect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    let said = '';
    for await (const chunk of socket) {
      said += String(chunk);
      if (/^HTTP\/1\.1 100 .*\r\n\r\n$/.test(said)) socket.write(body);
      if (/HTTP\/1\.1 (202|401)/.test(said)) break;
    }
    return said.replaceAll(/\r\n[\s\S]*?(?=HTTP|$)/g, ' ').trim();
  };
  assert.equal(await ask(TOKEN), 'HTTP/1.1 100 Continue HTTP/1.1 202 Accepted');
  assert.equal(await ask('wrong'), 'HTTP/1.1 401 Unauthorized');
});

test('while the bus is slow requests wait, and more than allowed are sent away', async (t) => {
  const lab = openLab(t);
  lab.start([feed({ max_requests: 2 })]);
  const port = await portOf(lab);
  lab.bus.shut();
  const waiting = ['a', 'b'].map((name) => send(port, { body: JSON.stringify(record(name)) }));
  await until(() => lab.bus.waiting() === 2, { what: 'two requests that wait' });
  const third = await send(port, { body: JSON.stringify(record('c')) });
  assert.deepEqual([third.status, third.headers['retry-after']], [429, '1']);
  assert.equal(lab.bus.records.length, 0);
  lab.bus.open();
  assert.deepEqual(
    (await Promise.all(waiting)).map(({ status }) => status),
    [202, 202],
  );
  assert.equal((await send(port, { body: JSON.stringify(record('c')) })).status, 202);
});

test('while the bus is away the answer is 503, at once after the first, and what waited arrives in the end', async (t) => {
  const lab = openLab(t);
  lab.start([feed({ wait: '100ms' })]);
  const port = await portOf(lab);
  lab.bus.fail(new TiplineError('BUS_AWAY', 'away', { retryable: true }), 2);
  lab.bus.shut();
  const first = await send(port, { body: JSON.stringify(record('a')) });
  assert.deepEqual([first.status, first.headers['retry-after']], [503, '10']);
  const began = performance.now();
  assert.equal((await send(port, { body: JSON.stringify(record('b')) })).status, 503);
  assert.ok(performance.now() - began < 100, 'nothing is waited for');
  lab.bus.open();
  await until(() => lab.bus.records.length === 1, { what: 'the record that waited', timeout: 10_000 });
  await until(async () => (await send(port, { body: JSON.stringify(record('b')) })).status === 202, {
    what: 'business as usual',
  });
});

test('a bus that failed for good ends the worker, and the client is not told that all is well', async (t) => {
  const lab = openLab(t);
  const worker = lab.start([feed()]);
  const port = await portOf(lab);
  lab.bus.fail(new Error('broken'), 1);
  const failed = assert.rejects(worker.drained, /broken/);
  const got = await send(port, { body: JSON.stringify(record('a')) });
  assert.equal(got.status, 503);
  await failed;
});

test('a client that breaks off or dawdles costs a place for a while, and nothing else', async (t) => {
  const lab = openLab(t);
  lab.start([feed({ max_requests: 1, request_timeout: '500ms' })]);
  const port = await portOf(lab);
  const head = `POST /v1/indicators HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Length: 1000\r\n\r\n{"indicator":"half.example"`;
  const broken = connect(port, '127.0.0.1');
  broken.write(head);
  await once(broken, 'connect');
  await until(async () => (await send(port, { body: '{}' })).status === 429, { what: 'the place to be taken' });
  broken.resetAndDestroy();
  await until(async () => (await send(port, { body: JSON.stringify(record('a')) })).status === 202, {
    what: 'the place',
  });
  const slow = connect(port, '127.0.0.1');
  slow.on('error', () => {});
  slow.write(head);
  await new Promise((resolve) => slow.once('close', resolve).resume());
  assert.equal((await send(port, { body: JSON.stringify(record('b')) })).status, 202);
  assert.deepEqual(
    lab.bus.values().map(({ indicator }) => indicator),
    ['a.example', 'b.example'],
  );
});

test('a hundred clients that trickle keep nobody out', async (t) => {
  const lab = openLab(t);
  lab.start([feed()]);
  const port = await portOf(lab);
  const tricklers = Array.from({ length: 100 }, () => connect(port, '127.0.0.1'));
  for (const socket of tricklers) {
    socket.on('error', () => {});
    socket.write('POST /v1/indicators HTTP/1.1\r\nx: ');
  }
  const timer = setInterval(() => {
    for (const socket of tricklers) if (socket.writable) socket.write('a');
  }, 50);
  t.after(() => {
    clearInterval(timer);
    for (const socket of tricklers) socket.destroy();
  });
  await until(() => tricklers.every((socket) => !socket.connecting), { what: 'all of them to be there' });
  const body = JSON.stringify(record('newcomer'));
  await until(async () => (await send(port, { body })).status === 202, {
    what: 'an answer',
    timeout: 5000,
    every: 200,
  });
  assert.equal(lab.bus.records.length, 1);
});

test('stopping answers what is in hand and lets go of the port', async (t) => {
  const lab = openLab(t);
  const worker = lab.start([feed()]);
  const port = await portOf(lab);
  lab.bus.shut();
  const waiting = send(port, { body: JSON.stringify(record('a')) });
  await until(() => lab.bus.waiting() === 1, { what: 'a request that waits' });
  const stopped = worker.stop();
  lab.bus.open();
  assert.equal((await waiting).status, 202);
  await stopped;
  await assert.rejects(send(port, { body: '{}' }));
});

test('TLS, and a door that is open is told of', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tipline-push-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const { cert, key } = await selfSigned();
  writeFileSync(join(folder, 'cert.pem'), cert);
  writeFileSync(join(folder, 'key.pem'), key);
  const lab = openLab(t);
  lab.start([
    feed({ tls: { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') } }),
    feed({ name: 'open', listen: '0.0.0.0:0' }),
    feed({ name: 'broken', tls: { cert: join(folder, 'none.pem'), key: join(folder, 'key.pem') } }),
  ]);
  const got = await send(await portOf(lab), { body: JSON.stringify(record('a')), ca: cert });
  assert.equal(got.status, 202);
  await portOf(lab, 'open');
  assert.deepEqual(
    lab.logged.filter(({ message }) => /plain text/.test(message)).map(({ fields }) => fields.feed),
    ['open'],
  );
  await until(() => /cannot read .*none\.pem/.test(lab.health.snapshot().get('feed:broken')?.detail ?? ''), {
    what: 'the complaint',
  });
});

test('a token must be there and be worth something', () => {
  const said = (more: object): string => refusals({ name: 'p', type: 'http-push', ...more }).join('; ');
  assert.match(said({}), /^token: .*openssl rand -hex 32/);
  assert.match(said({ token: 'short' }), /at least 16 characters/);
  assert.match(said({ token: [] }), /^token/);
  assert.match(said({ token: TOKEN, max_body: '1gb' }), /64mb at most/);
  assert.equal(said({ token: TOKEN }), '');
});
