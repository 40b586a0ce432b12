import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openLab, refusals } from '../lab.ts';
import { openWeb, status, text } from '../web.ts';

const feed = (url: string, more: object = {}): object => ({ name: 'haus', type: 'urlhaus', url, ...more });

const exported = {
  dateadded: '2026-11-20 05:00:00 UTC',
  url: 'http://evil.example/a.exe',
  url_status: 'offline',
  last_online: '2026-11-21 06:00:00 UTC',
  threat: 'malware_download',
  tags: ['elf', 'mirai'],
  urlhaus_link: 'https://urlhaus.example.org/url/1/',
  reporter: 'somebody',
};

test('the JSON dump: an id names a list of one entry; online was seen now, offline when it last answered', async (t) => {
  const lab = openLab(t);
  const web = await openWeb(
    t,
    text(
      JSON.stringify({
        '101': [exported],
        '102': [{ ...exported, url: 'http://192.0.2.1:8080/b', url_status: 'online', tags: null }],
        '103': [{ ...exported, url: 'http://old.example/', last_online: null }],
        '104': [{ ...exported, url: null }],
      }),
    ),
  );
  const report = await lab.once([feed(`${web.url}/json_recent/`)]);
  assert.deepEqual(report.perFeed.haus, { read: 3, published: 3, skipped: 1, notAdmitted: 0, expired: 0 });
  const [first, second, third] = lab.bus.values();
  const { collected_at, ...rest } = first ?? {};
  assert.deepEqual(rest, {
    indicator: 'http://evil.example/a.exe',
    type: 'url',
    ref: '101',
    first_seen: '2026-11-20T05:00:00.000Z',
    last_seen: '2026-11-21T06:00:00.000Z',
    tags: ['elf', 'mirai', 'offline'],
    categories: ['malware_download'],
    reference: 'https://urlhaus.example.org/url/1/',
    context: { reporter: 'somebody' },
    source: 'haus',
  });
  assert.deepEqual([second?.ref, second?.last_seen, second?.tags], ['102', undefined, ['online']]);
  assert.equal(third?.last_seen, '2026-11-20T05:00:00.000Z');
});

test('the CSV dump, and no second reading of one that is unchanged', async (t) => {
  const lab = openLab(t);
  const csv =
    '# URLhaus Database Dump\r\n# id,dateadded,url,url_status,last_online,threat,tags,urlhaus_link,reporter\r\n' +
    '"105","2026-11-20 05:00:00","http://evil.example/?a=1,2","online","2026-11-24 05:00:00","malware_download","a,b","https://urlhaus.example.org/url/105/","somebody"\r\n';
  const web = await openWeb(t, (request, response) => {
    if (request.headers['if-none-match'] === '"1"') status(304)(request, response);
    else text(csv, { etag: '"1"' })(request, response);
  });
  await lab.once([feed(`${web.url}/csv_recent/`)]);
  await lab.once([feed(`${web.url}/csv_recent/`)]);
  assert.equal(lab.bus.records.length, 1);
  const [row] = lab.bus.values();
  assert.deepEqual([row?.indicator, row?.ref, row?.tags], ['http://evil.example/?a=1,2', '105', ['a', 'b', 'online']]);
  await lab.once([feed(`${web.url}/csv_online/`)]);
  assert.equal(lab.bus.records.length, 2, 'another file is another list, whatever its etag');
});

test('the API: its own names, its key, and a note when it does not reach back to the last reading', async (t) => {
  const lab = openLab(t);
  const entry = (id: number, date_added: string): object => ({
    id: String(id),
    urlhaus_reference: `https://urlhaus.example.org/url/${id}/`,
    url: `http://n${id}.example/`,
    url_status: 'online',
    host: `n${id}.example`,
    date_added,
    threat: 'malware_download',
    larted: 'true',
    reporter: 'somebody',
    tags: ['x'],
  });
  const answer = (urls: object[]) => text(JSON.stringify({ query_status: 'ok', urls }));
  const web = await openWeb(t, answer([entry(1, '2026-11-20 05:00:00 UTC')]));
  const section = feed(`${web.url}/v1/urls/recent/`, { from: 'api', auth_key: 'k3y' });
  await lab.once([section]);
  assert.equal(web.requests[0]?.headers['auth-key'], 'k3y');
  const [row] = lab.bus.values();
  assert.deepEqual(
    [row?.ref, row?.first_seen, row?.reference],
    ['1', '2026-11-20T05:00:00.000Z', 'https://urlhaus.example.org/url/1/'],
  );
  web.answer = answer(Array.from({ length: 1000 }, (_, n) => entry(n + 2, '2026-11-21 05:00:00 UTC')));
  await lab.once([section]);
  assert.ok(lab.logged.some(({ message }) => /more came since the last reading/.test(message)));
  web.answer = text('{"query_status":"no_results"}');
  assert.deepEqual((await lab.once([section])).failedFeeds, []);
});

test('what is wrong: an empty dump, a ZIP file, a missing key', async (t) => {
  const lab = openLab(t);
  const web = await openWeb(t, text('# nothing\n'));
  for (const body of ['# nothing\n', '', '{}', Buffer.from('504b0304140000000800', 'hex')]) {
    web.answer = text(body);
    assert.equal((await lab.once([feed(`${web.url}/dump`)])).failedFeeds[0]?.code, 'FEED_EMPTY', String(body));
  }
  assert.equal(lab.bus.records.length, 0);
  assert.match(refusals({ name: 'h', type: 'urlhaus', from: 'api' }).join(), /^auth_key: is missing: get a free key/);
  assert.deepEqual(refusals({ name: 'h', type: 'urlhaus' }), []);
});
