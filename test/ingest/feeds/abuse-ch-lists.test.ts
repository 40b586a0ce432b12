import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openLab } from '../lab.ts';
import { openWeb, text } from '../web.ts';

describe('feodo', () => {
  const feed = (url: string): object => ({ name: 'feodo', type: 'feodo', url: `${url}/ipblocklist.json` });
  const entry = {
    ip_address: '192.0.2.9',
    port: 443,
    status: 'offline',
    hostname: null,
    as_number: 64500,
    as_name: 'EXAMPLE',
    country: 'DE',
    first_seen: '2026-10-01 05:00:00',
    last_online: '2026-11-20',
    malware: 'Example',
  };

  test('every field; a server that answers was seen now, not at midnight', async (t) => {
    const lab = openLab(t);
    const { first_seen, ...unseen } = entry;
    const web = await openWeb(
      t,
      text(JSON.stringify([entry, { ...unseen, ip_address: '192.0.2.10', status: 'online', port: '8443' }])),
    );
    await lab.once([feed(web.url)]);
    const [first, second] = lab.bus.values();
    const { collected_at, valid_until, ...rest } = first ?? {};
    assert.deepEqual(rest, {
      indicator: '192.0.2.9',
      type: 'ip',
      categories: ['botnet_cc'],
      first_seen: '2026-10-01T05:00:00.000Z',
      last_seen: '2026-11-20T00:00:00.000Z',
      tags: ['offline'],
      malware: ['Example'],
      port: 443,
      context: { as_number: 64500, as_name: 'EXAMPLE', country: 'DE' },
      source: 'feodo',
    });
    assert.ok(Date.parse(String(valid_until)) > Date.now());
    assert.deepEqual([second?.last_seen, second?.first_seen, second?.tags], [undefined, undefined, ['online']]);
  });

  test('the CSV form, and lists that are empty: one that is so, and one that is none', async (t) => {
    const lab = openLab(t);
    const head = '# Feodo Tracker\n# "first_seen_utc","dst_ip","dst_port","c2_status","last_online","malware"\n';
    const web = await openWeb(
      t,
      text(`${head}"2026-10-01 05:00:00","192.0.2.9","443","online","2026-11-20","Example"\n`),
    );
    await lab.once([feed(web.url)]);
    const [row] = lab.bus.values();
    assert.deepEqual([row?.indicator, row?.tags, row?.port], ['192.0.2.9', ['online'], 443]);
    for (const empty of ['[]', ' [ ]\n', head]) {
      web.answer = text(empty);
      const report = await lab.once([feed(web.url)], { blockFor: 4 });
      assert.deepEqual([report.failedFeeds, report.read], [[], 0], empty);
    }
    for (const none of ['', '{"error":"x"}', '[1, 2]', '[{"ip":"192.0.2.9"}]']) {
      web.answer = text(none);
      assert.equal((await lab.once([feed(web.url)], { blockFor: 4 })).failedFeeds[0]?.code, 'FEED_EMPTY', none);
    }
  });
});

test('sslbl: fingerprints of certificates, and what their reason says', async (t) => {
  const lab = openLab(t);
  const sha1 = (digit: string): string => digit.repeat(40);
  const web = await openWeb(
    t,
    text(
      [
        '################\r',
        '# abuse.ch SSLBL SSL Certificate Blacklist\r',
        '# Listingdate,SHA1,Listingreason\r',
        `2026-11-20 05:00:00,${sha1('a')},AsyncRAT C&C\r`,
        `2026-11-21 05:00:00,${sha1('b')},Malware distribution\r`,
        `2026-11-22 05:00:00,${sha1('c')},Something else\r`,
        '2026-11-22 05:00:00,,\r',
      ].join('\n'),
    ),
  );
  const report = await lab.once([{ name: 'ssl', type: 'sslbl', url: `${web.url}/sslblacklist.csv` }]);
  assert.deepEqual(report.perFeed.ssl, { read: 3, published: 3, skipped: 1, notAdmitted: 0, expired: 0 });
  const said = lab.bus.values().map(({ indicator, type, first_seen, categories, malware, description }) => ({
    indicator,
    type,
    first_seen,
    categories,
    malware,
    description,
  }));
  assert.deepEqual(said, [
    {
      indicator: sha1('a'),
      type: 'x509',
      first_seen: '2026-11-20T05:00:00.000Z',
      categories: ['c2'],
      malware: ['AsyncRAT'],
      description: 'AsyncRAT C&C',
    },
    {
      indicator: sha1('b'),
      type: 'x509',
      first_seen: '2026-11-21T05:00:00.000Z',
      categories: ['malware'],
      malware: undefined,
      description: 'Malware distribution',
    },
    {
      indicator: sha1('c'),
      type: 'x509',
      first_seen: '2026-11-22T05:00:00.000Z',
      categories: undefined,
      malware: undefined,
      description: 'Something else',
    },
  ]);
});
