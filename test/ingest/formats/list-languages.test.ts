import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FormatName, openFormat } from '../../../ingest/formats/known.ts';
import { createTally } from '../../../ingest/tally.ts';
import { named, type Reading, readDocument } from './reading.ts';

const read = (format: FormatName, document: string, ...sizes: number[]): Promise<Reading> =>
  readDocument(openFormat(format, {}), document, ...sizes);

test('adblock: hosts that are blocked whole, and nothing of exceptions, parts of pages and patterns', async () => {
  const { records, skipped } = await read(
    'adblock',
    '[Adblock Plus 2.0]\n! Title: x\n# a remark\n||a.example^\n||b.example^$third-party,important\n||192.0.2.1^\n||c.example\n|https://d.example/x?y=1|\ne.example\n0.0.0.0 f.example\n*.m[.]example\n@@||good.example^\n||g.example^$domain=h.example\n||*.i.example^\n||j.example/ads/\n/banner[0-9]+/\nk.example##.ad\n##.ad\n||l.example^$badfilter\n',
    7,
  );
  assert.deepEqual(named(records), [
    'domain a.example',
    'domain b.example',
    'ip 192.0.2.1',
    'domain c.example',
    'url https://d.example/x?y=1',
    'domain e.example',
    'domain f.example',
    'domain m.example',
  ]);
  assert.deepEqual(skipped, [
    '12: an exception: "@@||good.example^"',
    '13: a rule for some pages alone: "||g.example^$domain=h.example"',
    '14: a pattern: "||*.i.example^"',
    '15: a pattern: "||j.example/ads/"',
    '16: a pattern: "/banner[0-9]+/"',
    '17: a rule for a part of a page: "k.example##.ad"',
    '18: a rule for a part of a page: "##.ad"',
    '19: a rule for some pages alone: "||l.example^$badfilter"',
  ]);
});

test('dnsmasq: names that lead nowhere, and none that lead somewhere', async () => {
  const { records, skipped } = await read(
    'dnsmasq',
    '# x\nserver=/a.example/\naddress=/b.example/c.example/0.0.0.0 # why\nlocal=/d.example/\naddress=/e.example/#\naddress=/f.example/::\naddress=/g.example/192.0.2.1\nserver=/h.example/192.0.2.53\nserver=/i.example/#\nserver=192.0.2.53\naddress=/#/0.0.0.0\nno-resolv\n',
    5,
  );
  assert.deepEqual(
    named(records),
    'abcdef'.split('').map((name) => `domain ${name}.example`),
  );
  assert.deepEqual(skipped, [
    '7: "address=/g.example/192.0.2.1" sends the name somewhere',
    '8: "server=/h.example/192.0.2.53" sends the name somewhere',
    '9: "server=/i.example/#" sends the name somewhere',
    '10: "server=192.0.2.53" is no rule that blocks a name',
    '11: "#" is no domain',
    '12: "no-resolv" is no rule that blocks a name',
  ]);
});

test('ipset: entries, exceptions, pairs, comments; FireHOL: its head, blocks and ranges', async () => {
  const saved = await read(
    'ipset',
    'create a hash:net family inet\ncreate p hash:ip,port family inet\nadd a 192.0.2.1\nadd a 198.51.100.0/24 timeout 5 comment "seen, twice"\nadd a 198.51.100.7 nomatch\nadd p 192.0.2.2,tcp:80\nadd a 2001:db8::1\nadd a eth0\nCOMMIT\n',
    9,
  );
  assert.deepEqual(saved.records, [
    { indicator: '192.0.2.1', type: 'ip' },
    { indicator: '198.51.100.0/24', type: 'cidr', description: 'seen, twice' },
    { indicator: '192.0.2.2', type: 'ip', composite: true },
    { indicator: '2001:db8::1', type: 'ip' },
  ]);
  assert.deepEqual(saved.skipped, ['5: "198.51.100.7" is an exception (nomatch)', '8: "add a eth0" names no address']);
  const list = await read(
    'ipset',
    '#\n# x\n#\n# ipv4 hash:net ipset\n# Maintainer URL  : https://lists.example.org/\n# Category        : attacks\n\n192.0.2.1\n198.51.100.0/24\n192.0.2.4-192.0.2.10\n0.0.0.0-255.255.255.255\n192.0.2.9-192.0.2.1\n',
  );
  assert.deepEqual(named(list.records), [
    'ip 192.0.2.1',
    'cidr 198.51.100.0/24',
    'cidr 192.0.2.4/30',
    'cidr 192.0.2.8/31',
    'ip 192.0.2.10',
    'cidr 0.0.0.0/0',
  ]);
  assert.deepEqual(list.records[0], {
    indicator: '192.0.2.1',
    type: 'ip',
    categories: ['attacks'],
    reference: 'https://lists.example.org/',
  });
  assert.equal(list.skipped.length, 1);
});

test('maltrail: trails with the report above them and the aliases of their file', async () => {
  const { records, skipped } = await read(
    'maltrail',
    '# Copyright (c) Maltrail developers\n\n# Aliases: emo, heo\n\n# Reference: https://news.example.org/1\n# Reference: https://look-up.example.org/x\n\na.example\n192.0.2.1:443 # c2\n\n# Reference: (dork: x)\n\nhttp://192.0.2.2\n/gate.php\nb.example/x/y.php\n',
    11,
  );
  const malware = ['emo', 'heo'];
  assert.deepEqual(records, [
    { indicator: 'a.example', type: 'domain', reference: 'https://news.example.org/1', malware },
    { indicator: '192.0.2.1:443', type: 'ip', reference: 'https://news.example.org/1', malware },
    { indicator: 'http://192.0.2.2', type: 'url', malware },
    { indicator: 'b.example/x/y.php', type: 'url', malware },
  ]);
  assert.deepEqual(skipped, ['14: "/gate.php" names no host']);
});

const MD5 = '9e107d9d372bb6826bd81d3542a419d6';
const item = (search: string, content: string, condition = 'is', more = ''): string =>
  `<IndicatorItem id="i" condition="${condition}"${more}><Context document="x" search="${search}" type="mir"/><Content type="string">${content}</Content></IndicatorItem>`;
const ioc = (tree: string): string =>
  `<?xml version="1.0"?><ioc xmlns="http://schemas.mandiant.com/2010/ioc" id="x" last-modified="2015-01-29T20:20:44Z"><short_description>A &amp; B</short_description><description>long</description><links><link rel="family">STAR</link><link rel="category">Dropper</link></links><definition>${tree}</definition></ioc>`;

test('openioc: items that stand alone, those that stand with others, and what is no indicator', async () => {
  const { records, skipped } = await read(
    'openioc',
    ioc(
      `<Indicator operator="OR" id="o">${item('FileItem/Md5sum', MD5)}${item('Network/DNS', 'a.example', 'contains')}${item('UrlHistoryItem/URL', '/gate', 'contains')}${item('FileItem/FileName', 'x.exe')}${item('FileItem/Md5sum', '')}${item('Network/DNS', 'b.example', 'is', ' negate="true"')}<Indicator operator="AND" id="a">${item('FileItem/Md5sum', MD5)}${item('FileItem/SizeInBytes', '12')}</Indicator><Indicator operator="AND" id="b">${item('PortItem/remoteIP', '192.0.2.1')}<Indicator operator="OR" id="c">${item('ProcessItem/name', 'x')}${item('Network/DNS', 'c.example')}</Indicator></Indicator><Indicator operator="AND" id="d">${item('Network/DNS', 'd.example')}</Indicator></Indicator>`,
    ),
    13,
  );
  const said = {
    ref: 'i',
    timestamp: '2015-01-29T20:20:44Z',
    description: 'A & B',
    malware: ['STAR'],
    categories: ['Dropper'],
  };
  assert.deepEqual(records, [
    { indicator: MD5, type: 'md5', ...said },
    { indicator: 'a.example', type: 'domain', ...said },
    { indicator: MD5, type: 'md5', ...said },
    { indicator: '192.0.2.1', type: 'ip', ...said, composite: true },
    { indicator: 'c.example', type: 'domain', ...said, composite: true },
    { indicator: 'd.example', type: 'domain', ...said },
  ]);
  assert.equal(skipped.length, 6);
});

test('openioc: a broken document gives what stands before, a foreign one nothing', async () => {
  const reading = openFormat('openioc', {});
  const broken = ioc(`<Indicator operator="AND" id="o">${item('Network/DNS', 'a.example')}`).replace(
    /<\/definition.*/,
    '',
  );
  const got: string[] = [];
  await assert.rejects(
    async () => {
      const tally = { skip() {}, tooLong() {}, note() {}, take: () => assert.fail() };
      const pieces = (async function* () {
        yield Buffer.from(broken);
      })();
      for await (const batch of reading(pieces, tally)) got.push(...named(batch));
    },
    { code: 'FEED_XML_BROKEN' },
  );
  assert.deepEqual(got, ['domain a.example']);
  await assert.rejects(read('openioc', '<a/>'), { code: 'FEED_NOT_OPENIOC' });
});

test('markdown: tables row by row, everything else as text', async () => {
  const document =
    'Seen at x[.]example | y\n\n| Domain | Resolved IP | Notes |\n|:--|---|---|\n| `a[.]example` | 192.0.2.1 | see [here](https://news.example.org/) |\n| **[b.example](https://look-up.example.org/b.example)** | | "z" |\n\nThen z[.]example.\n\n| Option | Use |\n| --- | --- |\n| q[.]example | no table of indicators in name |\n\nhash | family\n--- | ---\n' +
    `${MD5} | Emo\n`;
  const whole = await read('markdown', document);
  assert.deepEqual(named(whole.records).sort(), [
    'domain a[.]example',
    'domain b.example',
    'domain q.example',
    'domain x.example',
    'domain z.example',
    'ip 192.0.2.1',
    `md5 ${MD5}`,
  ]);
  assert.deepEqual(whole.records.find(({ type }) => type === 'md5')?.malware, ['Emo']);
  assert.equal(whole.records.find(({ type }) => type === 'ip')?.composite, true);
  assert.deepEqual(named((await read('markdown', document, 3)).records).sort(), named(whole.records).sort());
});

test('markdown: a table of any length passes by the text, and whoever has enough can stop', async () => {
  let pulled = 0;
  const endless = async function* (): AsyncGenerator<Buffer> {
    yield Buffer.from('| Domain | Notes |\n|---|---|\n');
    for (; pulled < 1000; pulled += 1) {
      yield Buffer.from(Array.from({ length: 100 }, (_, n) => `| a${pulled}-${n}.example | x |\n`).join(''));
    }
  };
  let count = 0;
  for await (const batch of openFormat('markdown', {})(endless(), createTally())) {
    count += batch.length;
    assert.ok(pulled * 100 - count < 5000, `${pulled * 100} rows were read, and ${count} records were given`);
    if (count > 20_000) break;
  }
  assert.ok(pulled < 400);
  let all = 0;
  pulled = 0;
  for await (const batch of openFormat('markdown', {})(endless(), createTally())) all += batch.length;
  assert.equal(all, 100_000);
});
