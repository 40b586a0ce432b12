import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openLab } from '../lab.ts';
import { openWeb, text } from '../web.ts';

const feed = (url: string): object => ({ name: 'drop', type: 'spamhaus-drop', url: `${url}/drop_v4.json` });
const row = (cidr: string, sblid: string): string => `{"cidr":"${cidr}","sblid":"${sblid}","rir":"ripencc"}\n`;
const end = (records: number | string): string =>
  `{"type":"metadata","timestamp":1764000000,"size":1,"records":${records},"copyright":"(c)","terms":"https://example.org/"}\n`;

test('networks and systems, each once, and the closing line is none of them', async (t) => {
  const lab = openLab(t);
  const list = row('192.0.2.0/24', 'SBL1') + row('198.51.100.0/24', 'SBL2') + row('192.0.2.0/24', 'SBL1');
  const web = await openWeb(t, text(list + end(3)));
  const report = await lab.once([feed(web.url)]);
  assert.deepEqual(report.perFeed.drop, { read: 2, published: 2, skipped: 0, notAdmitted: 0, expired: 0 });
  const { collected_at, valid_until, ...first } = lab.bus.values()[0] ?? {};
  assert.deepEqual(first, {
    indicator: '192.0.2.0/24',
    type: 'cidr',
    ref: 'SBL1',
    reference: 'https://check.spamhaus.org/sbl/query/SBL1',
    context: { rir: 'ripencc' },
    source: 'drop',
  });
  web.answer = text(list + end(2));
  assert.deepEqual(
    (await lab.once([feed(web.url)], { blockFor: 4 })).failedFeeds,
    [],
    'counted without the double one',
  );
  web.answer = text(`{"asn":64500,"rir":"ripencc","domain":"example.org","cc":"DE","asname":"EXAMPLE"}\n${end('1')}`);
  lab.bus.records.length = 0;
  await lab.once([{ ...feed(web.url), url: `${web.url}/asndrop.json` }]);
  const [asn] = lab.bus.values();
  assert.deepEqual(
    [asn?.indicator, asn?.type, asn?.context],
    ['AS64500', 'asn', { as_name: 'EXAMPLE', domain: 'example.org', country: 'DE', rir: 'ripencc' }],
  );
});

test('a list that was cut off fails, and does not count as the last good one', async (t) => {
  const lab = openLab(t);
  const web = await openWeb(t, text(''));
  for (const [body, message] of [
    [row('192.0.2.0/24', 'SBL1'), /no closing line/],
    [row('192.0.2.0/24', 'SBL1') + end(2), /has 1 entries where its closing line promises 2/],
    ['; Spamhaus DROP List\n192.0.2.0/24 ; SBL1\n', /no closing line/],
  ] as const) {
    web.answer = text(body, { etag: '"1"' });
    const [failure] = (await lab.once([feed(web.url)])).failedFeeds;
    assert.equal(failure?.code, 'FEED_CUT_OFF');
    assert.match(String(failure?.message), message);
  }
  assert.equal(lab.state('drop').cursor, null);
});
