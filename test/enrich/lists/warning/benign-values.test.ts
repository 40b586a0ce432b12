import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { benignFrom, listOf } from './benign-from.ts';

const HOSTS = ['hostname', 'domain', 'url'];

describe('warning lists', () => {
  it('string: the value itself, in whatever spelling the list has it', () => {
    const { values } = benignFrom([
      {
        name: 'strings',
        type: 'string',
        list: [
          'Files.Example.NET',
          '2001:DB8:0::1',
          'HTTP://files.example.net/a',
          'D41D8CD98F00B204E9800998ECF8427E',
          'free text',
        ],
      },
    ]);
    assert.equal(listOf(values, 'files.example.net'), 'strings');
    assert.equal(listOf(values, '2001:db8::1'), 'strings');
    assert.equal(listOf(values, 'http://files.example.net/a'), 'strings');
    assert.equal(listOf(values, 'd41d8cd98f00b204e9800998ecf8427e'), 'strings');
    assert.equal(listOf(values, 'free text', 'mutex'), 'strings');
    assert.equal(listOf(values, 'www.files.example.net'), undefined, 'nothing below it');
    assert.equal(listOf(values, 'http://files.example.net/b'), undefined);
  });

  it('hostname: the name and what is below it, as far as it has one owner', () => {
    const { values } = benignFrom([
      {
        name: 'hosts',
        type: 'hostname',
        list: ['shop.org', 'github.io', 'amazonaws.com', 'blogspot.com', 'co.uk', '.dotted.org', 'test'],
        matching_attributes: HOSTS,
      },
    ]);
    for (const known of ['shop.org', 'a.b.shop.org', 'github.io', 'amazonaws.com', 'x.dotted.org', 'a.b.test'])
      assert.equal(listOf(values, known, 'domain'), 'hosts', known);
    for (const other of [
      'bookshop.org',
      'shop.org.evil.net',
      'evil.github.io',
      'evil.s3.amazonaws.com',
      'evil.blogspot.com',
      'evil.co.uk',
    ])
      assert.equal(listOf(values, other, 'domain'), undefined, other);
  });

  it('hostname: a URL when it is the front page, never what lies on the host', () => {
    const lists = [{ name: 'hosts', type: 'hostname', list: ['shop.org', '9.9.9.9'], matching_attributes: HOSTS }];
    const { values } = benignFrom(lists);
    for (const front of ['https://shop.org/', 'http://www.shop.org', 'http://9.9.9.9/'])
      assert.equal(listOf(values, front), 'hosts', front);
    for (const more of [
      'https://shop.org/x.exe',
      'https://shop.org/?q=1',
      'https://shop.org:8443/',
      'https://u:p@shop.org/',
      'ftp://shop.org/',
      'https://shop.org.evil.net/',
      'https://evil.net/https://shop.org/',
    ])
      assert.equal(listOf(values, more), undefined, more);
    const whole = benignFrom(lists, { wholeHosts: ['hosts'] }).values;
    for (const any of ['https://shop.org/x.exe', 'https://cdn.shop.org:8443/?q=1'])
      assert.equal(listOf(whole, any), 'hosts', any);
    assert.equal(listOf(whole, 'https://evil.net/shop.org'), undefined);
    assert.equal(listOf(values, 'someone@shop.org'), undefined, 'anybody has an address there');
  });

  it('cidr: addresses and networks that one entry holds whole', () => {
    const { values } = benignFrom([
      {
        name: 'nets',
        type: 'cidr',
        list: ['198.18.0.0/15', '9.9.9.9', '2620:fe::/48', '203.0.0.0/25', '203.0.0.128/25'],
        matching_attributes: ['ip-dst', 'url'],
      },
    ]);
    for (const known of [
      '198.19.255.255',
      '198.18.4.0/22',
      '198.18.0.0/15',
      '9.9.9.9',
      '2620:fe::9',
      '2620:fe::/64',
      'http://9.9.9.9/',
      'http://[2620:fe::9]/',
    ])
      assert.equal(listOf(values, known), 'nets', known);
    for (const other of [
      '198.20.0.0',
      '198.16.0.0/14',
      '0.0.0.0/0',
      '9.9.9.0/24',
      '2620:ff::1',
      '203.0.0.0/24',
      'http://9.9.9.9/x',
      'http://[2620:fe::9]:8080/',
    ])
      assert.equal(listOf(values, other), undefined, other);
  });

  it('substring: anywhere in the value, in any case', () => {
    const { values, problems } = benignFrom([
      {
        name: 'parts',
        type: 'substring',
        list: ['WindowsUpdate', '.akadns.', '77'],
        matching_attributes: ['domain', 'url'],
      },
    ]);
    assert.equal(listOf(values, 'x.windowsupdate.example'), 'parts');
    assert.equal(listOf(values, 'a.akadns.net'), 'parts');
    assert.equal(listOf(values, 'http://x.org/WINDOWSUPDATE'), 'parts');
    assert.equal(listOf(values, 'a77.org'), undefined);
    assert.equal(listOf(values, 'akadns.net'), undefined);
    assert.match(problems.join(), /^0\.json: entry "77": has fewer than 4 characters/);
  });

  it("regex: RE2's, in PHP's form too; what it cannot do is told, what is slow elsewhere is not slow", () => {
    const { values, problems } = benignFrom([
      {
        name: 'patterns',
        type: 'regex',
        list: [
          '/^ns[0-9]+\\.Shop\\.org$/i',
          '(^|\\.)cdn-[a-z]{2}\\.net$',
          '((a+))+$',
          '(?=x)y',
          '/x/e',
          '(unclosed',
          '.*',
        ],
        matching_attributes: ['domain'],
      },
    ]);
    assert.equal(listOf(values, 'ns12.shop.org'), 'patterns');
    assert.equal(listOf(values, 'x.cdn-de.net'), 'patterns');
    assert.equal(listOf(values, 'ns.shop.org'), undefined);
    assert.equal(problems.length, 4, problems.join('\n'));
    for (const problem of problems) assert.match(problem, /^0\.json: entry ".+": cannot be used: /);
    const started = process.cpuUsage();
    assert.equal(values.listOf({ type: 'domain', value: `${'a'.repeat(4_000)}!` }), undefined);
    assert.ok(process.cpuUsage(started).user < 500_000);
  });

  it('a list is for the attributes that it names; without any for all', () => {
    const one = (attributes: readonly string[]) =>
      benignFrom([{ name: 'x', type: 'string', list: ['9.9.9.9', 'a.org'], matching_attributes: attributes }]).values;
    assert.equal(listOf(one(['domain']), '9.9.9.9'), undefined);
    assert.equal(listOf(one(['ip-src|port']), '9.9.9.9'), 'x');
    assert.equal(listOf(one(['domain|ip']), '9.9.9.9'), 'x');
    assert.equal(listOf(one(['domain|ip']), 'a.org'), 'x');
    assert.equal(listOf(one(['filename']), 'a.org'), undefined);
    assert.equal(listOf(one([]), 'a.org'), 'x');
  });

  it('of several lists with one value, those count that are for its type', () => {
    const { values } = benignFrom([
      { name: 'of hashes', type: 'string', list: ['a.org', 'b.org'], matching_attributes: ['md5'] },
      { name: 'of names', type: 'string', list: ['a.org'], matching_attributes: ['domain'] },
      { name: 'below', type: 'hostname', list: ['b.org'], matching_attributes: ['domain'] },
    ]);
    assert.equal(listOf(values, 'a.org'), 'of names');
    assert.equal(listOf(values, 'b.org'), 'below');
  });

  it('what an operator excepts is never harmless: networks and domains with what is in them', () => {
    const { values } = benignFrom(
      [
        { name: 'nets', type: 'cidr', list: ['9.9.0.0/16'] },
        { name: 'hosts', type: 'hostname', list: ['shop.org'] },
      ],
      { except: ['9.9.9.0/24', 'evil.shop.org', 'https://shop.org/'] },
    );
    for (const bad of ['9.9.9.9', '9.9.9.128/25', 'evil.shop.org', 'x.evil.shop.org', 'https://shop.org/'])
      assert.equal(listOf(values, bad), undefined, bad);
    assert.equal(listOf(values, '9.9.8.8'), 'nets');
    assert.equal(listOf(values, '9.9.0.0/16'), 'nets');
    assert.equal(listOf(values, 'shop.org'), 'hosts');
  });

  it('names what it cannot read by file and entry, and reads the rest', () => {
    const { values, problems } = benignFrom([
      { type: 'cidr', list: ['9.9.9.9', 'nonsense', '10.0.0.0/99'] },
      { type: 'hostname', list: ['a b.org', 'shop.org'] },
      { type: 'string', list: [7, null, '', 'x'.repeat(5_000), 'd.org'] },
      { type: 'exotic', list: [] },
      { type: 'string', list: 'no list' as unknown as string[] },
    ]);
    assert.equal(listOf(values, '9.9.9.9'), 'list 0');
    assert.equal(listOf(values, 'shop.org'), 'list 1');
    assert.equal(listOf(values, 'd.org'), 'list 2');
    const heads = problems.map((problem) => problem.replace(/: (is|must|has) .*/s, ''));
    assert.deepEqual(heads.slice(0, 7), [
      '0.json: entry "nonsense"',
      '0.json: entry "10.0.0.0/99"',
      '1.json: entry "a b.org"',
      '2.json: entry 1',
      '2.json: entry 2',
      '2.json: entry 3',
      '2.json: entry 4',
    ]);
    assert.match(problems[7] ?? '', /^3\.json: no warning list: type /);
    assert.match(problems[8] ?? '', /^4\.json: no warning list: list /);
  });
});
