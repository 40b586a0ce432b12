import assert from 'node:assert/strict';
import { createServer as createTlsServer } from 'node:https';
import { type TestContext, test } from 'node:test';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { createFetcher, type FetcherOptions, type FetchRequest } from '../../../ingest/fetch/fetcher.ts';
import { selfSigned } from '../../services/certificate.ts';
import { until } from '../../services/wait.ts';
import { listening, openWeb, status, text } from '../web.ts';

const LIST = Array.from({ length: 5000 }, (_, index) => `10.0.${index >> 8}.${index & 255}\n`).join('');

interface Got {
  body: string;
  headers: Readonly<Record<string, string>>;
}

function fetching(
  t: TestContext,
  options: FetcherOptions = {},
): (request: Partial<FetchRequest> & { url: string }) => Promise<Got | 'unchanged'> {
  const fetcher = createFetcher({ connectTimeout: 1000, answerTimeout: 1000, totalTimeout: 5000, ...options });
  t.after(() => fetcher.close());
  return async (request) => {
    const answer = await fetcher.get({ maxBytes: 10_000_000, signal: new AbortController().signal, ...request });
    if (answer.kind === 'unchanged') return 'unchanged';
    const chunks: Buffer[] = [];
    for await (const chunk of answer.bytes) chunks.push(chunk);
    return { body: Buffer.concat(chunks).toString(), headers: answer.headers };
  };
}

test('every encoding is decoded, and a gzip file without being called one', async (t) => {
  const web = await openWeb(t, text(''));
  const get = fetching(t);
  const encodings: [string, Buffer][] = [
    ['gzip', gzipSync(LIST)],
    ['x-gzip', gzipSync(LIST)],
    ['deflate', deflateSync(LIST)],
    ['deflate', deflateRawSync(LIST)],
    ['br', brotliCompressSync(LIST)],
    ['zstd', zstdCompressSync(LIST)],
    ['identity', Buffer.from(LIST)],
    ['', gzipSync(LIST)],
    ['gzip', gzipSync(gzipSync(LIST))],
    ['', Buffer.from('x')],
    ['', Buffer.alloc(0)],
  ];
  for (const [encoding, body] of encodings) {
    web.answer = text(body, encoding === '' ? {} : { 'content-encoding': encoding });
    const got = await get({ url: web.url });
    const plain = body.length < 2 ? body.toString() : LIST;
    assert.ok(got !== 'unchanged' && got.body === plain, encoding);
  }
  web.answer = text('x', { 'content-encoding': 'compress' });
  await assert.rejects(get({ url: web.url }), { code: 'FEED_ENCODING' });
});

test('a compressed answer that was cut off is an error and no shorter list', async (t) => {
  const web = await openWeb(t, text(''));
  const get = fetching(t);
  for (const [encoding, body] of Object.entries({
    gzip: gzipSync(LIST),
    br: brotliCompressSync(LIST),
    zstd: zstdCompressSync(LIST),
    deflate: deflateSync(LIST),
  })) {
    for (const length of [body.length - 1, body.length >> 1, 3]) {
      web.answer = text(body.subarray(0, length), { 'content-encoding': encoding });
      await assert.rejects(get({ url: web.url }), { code: 'FEED_BROKEN_ENCODING' }, `${encoding} ${length}`);
    }
  }
  web.answer = text('no gzip at all', { 'content-encoding': 'gzip' });
  await assert.rejects(get({ url: web.url }), { code: 'FEED_BROKEN_ENCODING' });
});

test('an answer that breaks off is an error, with a length and without', async (t) => {
  const web = await openWeb(t, (_, response) => {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('1.2.3.4\n', () => response.destroy());
  });
  const get = fetching(t);
  await assert.rejects(get({ url: web.url }), { code: 'FEED_CUT_OFF' });
  web.answer = (_, response) => {
    response.write('1.2.3.4\n', () => response.destroy());
  };
  await assert.rejects(get({ url: web.url }), { code: 'FEED_CUT_OFF' });
});

test('bombs and lists above the cap are not read further', async (t) => {
  const web = await openWeb(t, text(gzipSync(Buffer.alloc(20_000_000, 0x61)), { 'content-encoding': 'gzip' }));
  const get = fetching(t);
  await assert.rejects(get({ url: web.url, maxBytes: 100_000_000 }), { code: 'FEED_EXPANDS' });
  web.answer = text(gzipSync(gzipSync(Buffer.alloc(20_000_000, 0x61))), { 'content-encoding': 'gzip' });
  await assert.rejects(get({ url: web.url, maxBytes: 100_000_000 }), { code: 'FEED_EXPANDS' });
  web.answer = text(LIST);
  await assert.rejects(get({ url: web.url, maxBytes: 10_000 }), { code: 'FEED_TOO_LARGE' });
  // below a megabyte a high ratio is an honest list
  web.answer = text(gzipSync(Buffer.alloc(900_000, 0x61)), { 'content-encoding': 'gzip' });
  const got = await get({ url: web.url });
  assert.ok(got !== 'unchanged' && got.body.length === 900_000);
});

test('validators make the request conditional, and a 304 is an answer only then', async (t) => {
  const web = await openWeb(t, text(LIST, { etag: '"a"', 'last-modified': 'Mon, 23 Nov 2026 10:00:00 GMT' }));
  const get = fetching(t);
  assert.notEqual(await get({ url: web.url }), 'unchanged');
  assert.equal(web.requests[0]?.headers['if-none-match'], undefined);
  web.answer = status(304);
  const validators = { etag: '"a"', lastModified: 'Mon, 23 Nov 2026 10:00:00 GMT' };
  assert.equal(await get({ url: web.url, validators }), 'unchanged');
  assert.equal(web.requests[1]?.headers['if-none-match'], '"a"');
  assert.equal(web.requests[1]?.headers['if-modified-since'], 'Mon, 23 Nov 2026 10:00:00 GMT');
  await assert.rejects(get({ url: web.url }), { code: 'FEED_STATUS' });
});

test('credentials stay with their origin, also when a redirect comes back to it', async (t) => {
  const other = await openWeb(t, text(LIST));
  const web = await openWeb(t, (request, response) => {
    if (request.url === '/list?key=1') response.writeHead(302, { location: '/same' });
    else if (request.url === '/same') response.writeHead(307, { location: `${other.url}/away` });
    else response.writeHead(200);
    response.end(LIST);
  });
  other.answer = status(301, { location: `${web.url}/back` });
  const get = fetching(t);
  const url = `${web.url.replace('http://', 'http://us%20er:pa%3Ass@')}/list?key=1`;
  await get({ url, headers: { 'auth-key': 'secret' } });
  const seen = [...web.requests, ...other.requests].map(({ url: path, headers }) => [
    path,
    headers.authorization,
    headers['auth-key'],
  ]);
  const basic = `Basic ${Buffer.from('us er:pa:ss').toString('base64')}`;
  assert.deepEqual(seen, [
    ['/list?key=1', basic, 'secret'],
    ['/same', basic, 'secret'],
    ['/back', undefined, undefined],
    ['/away', undefined, undefined],
  ]);
});

test('redirects that lead nowhere good are refused', async (t) => {
  const web = await openWeb(t, status(302, { location: 'file:///etc/passwd' }));
  const get = fetching(t);
  const refused = { code: 'FEED_REDIRECT' };
  await assert.rejects(get({ url: web.url }), refused);
  web.answer = status(302, { location: '/again' });
  await assert.rejects(get({ url: web.url }), refused);
  assert.equal(web.requests.length, 7);
  web.answer = status(302);
  await assert.rejects(get({ url: web.url }), refused);
  web.answer = status(302, { location: 'http://[' });
  await assert.rejects(get({ url: web.url }), refused);
  await assert.rejects(get({ url: 'file:///etc/passwd' }), refused);
});

test('from https to http is refused, and an unknown authority too', async (t) => {
  const plain = await openWeb(t, text(LIST));
  const certificate = await selfSigned();
  const server = createTlsServer(certificate, (_, response) => {
    response.writeHead(302, { location: plain.url });
    response.end();
  });
  const url = (await listening(t, server)).replace('http:', 'https:');
  await assert.rejects(fetching(t, { ca: certificate.cert })({ url }), { code: 'FEED_REDIRECT' });
  await assert.rejects(fetching(t)({ url }), { code: 'FEED_TLS' });
  assert.equal(plain.requests.length, 0);
});

test('a status says what to do, when to come back, and nothing of the path', async (t) => {
  const web = await openWeb(t, status(429, { 'retry-after': '120' }));
  const get = fetching(t);
  const url = `${web.url}/secret-path?key=secret`;
  await assert.rejects(get({ url }), (error: Error & { code: string; retryAfterMs: number; retryable: boolean }) => {
    assert.deepEqual([error.code, error.retryAfterMs, error.retryable], ['FEED_RATE_LIMITED', 120_000, true]);
    assert.doesNotMatch(error.message, /secret/);
    return true;
  });
  web.answer = status(503, { 'retry-after': new Date(Date.now() + 60_000).toUTCString() });
  await assert.rejects(get({ url }), (error: Error & { code: string; retryAfterMs: number }) => {
    assert.equal(error.code, 'FEED_SERVER_ERROR');
    assert.ok(error.retryAfterMs > 50_000 && error.retryAfterMs <= 61_000);
    return true;
  });
  for (const [code, name] of Object.entries({
    401: 'FEED_UNAUTHORIZED',
    403: 'FEED_UNAUTHORIZED',
    404: 'FEED_NOT_FOUND',
    410: 'FEED_NOT_FOUND',
    509: 'FEED_RATE_LIMITED',
    206: 'FEED_STATUS',
    400: 'FEED_STATUS',
  })) {
    web.answer = status(Number(code), {}, 'why');
    await assert
      .rejects(get({ url }), { code: name, refusal: { status: Number(code) } as never } as never)
      .catch(() => {});
    await assert.rejects(get({ url }), { code: name });
  }
});

test('servers that do not answer, answer slowly, or are not there', async (t) => {
  const web = await openWeb(t, () => {});
  const get = fetching(t, { answerTimeout: 300 });
  await assert.rejects(get({ url: web.url }), { code: 'FEED_TIMEOUT' });
  web.answer = (_, response) => {
    response.write('1.2.3.4\n');
  };
  await assert.rejects(get({ url: web.url }), { code: 'FEED_TIMEOUT' });
  // one line every now and then never lets the other clock run out
  web.answer = (_, response) => {
    const drip = setInterval(() => response.write('1.2.3.4\n'), 50);
    response.on('close', () => clearInterval(drip));
  };
  const patient = fetching(t, { answerTimeout: 2000, totalTimeout: 700 });
  await assert.rejects(patient({ url: web.url }), { code: 'FEED_TIMEOUT' });
  await assert.rejects(get({ url: 'http://127.0.0.1:1' }), { code: 'FEED_UNREACHABLE' });
});

test('time that the reader takes does not count, and a reader that leaves closes the connection', async (t) => {
  let closed = false;
  const web = await openWeb(t, (_, response) => {
    response.on('close', () => {
      closed = true;
    });
    const more = (): void => {
      while (!response.destroyed && response.write(LIST));
      if (!response.destroyed) response.once('drain', more);
    };
    more();
  });
  const fetcher = createFetcher({ answerTimeout: 300, totalTimeout: 300 });
  t.after(() => fetcher.close());
  const answer = await fetcher.get({ url: web.url, maxBytes: 1e9, signal: new AbortController().signal });
  assert.ok(answer.kind === 'list');
  let chunks = 0;
  for await (const _ of answer.bytes) {
    chunks += 1;
    if (chunks === 2) await new Promise((resolve) => setTimeout(resolve, 900));
    if (chunks === 20) break;
  }
  assert.equal(chunks, 20);
  await until(() => closed, { what: 'the connection to be closed' });
});

test('an aborted signal ends a fetch that waits', async (t) => {
  const web = await openWeb(t, () => {});
  const get = fetching(t, { answerTimeout: 60_000, totalTimeout: 60_000 });
  const controller = new AbortController();
  const began = performance.now();
  const fetched = get({ url: web.url, signal: controller.signal });
  await until(() => web.requests.length === 1, { what: 'the request' });
  controller.abort();
  await assert.rejects(fetched);
  assert.ok(performance.now() - began < 5000);
});
