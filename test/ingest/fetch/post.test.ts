import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { createFetcher, type Fetcher, type PostRequest } from '../../../ingest/fetch/fetcher.ts';
import { listening, openWeb, status, text } from '../web.ts';

function open(t: TestContext): Fetcher {
  const fetcher = createFetcher({ connectTimeout: 1000, answerTimeout: 1000, totalTimeout: 5000 });
  t.after(() => fetcher.close());
  return fetcher;
}

function question(url: string, changes: Partial<PostRequest> = {}): PostRequest {
  return {
    url,
    body: '{"query":"é"}',
    contentType: 'application/json',
    maxBytes: 1_000_000,
    signal: new AbortController().signal,
    ...changes,
  };
}

async function bodyOf(bytes: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

interface Seen {
  method: string | undefined;
  url: string | undefined;
  body: string;
  headers: IncomingMessage['headers'];
}

/** A server that keeps the bodies it is sent. */
async function recording(
  t: TestContext,
  answer: (seen: Seen) => { status: number; headers?: Record<string, string>; body?: string | Buffer },
): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const { method, url, headers } = request;
    const last = { method, url, headers, body: await bodyOf(request) };
    seen.push(last);
    const { status: code, headers: sent = {}, body = '' } = answer(last);
    response.writeHead(code, sent);
    response.end(body);
  });
  return { url: await listening(t, server), seen };
}

test('a POST carries its body, type and headers, and its answer is decoded', async (t) => {
  const web = await recording(t, () => ({
    status: 200,
    headers: { 'content-encoding': 'gzip', 'content-type': 'application/json' },
    body: gzipSync('{"ok":1}'),
  }));
  const answer = await open(t).post(
    question(`${web.url}/api`, { accept: 'application/json', headers: { 'auth-key': 'k' } }),
  );
  assert.equal(answer.status, 200);
  assert.equal(await bodyOf(answer.bytes), '{"ok":1}');
  const [seen] = web.seen;
  assert.deepEqual([seen?.method, seen?.url, seen?.body], ['POST', '/api', '{"query":"é"}']);
  assert.equal(seen?.headers['content-type'], 'application/json');
  assert.equal(seen?.headers.accept, 'application/json');
  assert.equal(seen?.headers['auth-key'], 'k');
  assert.equal(seen?.headers['content-length'], '14');
});

test('307 and 308 repeat the body within the origin, a trailing slash for one', async (t) => {
  for (const code of [307, 308]) {
    const web = await recording(t, ({ url }) =>
      url === '/api' ? { status: code, headers: { location: '/api/' } } : { status: 200, body: 'there' },
    );
    const answer = await open(t).post(question(`${web.url}/api`, { headers: { 'auth-key': 'k' } }));
    assert.equal(await bodyOf(answer.bytes), 'there');
    assert.deepEqual(
      web.seen.map(({ method, url, body, headers }) => [method, url, body, headers['auth-key']]),
      [
        ['POST', '/api', '{"query":"é"}', 'k'],
        ['POST', '/api/', '{"query":"é"}', 'k'],
      ],
    );
  }
});

test('other redirects of a POST are errors that say where to', async (t) => {
  const other = await openWeb(t, text('secret'));
  for (const code of [301, 302, 303]) {
    const web = await openWeb(t, status(code, { location: '/elsewhere?key=1' }));
    await assert.rejects(open(t).post(question(web.url)), (error: Error & { code: string }) => {
      assert.equal(error.code, 'FEED_REDIRECT');
      assert.match(error.message, new RegExp(`${code}.*127\\.0\\.0\\.1`));
      assert.doesNotMatch(error.message, /elsewhere|key/);
      return true;
    });
  }
  const web = await openWeb(t, status(307, { location: `${other.url}/away` }));
  await assert.rejects(open(t).post(question(web.url)), { code: 'FEED_REDIRECT' });
  assert.equal(other.requests.length, 0);
});

test('206 answers a request with a range, and a feed sees the statuses that it asked for', async (t) => {
  const web = await openWeb(t, (_, response) => {
    response.writeHead(206, { 'content-range': 'items 0-0/3' });
    response.end('part');
  });
  const fetcher = open(t);
  const plain = { url: web.url, maxBytes: 1000, signal: new AbortController().signal };
  await assert.rejects(fetcher.get(plain), { code: 'FEED_STATUS' });
  const part = await fetcher.get({ ...plain, headers: { Range: 'items 0-0' } });
  assert.ok(part.kind === 'list' && part.status === 206);
  assert.equal(await bodyOf(part.bytes), 'part');

  web.answer = status(404, {}, 'none');
  await assert.rejects(fetcher.get({ ...plain, also: [400] }), { code: 'FEED_NOT_FOUND' });
  const missing = await fetcher.get({ ...plain, also: [400, 404] });
  assert.ok(missing.kind === 'list' && missing.status === 404);
  assert.equal(await bodyOf(missing.bytes), 'none');
  const posted = await fetcher.post(question(web.url, { also: [404] }));
  assert.equal(posted.status, 404);
  await bodyOf(posted.bytes);
});

test('a trailing slash is added by redirect with the key still there', async (t) => {
  const web = await openWeb(t, (request, response) => {
    if (request.url === '/taxii2/') response.writeHead(200);
    else response.writeHead(308, { location: `http://${request.headers.host}/taxii2/` });
    response.end('here');
  });
  const answer = await open(t).get({
    url: `${web.url}/taxii2`,
    headers: { authorization: 'Bearer t' },
    maxBytes: 1000,
    signal: new AbortController().signal,
  });
  assert.ok(answer.kind === 'list');
  assert.equal(await bodyOf(answer.bytes), 'here');
  assert.equal(web.requests[1]?.headers.authorization, 'Bearer t');
});

test('a quota that is used up says when it is full again', async (t) => {
  const reset = Math.ceil(Date.now() / 1000) + 600;
  const web = await openWeb(t, status(429, { 'x-rate-limit-reset': String(reset) }));
  const asked = (): Promise<unknown> => open(t).post(question(web.url));
  await assert.rejects(asked(), ({ retryAfterMs }: { retryAfterMs: number }) => {
    assert.ok(retryAfterMs > 590_000 && retryAfterMs <= 601_000);
    return true;
  });
  web.answer = status(509, { 'x-ratelimit-reset': '30' });
  await assert.rejects(asked(), { code: 'FEED_RATE_LIMITED', retryAfterMs: 30_000 });
  // told with every answer, it is no reason to wait for an hour after a fault of the server
  web.answer = status(500, { 'x-ratelimit-reset': String(reset), 'x-ratelimit-remaining': '57' });
  await assert.rejects(asked(), { code: 'FEED_SERVER_ERROR', retryAfterMs: undefined });
});
