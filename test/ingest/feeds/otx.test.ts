import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openLab, refusals } from '../lab.ts';
import { openWeb, status, text } from '../web.ts';

const feed = (url: string, more: object = {}): object => ({
  name: 'otx',
  type: 'otx',
  api_key: 's3cret',
  url: `${url}/api/v1/pulses/subscribed`,
  ...more,
});

const pulse = (id: string, modified: string, more: object = {}): object => ({
  id,
  name: `pulse ${id}`,
  author_name: 'somebody',
  created: '2026-11-01T05:00:00.000000',
  modified,
  tags: ['x'],
  tlp: 'green',
  indicators: [
    {
      id: 1,
      indicator: `${id}.example`,
      type: 'domain',
      created: '2026-11-02T05:00:00',
      is_active: 1,
      expiration: null,
    },
  ],
  ...more,
});

/** A server with so many pulses a page; `pulses` can be changed while its pages are walked. */
function pages(state: { pulses: object[]; origin?: string }, size = 2) {
  return (request: Parameters<ReturnType<typeof text>>[0], response: Parameters<ReturnType<typeof text>>[1]): void => {
    const url = new URL(request.url ?? '', `http://${request.headers.host}`);
    const page = Number(url.searchParams.get('page'));
    const results = state.pulses.slice((page - 1) * size, page * size);
    const next = new URL(url, state.origin ?? url);
    if (state.origin !== undefined) next.host = new URL(state.origin).host;
    next.searchParams.set('page', String(page + 1));
    const body = {
      count: state.pulses.length,
      next: page * size < state.pulses.length ? next.href : null,
      previous: null,
      results,
    };
    text(JSON.stringify(body), { 'content-type': 'application/json' })(request, response);
  };
}

const asked = (request: { url?: string | undefined } | undefined, name: string): string | null =>
  new URL(request?.url ?? '', 'http://a').searchParams.get(name);

test('a pulse and its indicators: what belongs to all, and what to one', async (t) => {
  const lab = openLab(t);
  const indicators = [
    {
      indicator: '192.0.2.1',
      type: 'IPv4',
      created: '2026-11-02T05:00:00',
      is_active: 1,
      expiration: '2026-12-24T00:00:00',
      role: 'command_and_control',
      title: 'seen',
    },
    { indicator: 'old.example', type: 'hostname', is_active: 0 },
    { indicator: 'ab'.repeat(32), type: 'FileHash-SHA256', description: '' },
    { indicator: 'rule x {}', type: 'YARA' },
    { indicator: '/path', type: 'URI' },
    { indicator: 'x', type: 'FilePath' },
    { type: 'IPv4' },
    null,
  ];
  const web = await openWeb(
    t,
    pages({
      pulses: [
        pulse('p1', '2026-11-20T05:00:00.123456', {
          indicators,
          TLP: 'amber',
          malware_families: [{ id: 'Example', display_name: 'Example' }, 'Sample'],
          attack_ids: [{ id: 'T1059', name: 'x' }],
          adversary: 'GROUP',
          references: ['https://example.org/report'],
          industries: [],
        }),
      ],
    }),
  );
  const report = await lab.once([feed(web.url)]);
  assert.deepEqual(report.perFeed.otx, { read: 3, published: 3, skipped: 5, notAdmitted: 0, expired: 0 });
  const [request] = web.requests;
  assert.deepEqual(
    [request?.headers['x-otx-api-key'], asked(request, 'limit'), asked(request, 'page')],
    ['s3cret', '20', '1'],
  );
  const since = Date.parse(`${asked(request, 'modified_since')}Z`);
  assert.ok(Math.abs(since - (Date.now() - 90 * 86_400_000)) < 60_000);
  const [first, second, third] = lab.bus.values();
  const { collected_at, ...rest } = first ?? {};
  assert.deepEqual(rest, {
    indicator: '192.0.2.1',
    type: 'ip',
    ref: 'p1',
    event_id: 'p1',
    reference: 'https://otx.alienvault.com/pulse/p1',
    timestamp: '2026-11-20T05:00:00.123Z',
    first_seen: '2026-11-02T05:00:00.000Z',
    last_seen: '2026-11-02T05:00:00.000Z',
    valid_until: '2026-12-24T00:00:00.000Z',
    description: 'pulse p1: seen',
    tags: ['x'],
    tlp: 'AMBER',
    malware: ['Example', 'Sample'],
    categories: ['command_and_control'],
    context: {
      author: 'somebody',
      adversary: 'GROUP',
      attack_ids: ['T1059'],
      references: ['https://example.org/report'],
    },
    source: 'otx',
  });
  assert.deepEqual([second?.revoked, second?.last_seen], [true, '2026-11-20T05:00:00.123Z']);
  assert.deepEqual([third?.type, third?.description, third?.revoked], ['sha256', 'pulse p1', undefined]);
});

test('pages are walked to the end, and the next walk begins at the newest of this one', async (t) => {
  const lab = openLab(t);
  const state = { pulses: ['a', 'b', 'c', 'd', 'e'].map((id, n) => pulse(id, `2026-11-2${4 - (n % 5)}T05:00:00`)) };
  const web = await openWeb(t, pages(state));
  await lab.once([feed(web.url, { page_size: 2 })]);
  assert.deepEqual(
    lab.bus.values().map(({ ref }) => ref),
    ['a', 'b', 'c', 'd', 'e'],
  );
  assert.deepEqual(
    web.requests.map((request) => asked(request, 'page')),
    ['1', '2', '3'],
  );
  state.pulses = [];
  await lab.once([feed(web.url, { page_size: 2 })]);
  assert.equal(asked(web.requests[3], 'modified_since'), '2026-11-24T04:59:59');
  await lab.once([feed(web.url, { page_size: 2 })]);
  assert.equal(asked(web.requests[4], 'modified_since'), '2026-11-24T04:59:59', 'nothing new moves nothing');
});

test('a failure in the middle goes on with the page that failed, and then with what came since', async (t) => {
  const lab = openLab(t);
  const state = { pulses: ['a', 'b', 'c', 'd', 'e'].map((id) => pulse(id, '2026-11-20T05:00:00')) };
  let broken = true;
  const web = await openWeb(t, (request, response) => {
    if (broken && asked(request, 'page') === '2') status(403)(request, response);
    else pages(state)(request, response);
  });
  const [failure] = (await lab.once([feed(web.url)])).failedFeeds;
  assert.equal(failure?.code, 'FEED_UNAUTHORIZED');
  assert.match(String(failure?.message), /otx\.alienvault\.com/);
  assert.doesNotMatch(JSON.stringify([failure, lab.logged, [...lab.cursors.values]]), /s3cret/);
  assert.equal(lab.bus.records.length, 2);
  broken = false;
  web.requests.length = 0;
  await lab.once([feed(web.url)]);
  assert.deepEqual(
    web.requests.map((request) => asked(request, 'page')),
    ['2', '3', '1', '2', '3'],
  );
  assert.equal(asked(web.requests[2], 'modified_since'), '2026-11-20T04:59:59');
  assert.deepEqual(
    lab.bus
      .values()
      .slice(0, 5)
      .map(({ ref }) => ref),
    ['a', 'b', 'c', 'd', 'e'],
  );
  state.pulses.unshift(pulse('f', '2026-11-20T06:00:00'));
  broken = true;
  await lab.once([feed(web.url)]);
  // it comes while nobody reads, in front of the page at which the walk stands
  state.pulses.unshift(pulse('g', '2026-11-20T07:00:00'), pulse('h', '2026-11-20T07:00:00'));
  broken = false;
  await lab.once([feed(web.url)]);
  assert.deepEqual(new Set(lab.bus.values().map(({ ref }) => ref)), new Set('abcdefgh'));
});

test('a page that is there no more begins the walk anew', async (t) => {
  const lab = openLab(t);
  const state = { pulses: ['a', 'b', 'c'].map((id) => pulse(id, '2026-11-20T05:00:00')) };
  let answers = 0;
  const web = await openWeb(t, (request, response) => {
    answers += 1;
    if (answers === 2) status(403)(request, response);
    else if (asked(request, 'page') === '2' && answers === 3) status(404)(request, response);
    else pages(state)(request, response);
  });
  await lab.once([feed(web.url)]);
  assert.deepEqual((await lab.once([feed(web.url)])).failedFeeds, []);
  assert.deepEqual(
    web.requests.map((request) => asked(request, 'page')),
    ['1', '2', '2', '1', '2'],
  );
  assert.deepEqual(new Set(lab.bus.values().map(({ ref }) => ref)), new Set(['a', 'b', 'c']));
});

test('a pulse that is taken away while the pages are walked costs no other', async (t) => {
  const lab = openLab(t);
  const state = { pulses: ['a', 'b', 'c', 'd'].map((id) => pulse(id, '2026-11-20T05:00:00')) };
  const web = await openWeb(t, (request, response) => {
    pages(state)(request, response);
    // c moves to the first page, past the reader
    state.pulses = state.pulses.filter((each) => (each as { id: string }).id !== 'a');
  });
  await lab.once([feed(web.url)]);
  assert.deepEqual(
    lab.bus.values().map(({ ref }) => ref),
    ['a', 'b', 'd'],
  );
  assert.ok(lab.logged.some(({ message }) => /taken away while they were read/.test(message)));
  await lab.once([feed(web.url)]);
  assert.ok(
    lab.bus.values().some(({ ref }) => ref === 'c'),
    'the next poll begins where this one did',
  );
});

test('the key goes to no other origin, whatever the next page is said to be', async (t) => {
  const lab = openLab(t);
  const elsewhere = await openWeb(t, text('{"results":[]}'));
  const web = await openWeb(
    t,
    pages({ pulses: ['a', 'b', 'c'].map((id) => pulse(id, '2026-11-20T05:00:00')), origin: elsewhere.url }),
  );
  const [failure] = (await lab.once([feed(web.url)])).failedFeeds;
  assert.equal(failure?.code, 'FEED_OTHER_ORIGIN');
  assert.equal(elsewhere.requests.length, 0);
  web.answer = text('{"results":[],"next":"http://"}');
  assert.equal((await lab.once([feed(web.url)])).failedFeeds[0]?.code, 'FEED_OTHER_ORIGIN');
});

test('pages in a circle end, and the walk is not resumed in it', async (t) => {
  const lab = openLab(t);
  const web = await openWeb(t, (request, response) => {
    const next = `${web.url}${request.url?.replace(/page=\d+/, `page=${asked(request, 'page') === '1' ? 2 : 1}`)}`;
    text(JSON.stringify({ results: [pulse('a', '2026-11-20T05:00:00')], next }))(request, response);
  });
  assert.equal((await lab.once([feed(web.url)])).failedFeeds[0]?.code, 'FEED_PAGING');
  assert.equal(web.requests.length, 2);
  await lab.once([feed(web.url)]);
  assert.equal(asked(web.requests[2], 'page'), '1');
});

test('a server that fails once is asked again, one that has had enough is left alone', async (t) => {
  const lab = openLab(t);
  let answers = 0;
  const web = await openWeb(t, (request, response) => {
    answers += 1;
    if (answers === 1) status(504)(request, response);
    else pages({ pulses: [pulse('a', '2026-11-20T05:00:00')] })(request, response);
  });
  assert.deepEqual((await lab.once([feed(web.url)])).failedFeeds, []);
  assert.equal(lab.bus.records.length, 1);
  web.answer = status(429, { 'retry-after': '3600' });
  assert.equal((await lab.once([feed(web.url)])).failedFeeds[0]?.code, 'FEED_RATE_LIMITED');
  assert.equal((await lab.once([feed(web.url)])).failedFeeds[0]?.code, 'FEED_QUOTA');
  assert.equal(web.requests.length, 3);
});

test('an answer that is no list of pulses is refused', async (t) => {
  const lab = openLab(t);
  const web = await openWeb(t, text('{"detail":"x"}'));
  assert.equal((await lab.once([feed(web.url)])).failedFeeds[0]?.code, 'FEED_SHAPE');
});

test('a key is needed', () => {
  assert.match(refusals({ name: 'o', type: 'otx' }).join(), /^api_key: .*find it in your settings at https:\/\/otx/);
});
