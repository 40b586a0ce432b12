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
import { type Lab, openLab, refusals } from '../lab.ts';

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
  for (const socket of [first, await client(t, port)]) socket.write(line('known'));
  await until(() => lab.bus.records.length === 2, { what: 'both to earn their places' });
  for (let extra = 0; extra < 3; extra += 1) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    await closed(socket);
  }
  assert.equal(lab.logged.filter((entry) => /turned away/.test(entry.message)).length, 1);
  await until(() => /turned away: 3 full$/.test(lab.health.snapshot().get('feed:push')?.detail ?? ''), {
    what: 'health to count them',
  });
  first.destroy();
  await until(
    async () => {
      (await client(t, port)).write(line('next'));
      return names(lab).includes('next.example');
    },
    { what: 'a place', every: 100 },
  );
});

test('a hundred clients that trickle keep nobody out, and lose their places', async (t) => {
  const lab = openLab(t);
  const worker = lab.start([feed({ line_timeout: '3s' })]);
  const port = await portOf(lab);
  const honest = await client(t, port);
  honest.write(line('honest'));
  const tricklers = await Promise.all(Array.from({ length: 100 }, () => client(t, port)));
  // a byte of an object that never ends; empty lines; what is no record
  const bytes = ['{', '\n', 'x\n', ' '];
  const timer = setInterval(() => {
    for (const [index, socket] of tricklers.entries()) if (socket.writable) socket.write(bytes[index % 4] ?? '');
  }, 100);
  t.after(() => clearInterval(timer));
  await until(
    async () => {
      (await client(t, port)).write(line('newcomer'));
      return names(lab).includes('newcomer.example');
    },
    { what: 'a newcomer to be heard', every: 200, timeout: 5000 },
  );
  await until(() => tricklers.every((socket) => socket.destroyed), { what: 'all of them to be cut off' });
  honest.write(line('still'));
  await until(() => names(lab).includes('still.example'), { what: 'who had earned its place' });
  await worker.stop();
  assert.match(await lab.context.metrics.render(), /tipline_ingest_turned_away_total\{feed="push",reason="slow"\} \d/);
});

test('records that name no indicator earn no place, however many come', async (t) => {
  const lab = openLab(t);
  lab.start([feed({ max_clients: 4 })]);
  const port = await portOf(lab);
  const honest = await client(t, port);
  honest.write(line('honest'));
  await until(() => names(lab).includes('honest.example'), { what: 'the first to be heard' });
  const squatters = await Promise.all(Array.from({ length: 3 }, () => client(t, port)));
  const nothings = [
    '{}\n',
    '{"indicator":""}\n',
    '{"indicator":7}\n{"source":"vetted"}\n{"indicator":"no such thing"}\n',
  ];
  const talk = (): void => {
    for (const [index, socket] of squatters.entries()) if (socket.writable) socket.write(nothings[index] ?? '');
  };
  talk();
  await until(() => lab.bus.records.length >= 6, { what: 'what they say to be taken' });
  const timer = setInterval(talk, 100);
  t.after(() => clearInterval(timer));
  // three newcomers, each in turn: a place is found for all of them
  const newcomers: Socket[] = [];
  for (const name of ['one', 'two', 'three']) {
    const heard = (): boolean => names(lab).includes(`${name}.example`);
    await until(
      async () => {
        const socket = await client(t, port);
        socket.write(line(name));
        await until(() => socket.destroyed || heard(), { what: `an answer to ${name}` });
        newcomers.push(socket);
        return heard();
      },
      { what: `${name} to be heard`, every: 200, timeout: 10_000 },
    );
  }
  await until(() => squatters.every((socket) => socket.destroyed), { what: 'their places to be taken' });
  honest.write(line('still'));
  newcomers.at(-1)?.write(line('later'));
  await until(() => ['still.example', 'later.example'].every((name) => names(lab).includes(name)), {
    what: 'those who had earned their places',
  });
});

test('the token, or a certificate, earns a place before any record', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tipline-tcp-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [server, known] = [await selfSigned(), await selfSigned()];
  const tls = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem'), client_ca: join(folder, 'ca.pem') };
  writeFileSync(tls.cert, server.cert);
  writeFileSync(tls.key, server.key);
  writeFileSync(tls.client_ca, known.cert);
  const token = 'what-only-a-sender-knows';
  const lab = openLab(t);
  lab.start([feed({ max_clients: 2, token }), feed({ name: 'mutual', max_clients: 2, tls })]);
  const shown = await client(t, await portOf(lab));
  shown.write(`${token}\n`);
  const shows = { ca: server.cert, servername: 'localhost', cert: known.cert, key: known.key };
  const certified = await client(t, await portOf(lab, 'mutual'), shows);
  for (const name of ['push', 'mutual']) {
    const port = await portOf(lab, name);
    const strangers: Socket[] = [];
    await until(
      async () => {
        strangers.push(await client(t, port));
        return strangers.filter((socket) => socket.destroyed).length > 3;
      },
      { what: 'places to be taken from strangers', every: 400, timeout: 10_000 },
    );
  }
  shown.write(line('shown'));
  certified.write(line('certified'));
  await until(() => lab.bus.records.length === 2, { what: 'both who showed who they are' });
  assert.deepEqual(names(lab).sort(), ['certified.example', 'shown.example']);
});

test('HTTP, TLS and what is no text end the connection, are counted, and leave nothing on the bus', async (t) => {
  const lab = openLab(t);
  const worker = lab.start([feed()]);
  const port = await portOf(lab);
  const body = JSON.stringify({ indicator: '45.155.204.20', confidence: 100, tags: ['malicious'] });
  const page = `Host: x\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}\n${body}\n`;
  const openings: [string, string | Buffer][] = [
    ['http', `POST / HTTP/1.1\r\n${page}`],
    ['http', `X-ODD /some/where HTTP/1.1\r\n${page}`],
    ['http', `\r\nGET / HTTP/1.0\r\n\r\n${body}\n`],
    ['http', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['tls', Buffer.concat([Buffer.from('160301020001', 'hex'), Buffer.from(`\n${body}\n`)])],
    ['binary', Buffer.concat([Buffer.from('0300002b26e00000', 'hex'), Buffer.from(`\n${body}\n`)])],
    ['binary', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(`${body}\n`, 'utf16le')])],
  ];
  for (const [, bytes] of openings) {
    for (const step of [bytes.length, 1]) {
      const socket = await client(t, port);
      const opened = Buffer.from(bytes);
      for (let at = 0; at < opened.length && socket.writable; at += step) {
        socket.write(opened.subarray(at, at + step));
        if (step === 1) await new Promise((resolve) => setImmediate(resolve));
      }
      await closed(socket);
    }
  }
  (await client(t, port)).end(`\ufeff${line('a')}`);
  await until(() => lab.bus.records.length > 0, { what: 'a record' });
  await worker.stop();
  assert.deepEqual(names(lab), ['a.example']);
  const told = await lab.context.metrics.render();
  for (const [reason, count] of [
    ['http', 8],
    ['tls', 2],
    ['binary', 4],
  ])
    assert.match(told, new RegExp(`turned_away_total\\{feed="push",reason="${reason}"\\} ${count}`));
});

test('a token is the first line of each client, and nobody is heard without', async (t) => {
  const token = 'correct-horse-battery';
  const lab = openLab(t);
  const worker = lab.start([feed({ token: ['another-token-of-it', token] })]);
  const port = await portOf(lab);
  const wrong = [
    line('none'),
    `wrong-wrong-wrong-wrong\n${line('wrong')}`,
    `${token}x\n${line('longer')}`,
    `\n${token}`,
    token,
  ];
  for (const text of [...wrong, `${'y'.repeat(2000)}`]) {
    const socket = await client(t, port);
    socket.end(text);
    await closed(socket);
  }
  for (const text of [`${token}\n${line('a')}`, `${token}\r\n${line('b')}`]) (await client(t, port)).end(text);
  const slow = await client(t, port);
  for (const byte of `another-token-of-it\n${line('c')}`) {
    slow.write(byte);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await until(() => lab.bus.records.length === 3, { what: 'three records' });
  await worker.stop();
  assert.deepEqual(names(lab).sort(), ['a.example', 'b.example', 'c.example']);
  assert.match(await lab.context.metrics.render(), /turned_away_total\{feed="push",reason="token"\} 6/);
  assert.deepEqual(refusals(feed({ token: 'short' })), [
    'token: must have at least 16 characters: make one with "openssl rand -hex 32"',
  ]);
});

test('what the codecs of Logstash take: arrays, several objects a line, and objects over many lines', async (t) => {
  const lab = openLab(t);
  lab.start([feed()]);
  const socket = await client(t, await portOf(lab));
  const object = (name: string): object => ({
    indicator: `${name}.example`,
    context: { note: 'a } in a text, "quoted"' },
  });
  const one = (name: string): string => JSON.stringify(object(name));
  const big = Array.from({ length: 2000 }, (_, index) => object(`big${index}`));
  socket.write(`${JSON.stringify([object('a'), object('b')])}\n`);
  socket.write(`${one('c')}${one('d')} ${one('e')}\n`);
  socket.write(`${JSON.stringify([object('f'), object('g')], null, 2)}\n`);
  socket.write(`${JSON.stringify(object('h'), null, '\t')}\r\n${one('i')}\n`);
  // longer than any record may be
  socket.write(`${JSON.stringify(big)}\n`);
  socket.end(
    `{"indicator":"cut off\n${one('j')}\n{"indicator":"no end"\n${one('k')}\n${JSON.stringify(object('l'), null, 1)}`,
  );
  const wanted = [...'abcdefghijkl'].map((name) => `${name}.example`);
  await until(() => lab.bus.records.length === 2014, { what: 'all of it' });
  const got = names(lab).map(String);
  assert.deepEqual(
    got.filter((name) => !name.startsWith('big')).sort(),
    [...wanted, '{"indicator":"cut off', '{"indicator":"no end"'].sort(),
  );
  assert.equal(got.filter((name) => name.startsWith('big')).length, 2000);
});

test('a delivery shows in the state of the feed within seconds', async (t) => {
  const lab = openLab(t);
  lab.start([feed()]);
  const socket = await client(t, await portOf(lab));
  socket.write(line('a'));
  await until(() => lab.state('push').records === 1 && lab.state('push').lastOk > 0, {
    what: 'the state',
    timeout: 5000,
  });
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
  // a session of the listener that asks nobody opens no door of the one that does
  const session = await new Promise<Buffer>((resolve) => {
    void client(t, port, { ca: server.cert, servername: 'localhost' }).then((known) => known.once('session', resolve));
  });
  const resumed = await client(t, mutual, { ca: server.cert, servername: 'localhost', session });
  resumed.write(line('resumed'));
  await closed(resumed);
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
