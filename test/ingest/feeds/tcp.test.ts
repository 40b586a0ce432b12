import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { selfSigned } from '../../services/certificate.ts';
import { freePort } from '../../services/free-port.ts';
import { until } from '../../services/wait.ts';
import { type Lab, openLab } from '../lab.ts';

const feed = (more: object = {}): object => ({ name: 'push', type: 'tcp', listen: '127.0.0.1:0', ...more });
const line = (name: string, more: object = {}): string =>
  `${JSON.stringify({ indicator: `${name}.example`, ...more })}\n`;
const names = (lab: Lab): unknown[] => lab.bus.values().map((value) => value.indicator ?? value.unreadable);

async function portOf(lab: Lab, name = 'push'): Promise<number> {
  return await until(
    () => Number(/listens on \S+:(\d+)/.exec(lab.health.snapshot().get(`feed:${name}`)?.detail ?? '')?.[1] ?? 0),
    {
      what: 'the listener',
    },
  );
}

/** `once` would reject with the error that closed it. */
function closed(socket: Socket): Promise<unknown> {
  return new Promise((resolve) => {
    if (socket.destroyed) resolve(undefined);
    else socket.once('close', resolve);
  });
}

async function client(t: TestContext, port: number, tls?: ConnectionOptions): Promise<Socket> {
  const socket = tls === undefined ? connect(port, '127.0.0.1') : connectTls({ port, host: '127.0.0.1', ...tls });
  socket.on('error', () => {});
  t.after(() => socket.destroy());
  await once(socket, tls === undefined ? 'connect' : 'secureConnect');
  return socket;
}

test('many clients, half lines, what is no JSON, and a last line without its end', async (t) => {
  const lab = openLab(t);
  lab.start([feed({ tags: ['x'], confidence: 40 })]);
  const port = await portOf(lab);
  const clients = await Promise.all(Array.from({ length: 20 }, () => client(t, port)));
  for (const [index, socket] of clients.entries()) {
    const text = Buffer.from(line(`ä${index}`));
    // between the two bytes of a letter
    socket.write(text.subarray(0, 16));
    await new Promise((resolve) => setImmediate(resolve));
    socket.write(text.subarray(16));
    socket.end(`\r\n  \nnot json ${index}\n{"indicator":"last${index}.example"}`);
  }
  await until(() => lab.bus.records.length === 60, { what: 'sixty records' });
  const wanted = Array.from({ length: 20 }, (_, index) => [
    `ä${index}.example`,
    `not json ${index}`,
    `last${index}.example`,
  ]).flat();
  assert.deepEqual(names(lab).sort(), wanted.sort());
  const record = lab.bus.values().find((value) => value.indicator === 'ä0.example');
  assert.deepEqual([record?.source, record?.tags, record?.confidence], ['push', ['x'], 40]);
  assert.ok(lab.bus.records.every((each) => each.headers?.feed === 'push'));
});

test('nobody speaks for another source', async (t) => {
  const lab = openLab(t);
  lab.start([feed(), feed({ name: 'trusted', trust_source: true })]);
  for (const name of ['push', 'trusted']) {
    const socket = await client(t, await portOf(lab, name));
    socket.end(line(name, { source: 'abuseipdb', collected_at: '2099-01-01T00:00:00Z' }));
  }
  await until(() => lab.bus.records.length === 2, { what: 'both records' });
  assert.deepEqual(
    lab.bus
      .values()
      .map((value) => value.source)
      .sort(),
    ['abuseipdb', 'push/abuseipdb'],
  );
  assert.ok(lab.bus.values().every((value) => !String(value.collected_at).startsWith('2099')));
});

test('a reset loses the half line and nothing else; the listener goes on', async (t) => {
  const lab = openLab(t);
  lab.start([feed()]);
  const port = await portOf(lab);
  const broken = await client(t, port);
  broken.write(`${line('a')}{"indicator":"half`);
  await until(() => lab.bus.records.length === 1, { what: 'the whole line' });
  broken.resetAndDestroy();
  const next = await client(t, port);
  next.write(line('b'));
  await until(() => lab.bus.records.length === 2, { what: 'the other client' });
  assert.deepEqual(names(lab), ['a.example', 'b.example']);
});

test('a huge line is passed over in bounded memory', async (t) => {
  const lab = openLab(t);
  const worker = lab.start([feed({ max_line: '1kb' })]);
  const socket = await client(t, await portOf(lab));
  socket.write(line('a'));
  for (let sent = 0; sent < 32; sent += 1) {
    if (!socket.write(Buffer.alloc(1024 * 1024, 0x78))) await once(socket, 'drain');
  }
  socket.write(`\n${line('b')}`);
  await until(() => lab.bus.records.length === 2, { what: 'the line behind it' });
  assert.deepEqual(names(lab), ['a.example', 'b.example']);
  await worker.stop();
  assert.ok(lab.logged.some((entry) => entry.fields.too_long === 1));
});

test('an idle client is cut off, but not while we do not read', async (t) => {
  const lab = openLab(t);
  lab.start([feed({ idle: '200ms' })]);
  const port = await portOf(lab);
  const idle = await client(t, port);
  await closed(idle);
  lab.bus.shut();
  // made before it connects: on a busy machine it takes longer than a client may be idle
  const lines = Array.from({ length: 50_000 }, (_, index) => line(`n${index}`)).join('');
  const busy = await client(t, port);
  let cutOff = false;
  busy.on('close', () => {
    cutOff = true;
  });
  busy.write(lines);
  await until(() => lab.bus.waiting() > 0, { what: 'the bus to be waited for' });
  await new Promise((resolve) => setTimeout(resolve, 700));
  assert.equal(cutOff, false);
  lab.bus.open();
  await until(() => lab.bus.records.length === 50_000, { what: 'everything' });
  assert.deepEqual(names(lab).slice(0, 3), ['n0.example', 'n1.example', 'n2.example']);
});

test('a slow bus stops the reading: what is held stays bounded', async (t) => {
  const lab = openLab(t);
  const worker = lab.start([feed()]);
  const port = await portOf(lab);
  lab.bus.shut();
  const sockets = await Promise.all([1, 2, 3].map(() => client(t, port)));
  const burst = Array.from({ length: 1000 }, (_, index) => line(`n${index}`, { pad: 'x'.repeat(500) })).join('');
  for (const socket of sockets) for (let sent = 0; sent < 20; sent += 1) socket.write(burst);
  const unsent = (): number => sockets.reduce((sum, socket) => sum + socket.writableLength, 0);
  let known = -1;
  await until(
    () => {
      const same = unsent() === known && lab.bus.waiting() > 0;
      known = unsent();
      return same;
    },
    { what: 'everything to stand still', every: 300 },
  );
  assert.ok(unsent() > 5_000_000, `${unsent()} bytes are kept by the clients`);
  assert.ok(worker.progress().read <= 3000, `${worker.progress().read} records were taken from them`);
  lab.bus.open();
  await until(() => lab.bus.records.length === 60_000, { what: 'all of it', timeout: 30_000 });
  assert.ok(Math.max(...lab.bus.sends) <= 1000);
});

test('more clients than allowed are turned away, and told of once', async (t) => {
  const lab = openLab(t);
  lab.start([feed({ max_clients: 2 })]);
  const port = await portOf(lab);
  const first = await client(t, port);
  await client(t, port);
  for (let extra = 0; extra < 3; extra += 1) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    await closed(socket);
  }
  assert.equal(lab.logged.filter((entry) => /turned away/.test(entry.message)).length, 1);
  first.destroy();
  const next = await until(() => client(t, port), { what: 'a place' });
  next.write(line('a'));
  await until(() => lab.bus.records.length === 1, { what: 'its line' });
});

test('TLS: with a certificate, with clients that must show one, and with files that are none', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tipline-tcp-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [server, known] = [await selfSigned(), await selfSigned()];
  for (const [name, content] of Object.entries({
    'cert.pem': server.cert,
    'key.pem': server.key,
    'client.pem': known.cert,
  })) {
    writeFileSync(join(folder, name), content);
  }
  const tls = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  const lab = openLab(t);
  const worker = lab.start([
    feed({ tls }),
    feed({ name: 'mutual', tls: { ...tls, client_ca: join(folder, 'client.pem') } }),
    feed({ name: 'broken', tls: { ...tls, cert: join(folder, 'none.pem') } }),
  ]);
  const port = await portOf(lab);
  const socket = await client(t, port, { ca: server.cert, servername: 'localhost' });
  socket.end(line('a'));
  // speaks no TLS: cut off in the handshake, and nothing of it is read
  const plain = await client(t, port);
  plain.write(line('plain'));
  await closed(plain);
  const mutual = await portOf(lab, 'mutual');
  const stranger = await client(t, mutual, { ca: server.cert, servername: 'localhost' });
  stranger.write(line('stranger'));
  await closed(stranger);
  const friend = await client(t, mutual, {
    ca: server.cert,
    servername: 'localhost',
    cert: known.cert,
    key: known.key,
  });
  friend.end(line('b'));
  await until(() => lab.bus.records.length === 2, { what: 'two lines' });
  assert.deepEqual(names(lab).sort(), ['a.example', 'b.example']);
  assert.match(String(lab.health.snapshot().get('feed:broken')?.detail), /cannot read .*none\.pem, which "tls" names/);
  await worker.stop();
});

test('a port that is taken is tried again, and stopping lets go of it', async (t) => {
  const port = await freePort();
  const lab = openLab(t);
  const first = lab.start([feed({ listen: `127.0.0.1:${port}` })]);
  await portOf(lab);
  const other = openLab(t);
  other.start([feed({ listen: `127.0.0.1:${port}` })]);
  await until(() => /something listens there already/.test(other.health.snapshot().get('feed:push')?.detail ?? ''), {
    what: 'the complaint',
  });
  assert.equal(other.state('push').lastError?.code, 'FEED_LISTEN');
  const socket = await client(t, port);
  socket.write(line('a'));
  await until(() => lab.bus.records.length === 1, { what: 'the line' });
  await first.stop();
  assert.equal(await portOf(other), port);
  assert.equal(other.health.snapshot().get('feed:push')?.state, 'up');
});

test('only loopback goes without a warning', async (t) => {
  const lab = openLab(t);
  lab.start([feed(), feed({ name: 'six', listen: '[::1]:0' }), feed({ name: 'open', listen: '0.0.0.0:0' })]);
  await portOf(lab, 'open');
  await portOf(lab, 'six');
  const warned = lab.logged.filter((entry) => entry.level === 'warn').map((entry) => entry.fields.feed);
  assert.deepEqual(warned, ['open']);
});
