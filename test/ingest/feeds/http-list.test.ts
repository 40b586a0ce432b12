import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { FEEDS } from '../../../ingest/feeds/index.ts';
import { openLab, refusals } from '../lab.ts';
import { openWeb, status, text } from '../web.ts';

const DAY = 86_400_000;
const list = (url: string, more: object = {}): object => ({ name: 'list', type: 'http-list', url, ...more });

test('a table: columns, confidence by steps, defaults, and a day of validity', async (t) => {
  const lab = openLab(t);
  const web = await openWeb(t, text('# ipsum\n192.0.2.1\t7\n192.0.2.2\t2\nbroken line\t1\n'));
  const section = list(web.url, {
    format: 'tsv',
    columns: { indicator: 1 },
    indicator_type: 'ip',
    confidence: {
      column: 2,
      map: [
        [6, 95],
        [1, 30],
      ],
    },
    severity: 60,
    tags: ['malicious'],
    tlp: 'TLP:GREEN',
    every: '1h',
  });
  const report = await lab.once([section]);
  assert.deepEqual(report, {
    read: 3,
    published: 3,
    expired: 0,
    failedFeeds: [],
    perFeed: { list: { read: 3, published: 3, skipped: 0, notAdmitted: 0, expired: 0 } },
  });
  const [first, second, third] = lab.bus.values();
  const collected = Date.parse(String(first?.collected_at));
  assert.ok(Math.abs(collected - Date.now()) < 60_000);
  assert.deepEqual(first, {
    indicator: '192.0.2.1',
    confidence: 95,
    collected_at: new Date(collected).toISOString(),
    valid_until: new Date(collected + DAY).toISOString(),
    source: 'list',
    type: 'ip',
    severity: 60,
    tlp: 'GREEN',
    tags: ['malicious'],
  });
  assert.equal(second?.confidence, 30);
  assert.equal(third?.indicator, 'broken line');
  assert.ok(lab.bus.records.every((record) => record.topic === 'ioc.raw' && /^[0-9a-f]{40}$/.test(record.key)));
});

test('JSON, NDJSON with a closing line of metadata, CSV in gzip', async (t) => {
  const lab = openLab(t);
  const json = await openWeb(
    t,
    text(JSON.stringify({ at: '2026-11-24', data: [{ ip: '192.0.2.1', n: 90 }, { n: 1 }] })),
  );
  const ndjson = await openWeb(
    t,
    text('{"cidr":"192.0.2.0/24"}\n{broken\n{"cidr":"198.51.100.0/24"}\n{"type":"metadata"}'),
  );
  const csv = await openWeb(t, text(gzipSync('id,url\r\n1,"http://a.example/,x"\r\n')));
  const report = await lab.once([
    list(json.url, {
      name: 'json',
      format: 'json',
      columns: { indicator: 'data[].ip', confidence: 'data[].n', timestamp: 'at' },
    }),
    list(ndjson.url, { name: 'nd', format: 'ndjson', columns: { indicator: 'cidr' }, snapshot: false }),
    list(csv.url, { name: 'csv', format: 'csv', columns: { indicator: 'url', ref: 'id' } }),
  ]);
  assert.deepEqual(report.failedFeeds, []);
  assert.deepEqual(report.perFeed, {
    json: { read: 1, published: 1, skipped: 1, notAdmitted: 0, expired: 0 },
    nd: { read: 2, published: 2, skipped: 2, notAdmitted: 0, expired: 0 },
    csv: { read: 1, published: 1, skipped: 0, notAdmitted: 0, expired: 0 },
  });
  const by = (source: string): Record<string, unknown>[] => lab.bus.values().filter((value) => value.source === source);
  assert.deepEqual([by('json')[0]?.confidence, by('json')[0]?.timestamp], [90, '2026-11-24']);
  assert.equal('valid_until' in (by('nd')[0] ?? {}), false);
  assert.deepEqual([by('csv')[0]?.indicator, by('csv')[0]?.ref], ['http://a.example/,x', '1']);
  const line = lab.logged.find((entry) => entry.fields.feed === 'nd' && 'skipped' in entry.fields);
  assert.equal(line?.fields.first_skipped, 'line 2: not JSON');
});

test('pages, empty answers and broken documents are failures, and nothing of them is published', async (t) => {
  const lab = openLab(t);
  const web = await openWeb(t, text('<!doctype html><html>Log in</html>'));
  const failure = async (more: object = {}): Promise<string | undefined> =>
    (await lab.once([list(web.url, more)])).failedFeeds[0]?.code;
  assert.equal(await failure(), 'FEED_HTML_PAGE');
  web.answer = text('Sorry', { 'content-type': 'text/html' });
  assert.equal(await failure(), 'FEED_HTML_PAGE');
  for (const empty of ['', '\n\n', '# nothing today\n']) {
    web.answer = text(empty);
    assert.equal(await failure(), 'FEED_EMPTY');
  }
  web.answer = text('[]');
  assert.equal(await failure({ format: 'json', columns: { indicator: 'ip' } }), 'FEED_EMPTY');
  web.answer = text('[{"ip":"192.0.2.1"},');
  assert.equal(await failure({ format: 'json', columns: { indicator: 'ip' } }), 'FEED_NOT_JSON');
  web.answer = text('a,b\n1,2\n');
  assert.equal(await failure({ format: 'csv', columns: { indicator: 'ip' } }), 'FEED_COLUMNS');
  web.answer = status(204);
  assert.equal(await failure(), 'FEED_EMPTY');
  assert.equal(lab.bus.records.length, 0);
  assert.equal(lab.state('list').lastError?.code, 'FEED_EMPTY');
});

test('an unchanged list is published again only when its members would expire, or its settings changed', async (t) => {
  const lab = openLab(t);
  const web = await openWeb(t, (request, response) => {
    const same = request.headers['if-none-match'] === '"v1"';
    response.writeHead(same ? 304 : 200, { etag: '"v1"' });
    response.end(same ? '' : '192.0.2.1\n');
  });
  const published = async (more: object = {}): Promise<number> => (await lab.once([list(web.url, more)])).published;
  assert.equal(await published(), 1);
  assert.equal(await published(), 0);
  assert.equal(lab.state('list').records, 1);
  assert.equal(await published({ tags: ['new'] }), 1);
  assert.equal(await published({ tags: ['new'] }), 0);
  // published six hours ago: a quarter of the day that blocks last
  const stored = lab.cursors.values.get('feed:list');
  assert.ok(stored !== undefined);
  const old = (hours: number): object => ({ ...lab.state('list'), publishedAt: Date.now() - hours * 3_600_000 });
  lab.cursors.values.set('feed:list', { ...stored, value: old(5.9) });
  assert.equal(await published({ tags: ['new'] }), 0);
  const again = lab.cursors.values.get('feed:list');
  assert.ok(again !== undefined);
  lab.cursors.values.set('feed:list', { ...again, value: old(6.1) });
  assert.equal(await published({ tags: ['new'] }), 1);
});

test('a list that breaks off leaves the cursor where it was', async (t) => {
  const lab = openLab(t);
  const lines = Array.from({ length: 3000 }, (_, index) => `10.0.${index >> 8}.${index & 255}\n`).join('');
  const web = await openWeb(t, (_, response) => {
    response.writeHead(200, { etag: '"v1"', 'content-length': String(lines.length + 10) });
    response.write(lines, () => setTimeout(() => response.destroy(), 100));
  });
  const report = await lab.once([list(web.url)]);
  assert.equal(report.failedFeeds[0]?.code, 'FEED_CUT_OFF');
  assert.equal(lab.state('list').cursor, null);
  assert.equal(lab.state('list').publishedAt, 0);
});

test('a list that is not judged: 120,000 lines go through in whole batches, in bounded memory, and a slow bus stops the reading', async (t) => {
  const lab = openLab(t);
  const lines = Array.from(
    { length: 120_000 },
    (_, index) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}\t${index % 9}\n`,
  );
  const body = Buffer.from(lines.join(''));
  let sent = 0;
  const web = await openWeb(t, (_, response) => {
    response.writeHead(200, { 'content-type': 'text/plain' });
    const more = (): void => {
      while (sent < body.length) {
        const chunk = body.subarray(sent, sent + 8192);
        sent += chunk.length;
        if (!response.write(chunk)) {
          response.once('drain', more);
          return;
        }
      }
      response.end();
    };
    more();
  });
  lab.bus.shut();
  const began = performance.now();
  const worker = lab.start(
    [list(web.url, { format: 'tsv', columns: { indicator: 1, confidence: 2 }, checks: false })],
    {
      once: true,
    },
  );
  let known = -1;
  // until nothing moves any more: the kernel's buffers are full
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    if (lab.bus.waiting() > 0 && sent === known) break;
    known = sent;
  }
  assert.ok(lab.bus.waiting() <= 1000, `${lab.bus.waiting()} records wait for the bus`);
  assert.ok(worker.progress().read <= 1000, `${worker.progress().read} records were read ahead`);
  lab.bus.open();
  const report = await worker.drained;
  assert.equal(report.published, 120_000);
  assert.equal(new Set(lab.bus.records.map((record) => record.key)).size, 120_000);
  assert.deepEqual(new Set(lab.bus.sends), new Set([1000]));
  t.diagnostic(`${Math.round(performance.now() - began)} ms, ${lab.bus.sends.length} sends`);
});

test('formats that say themselves what is what', async (t) => {
  const bodies: [format: string, body: string, indicators: string[], more?: object][] = [
    ['zeek', '#fields\tindicator\tindicator_type\n192.0.2.1\tIntel::ADDR\n', ['192.0.2.1']],
    ['hosts', '127.0.0.1 localhost\n0.0.0.0 a.example b.example\n', ['a.example', 'b.example']],
    ['iprep', '192.0.2.1,1,127\n', ['192.0.2.1'], { category_names: { 1: 'CnC' } }],
    ['text', 'We saw evil[.]test and setup.exe, but also good.example.org.', ['evil.test'], { only_disarmed: true }],
    ['html', '<!doctype html><p>evil<b>[.]</b>test <a href="http://127.0.0.1/own">own</a>', ['evil.test']],
    [
      'misp',
      '{"response":[{"Event":{"uuid":"8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","Attribute":[{"uuid":"8e2e2d2b-17d4-4cbf-938f-98ee46b3cd30","type":"domain","category":"Network activity","value":"evil.test","to_ids":true}]}}]}',
      ['evil.test'],
    ],
    ['stix1', '<?xml version="1.0" encoding="UTF-8"?><s:STIX_Package xmlns:s="http://stix.mitre.org/stix-1"/>', []],
  ];
  for (const [format, body, indicators, more] of bodies) {
    const lab = openLab(t);
    const web = await openWeb(t, text(body, format === 'html' ? { 'content-type': 'text/html' } : {}));
    const report = await lab.once([list(web.url, { format, confidence: 40, ...more })]);
    assert.deepEqual(
      lab.bus.values().map((value) => value.indicator),
      indicators,
      format,
    );
    assert.equal(report.failedFeeds.length, indicators.length === 0 ? 1 : 0, format);
    if (format !== 'iprep') continue;
    const [first] = lab.bus.values();
    assert.deepEqual([first?.confidence, first?.categories, first?.ref], [100, ['CnC'], 'category-1']);
  }
  assert.deepEqual(
    refusals(list('https://example.org/', { format: 'zeek', columns: { indicator: 2 }, confidence: { column: 1 } })),
    [
      'columns.indicator: a list of format zeek has no columns to name',
      'confidence.column: a list of format zeek has no columns to name',
    ],
  );
});

test('what is refused in the configuration, and why', () => {
  const said = (more: object): string => refusals(list('https://a.example/list', more)).join('; ');
  assert.equal(said({}), '');
  assert.match(said({ url: 'ftp://a.example/' }), /^url: must be an http or https URL/);
  assert.match(said({ url: 'file:///etc/passwd' }), /^url/);
  assert.match(said({ format: 'json' }), /^columns.indicator: must say where the indicator stands/);
  assert.match(said({ format: 'json', columns: { indicator: 'a[0]' } }), /^columns.indicator: must be a path/);
  assert.match(said({ columns: { indicator: 2 } }), /^columns.indicator: a list of format lines has one column/);
  assert.match(said({ format: 'tsv', header: false, columns: { indicator: 'ip' } }), /no header row/);
  assert.match(said({ headers: { 'X-Key': 'a\r\nHost: b' } }), /^headers.X-Key: must be one line/);
  assert.match(said({ headers: { 'bad name': 'a' } }), /^headers/);
  assert.match(said({ colums: { indicator: 1 } }), /there is no such key; the keys here are .*columns/);
  assert.match(said({ tlp: 'PINK' }), /^tlp: must be CLEAR/);
  assert.match(said({ indicator_type: 'nonsense' }), /^indicator_type: must be one of ip, cidr/);
  assert.match(said({ confidence: 101 }), /^confidence/);
  const types = FEEDS.map(({ type }) => type).join(', ');
  assert.deepEqual(refusals({ name: 'x', type: 'nope' }), [`type: must be one of ${types}`]);
});

test('without a format a list is read as what it is', async (t) => {
  const named = async (body: string | Buffer): Promise<unknown[]> => {
    const lab = openLab(t);
    const web = await openWeb(t, text(body));
    await lab.once([list(web.url)]);
    return lab.bus.values().map(({ indicator }) => indicator);
  };
  // two columns, as much of what is published has them
  const rows = Array.from({ length: 1500 }, (_, n) => `192.0.${n >> 8}.${n & 255}\t${n % 9}`);
  assert.equal((await named(`# list\n${rows.join('\n')}\n`))[7], '192.0.0.7');
  assert.deepEqual(await named('192.0.2.1 # why\nevil.example\n'), ['192.0.2.1', 'evil.example']);
  assert.deepEqual(await named('||a.example^\n||b.example^\n'), ['a.example', 'b.example']);
  assert.deepEqual(await named('ip,port\n192.0.2.1,80\n'), ['192.0.2.1']);
  assert.deepEqual(
    await named(
      Buffer.from(
        '<ioc xmlns="http://schemas.mandiant.com/2010/ioc"><definition><Indicator operator="OR"><IndicatorItem condition="is"><Context search="Network/DNS"/><Content>a.example</Content></IndicatorItem></Indicator></definition></ioc>',
      ),
    ),
    ['a.example'],
  );
  // a message of the server is not searched for what reads like an indicator
  assert.deepEqual(await named('Too many requests, write to admin@example.org\n'), [
    'Too many requests, write to admin@example.org',
  ]);
});

test('without a format, what is of no known kind is refused with its reason', async (t) => {
  for (const [body, reason] of [
    ['{"a":1}', /it is JSON, an object with "a"/],
    ['[{"indicator":"192.0.2.1"}]', /say "format: json"/],
    [Buffer.from('PK\x03\x04\x14\0\0', 'latin1'), /ZIP/],
  ] as const) {
    const lab = openLab(t);
    const web = await openWeb(t, text(body));
    const { failedFeeds } = await lab.once([list(web.url)]);
    assert.equal(failedFeeds.length, 1);
    assert.match(failedFeeds[0]?.message ?? '', reason);
    assert.equal(lab.bus.values().length, 0);
  }
});
