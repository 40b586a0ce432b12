import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, type TestContext, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { z } from 'zod';
import { createFetcher } from '../../../ingest/fetch/fetcher.ts';
import { type TransportedFetcher, transported, transportKeys } from '../../../ingest/fetch/transport.ts';
import { type Certificate, selfSigned } from '../../services/certificate.ts';
import { listening, openWeb, text } from '../web.ts';

let server: Certificate;
let client: Certificate;
let stranger: Certificate;

before(async () => {
  [server, client, stranger] = await Promise.all([selfSigned(), selfSigned(), selfSigned()]);
});

const schema = z.strictObject(transportKeys);

function open(t: TestContext, settings: object): TransportedFetcher {
  const shared = createFetcher({ connectTimeout: 1000, answerTimeout: 2000, totalTimeout: 5000 });
  const own = transported(shared, schema.parse(settings));
  t.after(async () => {
    await own.close();
    await shared.close();
  });
  return own;
}

async function read(fetcher: TransportedFetcher, url: string, anonymous = false): Promise<string> {
  const answer = await fetcher.get({ url, maxBytes: 1e6, signal: new AbortController().signal, anonymous });
  assert.ok(answer.kind === 'list');
  const chunks: Buffer[] = [];
  for await (const chunk of answer.bytes) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Says who it is spoken to by; `location` sends everybody on. */
async function secureWeb(t: TestContext, strict: boolean, location?: () => string): Promise<string> {
  const web = createTlsServer(
    { ...server, ca: client.cert, requestCert: true, rejectUnauthorized: strict },
    (request, response) => {
      const { authorized } = request.socket as TLSSocket;
      if (location !== undefined) response.writeHead(302, { location: location() });
      response.end(authorized ? 'known' : 'unknown');
    },
  );
  return (await listening(t, web)).replace('http:', 'https:');
}

test('a client certificate is shown to the origin it is for, and to no other', async (t) => {
  const strict = await secureWeb(t, true);
  const lax = await secureWeb(t, false);
  const sender = await secureWeb(t, true, () => lax);
  const tls = { ca: server.cert, cert: client.cert, key: client.key };
  assert.equal(await read(open(t, { tls }), strict), 'known');
  assert.equal(await read(open(t, { tls }), lax), 'known');
  assert.equal(await read(open(t, { tls }), lax, true), 'unknown');
  assert.equal(await read(open(t, { tls }), sender), 'unknown');
  // servers that do not know the client send an alert or just close
  const refused = ({ code }: { code: string }): boolean => code === 'FEED_TLS' || code === 'FEED_CUT_OFF';
  await assert.rejects(read(open(t, { tls: { ca: server.cert } }), strict), refused);
  const wrong = { ca: server.cert, cert: stranger.cert, key: stranger.key };
  await assert.rejects(read(open(t, { tls: wrong }), strict), refused);
  await assert.rejects(read(open(t, { tls: { ca: stranger.cert } }), lax), { code: 'FEED_TLS' });
});

test('certificates come from files, and a renewed file is read after a failure', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tipline-transport-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const paths = { ca: join(folder, 'ca.pem'), cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  const fetcher = open(t, { tls: paths });
  const web = await secureWeb(t, true);
  await assert.rejects(read(fetcher, web), { code: 'FEED_TLS_FILES', message: /tls\.ca/ });
  writeFileSync(paths.ca, stranger.cert);
  writeFileSync(paths.cert, client.cert);
  writeFileSync(paths.key, stranger.key);
  await assert.rejects(read(fetcher, web), { code: 'FEED_TLS_FILES', message: /do not go together/ });
  writeFileSync(paths.key, client.key);
  await assert.rejects(read(fetcher, web), { code: 'FEED_TLS' });
  writeFileSync(paths.ca, server.cert);
  assert.equal(await read(fetcher, web), 'known');
});

test('the name in the certificate may be another than that of the URL', async (t) => {
  const url = await secureWeb(t, false);
  const other = { ca: server.cert, server_name: 'elsewhere.example' };
  await assert.rejects(read(open(t, { tls: other }), url), { code: 'FEED_TLS' });
  assert.equal(await read(open(t, { tls: { ca: server.cert, server_name: 'localhost' } }), url), 'unknown');
});

interface Proxy {
  url: string;
  /** `CONNECT host:port` or `GET url`, with the credentials that came. */
  asked: [string, string | undefined][];
  refuse: boolean;
}

async function openProxy(t: TestContext): Promise<Proxy> {
  const web = createServer((request, response) => {
    proxy.asked.push([`${request.method} ${request.url}`, request.headers['proxy-authorization']]);
    response.writeHead(proxy.refuse ? 407 : 200);
    response.end('through the proxy');
  });
  web.on('connect', (request, socket) => {
    proxy.asked.push([`CONNECT ${request.url}`, request.headers['proxy-authorization']]);
    socket.on('error', () => {});
    if (proxy.refuse) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      return;
    }
    const [host = '', port = ''] = (request.url ?? '').split(':');
    const onward = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.pipe(socket);
      socket.pipe(onward);
    });
    onward.on('error', () => socket.destroy());
  });
  const proxy: Proxy = { url: await listening(t, web), asked: [], refuse: false };
  return proxy;
}

test('a proxy: http is handed to it, https tunnelled with the certificate, its refusal told as its own', async (t) => {
  const proxy = await openProxy(t);
  const secure = await secureWeb(t, true);
  const settings = {
    proxy: proxy.url.replace('http://', 'http://us%20er:pa%3Ass@'),
    tls: { ca: server.cert, cert: client.cert, key: client.key },
  };
  const basic = `Basic ${Buffer.from('us er:pa:ss').toString('base64')}`;
  const fetcher = open(t, settings);
  assert.equal(await read(fetcher, secure), 'known');
  assert.deepEqual(proxy.asked, [[`CONNECT ${secure.slice('https://'.length)}`, basic]]);
  assert.equal(await read(fetcher, 'http://feed.example/list'), 'through the proxy');
  assert.deepEqual(proxy.asked[1], ['GET http://feed.example/list', basic]);

  proxy.refuse = true;
  for (const url of [secure, 'http://feed.example/list']) {
    await assert.rejects(read(open(t, settings), url), (error: Error & { code: string }) => {
      assert.equal(error.code, 'FEED_PROXY', error.message);
      assert.match(error.message, /407/);
      assert.doesNotMatch(error.message, /pa:ss|pa%3A/);
      return true;
    });
  }
  await assert.rejects(read(open(t, { proxy: 'http://127.0.0.1:1' }), 'http://feed.example/'), {
    code: 'FEED_UNREACHABLE',
    message: /through 127\.0\.0\.1:1/,
  });
});

test('requests and bytes on the wire are counted, redirects and refusals too', async (t) => {
  const body = gzipSync('a'.repeat(5000));
  const web = await openWeb(t, (request, response) => {
    if (request.url === '/') response.writeHead(302, { location: '/there' });
    else response.writeHead(200, { 'content-encoding': 'gzip' });
    response.end(request.url === '/' ? undefined : body);
  });
  const fetcher = open(t, {});
  assert.equal((await read(fetcher, web.url)).length, 5000);
  assert.deepEqual(fetcher.stats(), { requests: 2, bytes: body.length });
  web.answer = (_, response) => {
    response.writeHead(404);
    response.end('no');
  };
  await assert.rejects(read(fetcher, web.url));
  assert.deepEqual(fetcher.stats(), { requests: 3, bytes: body.length + 2 });
});

test('each request of a redirect is one of the budget', async (t) => {
  const web = await openWeb(t, text('list'));
  const fetcher = open(t, { rate: { requests: 2, per: '1h' } });
  await read(fetcher, web.url);
  web.answer = (_, response) => {
    response.writeHead(302, { location: '/again' });
    response.end();
  };
  await assert.rejects(read(fetcher, web.url), { code: 'FEED_BUDGET' });
  assert.equal(web.requests.length, 2);
});

test('what is refused in the settings', () => {
  const refusals = (settings: object): string[] =>
    schema.safeParse(settings).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];
  assert.deepEqual(refusals({ tls: { cert: 'a.pem' } }), ['tls.key: must be there with cert']);
  assert.deepEqual(refusals({ tls: { key: 'a.pem' } }), ['tls.cert: must be there with key']);
  assert.deepEqual(refusals({ proxy: 'socks5://x' }), ['proxy: must be an http or https URL']);
  assert.equal(refusals({ rate: { requests: 0, per: '1m' } }).length, 1);
  assert.equal(refusals({ rate: { requests: 1 } }).length, 1);
  assert.deepEqual(
    refusals({ rate: { requests: 5, per: '1d' }, tls: {}, proxy: 'https://u:p@proxy.example:8080' }),
    [],
  );
});
