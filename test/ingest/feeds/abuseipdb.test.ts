import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../services/wait.ts';
import { openLab, refusals } from '../lab.ts';
import { type Answer, openWeb, status, text } from '../web.ts';

const GENERATED = '2026-11-24T05:00:00+00:00';
const blacklist = (data: unknown[], generatedAt = GENERATED): Answer =>
  text(JSON.stringify({ meta: { generatedAt }, data }), { 'content-type': 'application/json' });
const entry = (ipAddress: string, abuseConfidenceScore: unknown = 100): object => ({
  ipAddress,
  countryCode: 'CN',
  abuseConfidenceScore,
  lastReportedAt: '2026-11-24T04:17:01+00:00',
});
const feed = (url: string, more: object = {}): object => ({
  name: 'abuse',
  type: 'abuseipdb',
  api_key: 'k3y',
  url: `${url}/api/v2/blacklist`,
  ...more,
});

test('asks as the API wants it and translates every field', async (t) => {
  const lab = openLab(t);
  const web = await openWeb(
    t,
    blacklist([entry('192.0.2.1'), { ...entry('2001:db8::1', '91'), countryCode: null }, { countryCode: 'US' }, 7]),
  );
  const report = await lab.once([feed(web.url, { tags: ['malicious'] })]);
  assert.deepEqual(report.perFeed.abuse, { read: 2, published: 2, skipped: 2, notAdmitted: 0, expired: 0 });
  const [request] = web.requests;
  assert.equal(request?.url, '/api/v2/blacklist?confidenceMinimum=90&limit=10000');
  assert.deepEqual([request?.headers.key, request?.headers.accept], ['k3y', 'application/json']);
  const [first, second] = lab.bus.values();
  const collected = Date.parse(String(first?.collected_at));
  assert.deepEqual(first, {
    indicator: '192.0.2.1',
    type: 'ip',
    timestamp: GENERATED,
    confidence: 100,
    last_seen: '2026-11-24T04:17:01+00:00',
    context: { country_code: 'CN' },
    collected_at: new Date(collected).toISOString(),
    valid_until: new Date(collected + 86_400_000).toISOString(),
    source: 'abuse',
    tags: ['malicious'],
  });
  assert.deepEqual([second?.confidence, 'context' in (second ?? {})], [91, false]);
});

test('the same generatedAt is no news', async (t) => {
  const lab = openLab(t);
  const web = await openWeb(t, blacklist([entry('192.0.2.1')]));
  assert.equal((await lab.once([feed(web.url)])).published, 1);
  assert.equal((await lab.once([feed(web.url)])).published, 0);
  web.answer = blacklist([entry('192.0.2.1')], '2026-11-24T06:00:00+00:00');
  assert.equal((await lab.once([feed(web.url)])).published, 1);
  assert.equal(
    (await lab.once([feed(web.url)], { blockFor: 4 })).published,
    1,
    'published again, because blocks would run out',
  );
});

test('with no calls left the next one waits for the reset, also after a restart', async (t) => {
  const lab = openLab(t);
  const reset = Math.ceil(Date.now() / 1000) + 7200;
  const web = await openWeb(t, (request, response) => {
    response.setHeader('x-ratelimit-remaining', '0');
    response.setHeader('x-ratelimit-reset', String(reset));
    blacklist([entry('192.0.2.1')])(request, response);
  });
  assert.deepEqual((await lab.once([feed(web.url)])).failedFeeds, []);
  assert.equal(lab.state('abuse').notBefore, reset * 1000);
  assert.deepEqual(
    (await lab.once([feed(web.url)])).failedFeeds,
    [],
    'as for a process that goes on: it waits, and is well',
  );
  assert.match(
    String(lab.logged.at(-1)?.message),
    new RegExp(`passed over: .*${new Date(reset * 1000).toISOString()}`),
  );
  assert.equal(web.requests.length, 1);
});

test('429 reschedules and does not sleep in a request', async (t) => {
  const lab = openLab(t);
  const web = await openWeb(
    t,
    status(429, { 'retry-after': '1' }, '{"errors":[{"detail":"Daily rate limit exceeded","status":429}]}'),
  );
  const worker = lab.start([feed(web.url, { every: '1s' })]);
  await until(() => lab.state('abuse').lastError !== null, { what: 'the refusal' });
  const refusedAt = performance.now();
  assert.equal(lab.state('abuse').lastError?.code, 'FEED_RATE_LIMITED');
  assert.match(String(lab.state('abuse').lastError?.message), /every: 6h.*Daily rate limit exceeded/);
  assert.equal(lab.health.snapshot().get('feed:abuse')?.state, 'down');
  web.answer = blacklist([entry('192.0.2.1')]);
  await until(() => lab.bus.records.length === 1, { what: 'the list' });
  assert.ok(performance.now() - refusedAt > 700, 'the server asked to be left alone for a second');
  await until(() => lab.health.snapshot().get('feed:abuse')?.state === 'up', { what: 'health' });
  await worker.stop();
});

test('a 429 without Retry-After waits for the reset of the quota', async (t) => {
  const lab = openLab(t);
  const reset = Math.ceil(Date.now() / 1000) + 3600;
  const web = await openWeb(t, status(429, { 'x-ratelimit-reset': String(reset) }));
  assert.equal((await lab.once([feed(web.url)])).failedFeeds[0]?.code, 'FEED_RATE_LIMITED');
  assert.equal(lab.state('abuse').notBefore, reset * 1000);
});

test('refusals in words that help, without the key', async (t) => {
  const lab = openLab(t);
  const web = await openWeb(t, status(401));
  for (const [code, name] of Object.entries({
    401: 'FEED_UNAUTHORIZED',
    402: 'FEED_PAYMENT',
    422: 'FEED_REQUEST',
    500: 'FEED_SERVER_ERROR',
  })) {
    web.answer = status(
      Number(code),
      {},
      JSON.stringify({ errors: [{ detail: 'because\r\n<b>', status: Number(code) }] }),
    );
    const [failure] = (await lab.once([feed(web.url)])).failedFeeds;
    assert.equal(failure?.code, name);
    assert.doesNotMatch(JSON.stringify([failure, lab.logged]), /k3y/);
    if (code !== '500') assert.match(String(failure?.message), /it says: because {2}<b>/);
  }
  for (const body of ['{}', '{"meta":{},"data":[]}', '[]', '{"data":[]}']) {
    web.answer = text(body);
    assert.equal((await lab.once([feed(web.url)])).failedFeeds[0]?.code, 'FEED_SHAPE');
  }
  web.answer = blacklist([]);
  assert.equal((await lab.once([feed(web.url)])).failedFeeds[0]?.code, 'FEED_EMPTY');
});

test('configuration: a key is needed, and the rest has the API’s bounds', () => {
  assert.match(refusals({ name: 'a', type: 'abuseipdb' }).join(), /^api_key/);
  assert.match(refusals({ name: 'a', type: 'abuseipdb', api_key: 'a b' }).join(), /without spaces/);
  assert.match(refusals({ name: 'a', type: 'abuseipdb', api_key: 'a', limit: 500_001 }).join(), /^limit/);
  assert.match(
    refusals({ name: 'a', type: 'abuseipdb', api_key: 'a', confidence_minimum: 10 }).join(),
    /^confidence_minimum/,
  );
});
