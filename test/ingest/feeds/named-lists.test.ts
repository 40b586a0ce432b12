import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { openLab, refusals } from '../lab.ts';
import { openWeb, status, text } from '../web.ts';

describe('dshield', () => {
  const HEADER = '#\n# DShield.org Recommended Block List\n#\nStart\tEnd\tNetmask\tAttacks\tName\tCountry\temail\n';

  test('ranges become blocks when both ways of telling them agree', async (t) => {
    const lab = openLab(t);
    const web = await openWeb(
      t,
      text(
        `${HEADER}192.0.2.0\t192.0.2.255\t24\t3012\tEXAMPLE-NET\tDE\tabuse@example.org\r\n` +
          '198.51.100.0\t198.51.100.127\t25\t10\n' +
          '203.0.113.0\t203.0.113.255\t16\t10\tX\tDE\tx\n' +
          '203.0.113.1\t203.0.113.255\t24\t10\n' +
          '203.0.113.0\t198.51.100.255\t24\t10\n' +
          'no\ttable\tat all\n',
      ),
    );
    const report = await lab.once([{ name: 'd', type: 'dshield', url: web.url }]);
    assert.deepEqual(report.perFeed.d, { read: 2, published: 2, skipped: 4, notAdmitted: 0, expired: 0 });
    assert.deepEqual(
      lab.bus.values().map(({ indicator, type, context }) => ({ indicator, type, context })),
      [
        { indicator: '192.0.2.0/24', type: 'cidr', context: { attacks: 3012, name: 'EXAMPLE-NET', country: 'DE' } },
        { indicator: '198.51.100.0/25', type: 'cidr', context: { attacks: 10 } },
      ],
    );
  });
});

describe('kev', () => {
  const catalogue = (vulnerabilities: unknown, count: unknown = 2): string =>
    JSON.stringify({
      title: 'x',
      catalogVersion: '2026.11.24',
      dateReleased: '2026-11-24T05:00:00.000Z',
      count,
      vulnerabilities,
    });
  const entry = (cveID: string, more: object = {}): object => ({
    cveID,
    vendorProject: 'Example',
    product: 'Thing',
    vulnerabilityName: 'Example Thing Flaw',
    dateAdded: '2026-11-20',
    shortDescription: 'A flaw.',
    requiredAction: 'Apply updates.',
    dueDate: '2026-12-11',
    knownRansomwareCampaignUse: 'Unknown',
    notes: 'see https://example.org/advisory ; https://example.com/other',
    cwes: ['CWE-78'],
    ...more,
  });

  test('CVEs, those of ransomware tagged', async (t) => {
    const lab = openLab(t);
    const web = await openWeb(
      t,
      text(
        catalogue([
          entry('CVE-2026-0001'),
          entry('CVE-2026-0002', { knownRansomwareCampaignUse: 'Known', cwes: [], notes: '' }),
        ]),
      ),
    );
    await lab.once([{ name: 'kev', type: 'kev', url: web.url, tags: ['exploit'] }]);
    const [first, second] = lab.bus.values();
    const { collected_at, valid_until, ...rest } = first ?? {};
    assert.deepEqual(rest, {
      indicator: 'CVE-2026-0001',
      type: 'cve',
      first_seen: '2026-11-20T00:00:00.000Z',
      description: 'A flaw.',
      reference: 'https://example.org/advisory',
      context: {
        name: 'Example Thing Flaw',
        vendor: 'Example',
        product: 'Thing',
        due: '2026-12-11',
        required_action: 'Apply updates.',
        cwes: ['CWE-78'],
      },
      source: 'kev',
      tags: ['exploit'],
    });
    assert.equal('timestamp' in (first ?? {}), false, 'an entry that changes must win over what it said before');
    assert.deepEqual([second?.tags, second?.reference], [['ransomware', 'exploit'], undefined]);
  });

  test('a count that is wrong is told of, and what is no catalogue is a failure', async (t) => {
    const lab = openLab(t);
    const web = await openWeb(t, text(catalogue([entry('CVE-2026-0001'), 'x'], 3)));
    const report = await lab.once([{ name: 'kev', type: 'kev', url: web.url }]);
    assert.deepEqual(report.perFeed.kev, { read: 1, published: 1, skipped: 1, notAdmitted: 0, expired: 0 });
    assert.ok(lab.logged.some(({ message }) => /says that it has 3 entries and has 2/.test(message)));
    web.answer = text('{"vulnerabilities":{}}');
    assert.equal(
      (await lab.once([{ name: 'kev', type: 'kev', url: web.url }], { blockFor: 4 })).failedFeeds[0]?.code,
      'FEED_SHAPE',
    );
  });
});

describe('phishtank', () => {
  const entry = {
    phish_id: 123456,
    url: 'https://login.example/',
    phish_detail_url: 'https://phishtank.example.org/phish_detail.php?phish_id=123456',
    submission_time: '2026-11-20T05:00:00+00:00',
    verified: 'yes',
    verification_time: '2026-11-20T06:00:00+00:00',
    online: 'yes',
    target: 'Example Bank',
    details: [
      {
        ip_address: '192.0.2.5',
        cidr_block: '192.0.2.0/24',
        announcing_network: '64500',
        rir: 'ripencc',
        country: 'DE',
      },
    ],
  };

  test('a gzip file, with a user agent that says whose request it is', async (t) => {
    const lab = openLab(t);
    const other = { phish_id: '7', url: 'http://other.example/', verified: 'no', target: 'Other', details: [] };
    const web = await openWeb(
      t,
      text(gzipSync(JSON.stringify([entry, other, { phish_id: 8 }])), { 'content-type': 'application/octet-stream' }),
    );
    const report = await lab.once([
      { name: 'p', type: 'phishtank', user: 'example', url: `${web.url}/online-valid.json.gz` },
    ]);
    assert.deepEqual(report.perFeed.p, { read: 2, published: 2, skipped: 1, notAdmitted: 0, expired: 0 });
    assert.equal(web.requests[0]?.headers['user-agent'], 'phishtank/example');
    const [first, second] = lab.bus.values();
    const { collected_at, valid_until, ...rest } = first ?? {};
    assert.deepEqual(rest, {
      indicator: 'https://login.example/',
      type: 'url',
      ref: '123456',
      first_seen: '2026-11-20T05:00:00.000Z',
      reference: 'https://phishtank.example.org/phish_detail.php?phish_id=123456',
      context: {
        target: 'Example Bank',
        verified_at: '2026-11-20T06:00:00.000Z',
        ip: '192.0.2.5',
        cidr: '192.0.2.0/24',
        as_number: '64500',
        country: 'DE',
      },
      source: 'p',
    });
    assert.deepEqual([second?.tags, second?.context], [['unverified'], undefined]);
  });

  test('over the limit it waits as long as the limit counts, also after a restart', async (t) => {
    const lab = openLab(t);
    const web = await openWeb(t, status(509, { 'x-request-limit-interval': '600 Seconds', 'x-request-limit': '5' }));
    const section = { name: 'p', type: 'phishtank', url: `${web.url}/online-valid.json.gz` };
    const [failure] = (await lab.once([section])).failedFeeds;
    assert.equal(failure?.code, 'FEED_RATE_LIMITED');
    const wait = lab.state('p').notBefore - Date.now();
    assert.ok(wait > 590_000 && wait <= 600_000, `${wait} ms`);
    assert.equal((await lab.once([section])).failedFeeds[0]?.code, 'FEED_QUOTA');
    assert.equal(web.requests.length, 1);
  });

  test('without a key it says where to get one, and never says the key', async (t) => {
    const lab = openLab(t);
    const web = await openWeb(t, status(403));
    const [failure] = (
      await lab.once([{ name: 'p', type: 'phishtank', app_key: 'abc123', url: `${web.url}/abc123/x.json.gz` }])
    ).failedFeeds;
    assert.equal(failure?.code, 'FEED_UNAUTHORIZED');
    assert.match(String(failure?.message), /developer_info/);
    assert.doesNotMatch(JSON.stringify([failure, lab.logged, [...lab.cursors.values]]), /abc123/);
    assert.match(refusals({ name: 'p', type: 'phishtank', app_key: '../x' }).join(), /^app_key/);
  });
});
