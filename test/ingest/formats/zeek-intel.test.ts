import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zeekIntelRecords } from '../../../ingest/formats/zeek-intel.ts';
import { createTally } from '../../../ingest/tally.ts';
import { named, readDocument } from './reading.ts';

const rows = (...lines: (readonly string[])[]): string => lines.map((cells) => `${cells.join('\t')}\n`).join('');
const read = (document: string, ...sizes: number[]): ReturnType<typeof readDocument> =>
  readDocument(zeekIntelRecords, document, ...sizes);

test('every type that is one of ours; what Zeek knows and we do not is counted', async () => {
  const { records, skipped } = await read(
    rows(
      ['#fields', 'indicator', 'indicator_type', 'meta.source'],
      ['192.0.2.1', 'Intel::ADDR', '-'],
      ['192.0.2.0/24', 'Intel::SUBNET', '-'],
      ['evil.example', 'Intel::DOMAIN', '-'],
      ['evil.example/a/b.php', 'Intel::URL', '-'],
      ['9e107d9d372bb6826bd81d3542a419d6', 'Intel::FILE_HASH', '-'],
      ['user@mail.example', 'Intel::EMAIL', '-'],
      ['1f2f3f4f1f2f3f4f1f2f3f4f1f2f3f4f1f2f3f4f', 'Intel::CERT_HASH', '-'],
      ['curl/7.1', 'Intel::SOFTWARE', '-'],
      ['mallory', 'Intel::USER_NAME', '-'],
      ['setup.exe', 'Intel::FILE_NAME', '-'],
      ['evil.example', '-', '-'],
      ['-', 'Intel::ADDR', '-'],
    ),
  );
  assert.deepEqual(named(records), [
    'ip 192.0.2.1',
    'cidr 192.0.2.0/24',
    'domain evil.example',
    'url evil.example/a/b.php',
    '9e107d9d372bb6826bd81d3542a419d6',
    'email user@mail.example',
    'x509 1f2f3f4f1f2f3f4f1f2f3f4f1f2f3f4f1f2f3f4f',
    'evil.example',
  ]);
  assert.deepEqual(skipped, [
    '9: Intel::SOFTWARE is no type of indicator that tipline knows',
    '10: Intel::USER_NAME is no type of indicator that tipline knows',
    '11: Intel::FILE_NAME is no type of indicator that tipline knows',
    '13: no indicator',
  ]);
});

test('columns in any order; what they say goes where it belongs, the rest into the context', async () => {
  const { records } = await read(
    rows(
      '#separator \\x09'.split(' '),
      [
        '#fields',
        'meta.desc',
        'meta.confidence',
        'meta.url',
        'indicator_type',
        'indicator',
        'meta.source',
        'meta.do_notice',
        'meta.tags',
        'meta.tlp',
        'meta.severity',
        'meta.if_in',
        'meta.first_seen',
      ],
      [
        'one\\x09two \\xc3\\xa4',
        '85',
        'https://reports.example/1',
        'Intel::ADDR',
        '192.0.2.7',
        'SOMEBODY',
        'T',
        'c2, loader,-',
        'TLP:AMBER',
        '70',
        'HTTP::IN_HOST_HEADER',
        '2024-01-02T03:04:05Z',
      ],
      ['-', '850', '-', '-', '192.0.2.8', '-', 'F', '(empty)', '-', '-', '-', '-'],
      ['', '', '', '', '192.0.2.9'],
      ['#close 2024-01-01'],
    ),
  );
  assert.deepEqual(records, [
    {
      indicator: '192.0.2.7',
      type: 'ip',
      description: 'one\ttwo ä',
      confidence: 85,
      reference: 'https://reports.example/1',
      tags: ['c2', 'loader'],
      tlp: 'AMBER',
      severity: 70,
      first_seen: '2024-01-02T03:04:05Z',
      context: { source: 'SOMEBODY', do_notice: true, if_in: 'HTTP::IN_HOST_HEADER' },
    },
    { indicator: '192.0.2.8', context: { confidence: '850' } },
    { indicator: '192.0.2.9' },
  ]);
});

test('files that were glued together: a later header counts from there on', async () => {
  const { records } = await read(
    '#fields\tindicator\tindicator_type\r\n192.0.2.1\tIntel::ADDR\r\n#fields\tindicator_type\tindicator\n\nIntel::DOMAIN\tevil.example',
  );
  assert.deepEqual(named(records), ['ip 192.0.2.1', 'domain evil.example']);
});

test('what is no Zeek file is told, with the line, after what was read before it', async () => {
  await assert.rejects(read('192.0.2.1\tIntel::ADDR\n'), { code: 'FEED_COLUMNS', message: /^line 1 comes before/ });
  await assert.rejects(read('#fields indicator indicator_type\n'), {
    code: 'FEED_COLUMNS',
    message: /line 1 names no/,
  });
  const seen: string[] = [];
  await assert.rejects(async () => {
    const bytes = (async function* () {
      yield Buffer.from('#fields\tindicator\n192.0.2.1\n#fields\tnothing\n');
    })();
    for await (const batch of zeekIntelRecords(bytes, createTally())) seen.push(...named(batch));
  }, /line 3/);
  assert.deepEqual(seen, ['192.0.2.1']);
});

test('the pieces in which it comes make no difference; batches stay small', async () => {
  const document = rows(
    ['#fields', 'indicator', 'indicator_type', 'meta.desc'],
    ...Array.from({ length: 3000 }, (_, n) => [`198.51.100.${n % 256}`, 'Intel::ADDR', `ö ${n}`]),
  );
  const whole = await read(document);
  assert.equal(whole.records.length, 3000);
  assert.equal(whole.largest, 1000);
  for (const size of [1, 7, 4096]) assert.deepEqual((await read(document, size)).records, whole.records);
});

test('__proto__ as the name of a column is a name', async () => {
  const { records } = await read('#fields\tindicator\tmeta.__proto__\n192.0.2.1\tx\n');
  assert.equal(Object.getPrototypeOf(records[0]?.context), Object.prototype);
  assert.deepEqual(Object.entries(records[0]?.context ?? {}), [['__proto__', 'x']]);
});
