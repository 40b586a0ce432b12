import type { FormatName } from '../../../ingest/formats/known.ts';
import { stixPackage } from '../../ingest/formats/stix1/package.ts';
import type { Shape } from './shape.ts';
import { format, type Target } from './target.ts';
import { JSON_WORDS, PROSE, PROSE_WORDS, XML_WORDS } from './words.ts';

function row(...cells: string[]): Shape {
  return { open: `${cells.join(',')}\n` };
}

/** Each format of ingest/formats/known.ts, with documents to begin with. A new one is missed by the compiler. */
export const FORMATS: Readonly<Record<FormatName, () => Target>> = {
  lines: () =>
    format(
      'lines',
      [{ open: '192.0.2.#n\n' }, { open: 'e#n[.]evil[.]com # x\n' }, { open: '(' }, { open: 'a ' }],
      ['# ', ' ; '],
    ),
  csv: () =>
    format(
      'csv',
      [row('192.0.2.#n', '"a ""b"""', 'c'), { open: '"' }, { open: '"a\n' }, { open: ',' }],
      ['"', '""', ','],
    ),
  tsv: () => format('tsv', [{ open: '192.0.2.#n\ta\n' }, { open: '\t' }], ['\t']),
  table: () =>
    format(
      'table',
      [
        { head: 'ip,type,comment\n', open: '192.0.2.#n,ip,"a, b"\n' },
        { head: 'a\tb\n', open: '"\t' },
        { open: 'http://e#n.test/a,x,2024-01-01\n' },
        { open: ',"' },
      ],
      [',', ';', '\t', '|', '"', '""', 'url,md5,date\n'],
    ),
  json: () =>
    format(
      'json',
      [
        { head: '[', open: '{"indicator":"192.0.2.#n"},', tail: '{}]' },
        { open: '[', close: ']' },
        { open: '{"a":', middle: '1', close: '}' },
      ],
      JSON_WORDS,
    ),
  ndjson: () =>
    format('ndjson', [{ open: '{"indicator":"192.0.2.#n"}\n' }, { open: '[' }, { open: '{"a":' }], JSON_WORDS),
  raw: () =>
    format(
      'raw',
      [{ head: '[', open: '{"indicator":"192.0.2.#n"},', tail: '{}]' }, { open: '[' }, { open: '{"indicator":"1"} ' }],
      JSON_WORDS,
    ),
  'raw-lines': () => format('raw-lines', [{ open: '{"indicator":"192.0.2.#n"}\n' }, { open: '{"a":[' }], JSON_WORDS),
  stix2: () =>
    format(
      'stix2',
      [
        {
          head: '{"type":"bundle","objects":[',
          open: `{"type":"indicator","id":"indicator--00000000-0000-4000-8000-000000000#n","pattern":"[ipv4-addr:value = '192.0.2.#n']","pattern_type":"stix","valid_from":"2024-01-01T00:00:00Z"},`,
          tail: '{}]}',
        },
        {
          head: '{"type":"bundle","objects":[',
          open: '{"type":"relationship","id":"relationship--#n","source_ref":"a--#n","target_ref":"b--#n"},',
          tail: '{}]}',
        },
        { head: '{"objects":[{"type":"indicator","pattern":"', open: '(', close: ')', tail: '"}]}' },
      ],
      [
        ...JSON_WORDS,
        '"pattern":"[a:b = \'c\']",',
        '"type":"indicator",',
        '"type":"ipv4-addr","value":"192.0.2.#n",',
        '"object_refs":["a--#n"],',
      ],
    ),
  misp: () =>
    format(
      'misp',
      [
        {
          head: '{"Event":{"info":"x","Attribute":[',
          open: '{"type":"ip-dst","value":"192.0.2.#n","category":"x","to_ids":true},',
          tail: '{}]}}',
        },
        {
          head: '{"response":[',
          open: '{"Event":{"uuid":"#n","Object":[{"name":"file","Attribute":[{"type":"md5","value":"x"}]}]}},',
          tail: '{}]}',
        },
        { head: '{"Event":{"Tag":[', open: '{"name":"tlp:#n"},', tail: '{}]}}' },
      ],
      [...JSON_WORDS, '"Attribute":[', '"Tag":[{"name":"x"}],', '"type":"domain|ip","value":"a.com|192.0.2.1",'],
    ),
  stix1: () =>
    format(
      'stix1',
      [
        {
          head: stixPackage('').replace(/<\/s:STIX_Package>$/, '<s:Indicators>'),
          open: '<s:Indicator id="ex:i#n"><i:Title>a</i:Title><i:Observable idref="ex:o#n"/></s:Indicator>',
          tail: '</s:Indicators></s:STIX_Package>',
        },
        {
          head: stixPackage('').replace(/<\/s:STIX_Package>$/, ''),
          open: '<a>',
          close: '</a>',
          tail: '</s:STIX_Package>',
        },
        { head: '<a ', open: 'b#n="c" ', tail: '/>' },
        { head: '<a>', open: '&amp;' },
        { head: '<!--', open: '-' },
        {
          head: '{"version":"1.2","indicators":[',
          open: '{"id":"ex:i#n","observable":{"object":{"properties":{"address_value":"192.0.2.#n","category":"ipv4-addr"}}}},',
          tail: '{}]}',
        },
        { head: '{"stix_header":{},"a":', open: '{"observables":[', middle: '1', close: ']}', tail: '}' },
        { head: '{"stix_header":{},"names":[', open: '"a",', tail: '1]}' },
      ],
      [
        ...XML_WORDS,
        ...JSON_WORDS,
        '<s:Indicator id="ex:#n">',
        '</s:Indicator>',
        '<c:Observable idref="ex:#n"/>',
        '{"stix_header":{},"indicators":[',
        '"observable":{"object":{"properties":{',
        '"idref":"ex:i#n",',
      ],
    ),
  openioc: () =>
    format(
      'openioc',
      [
        {
          head: '<ioc id="a"><definition><Indicator operator="OR">',
          open: '<IndicatorItem id="#n"><Context search="Network/DNS"/><Content type="string">e#n.evil.com</Content></IndicatorItem>',
          tail: '</Indicator></definition></ioc>',
        },
        {
          head: '<ioc><definition>',
          open: '<Indicator operator="AND">',
          close: '</Indicator>',
          tail: '</definition></ioc>',
        },
      ],
      [...XML_WORDS, '<Indicator operator="OR">', '</Indicator>', '<Content type="md5">'],
    ),
  zeek: () =>
    format(
      'zeek',
      [
        { head: '#fields\tindicator\tindicator_type\n', open: '192.0.2.#n\tIntel::ADDR\n' },
        { head: '#fields\tindicator\n', open: '\t' },
      ],
      ['\t', '#fields', 'Intel::DOMAIN'],
    ),
  maltrail: () =>
    format(
      'maltrail',
      [{ open: '192.0.2.#n\n' }, { open: '# Reference: http://a.test/#n\nevil.com\n' }],
      ['# Reference: ', '# Aliases: ', '(', ')', '|', '/a'],
    ),
  hosts: () =>
    format(
      'hosts',
      [{ open: '0.0.0.0 e#n.evil.com # x\n' }, { head: '0.0.0.0', open: ' a#n.com' }],
      ['0.0.0.0 ', '127.0.0.1 '],
    ),
  adblock: () =>
    format(
      'adblock',
      [{ open: '||e#n.evil.com^$third-party\n' }, { open: '|' }, { open: '$a,' }],
      ['||', '^', '$', '##', '@@', '! ', '/a*b/', '*'],
    ),
  dnsmasq: () =>
    format(
      'dnsmasq',
      [{ open: 'address=/e#n.evil.com/0.0.0.0\n' }, { head: 'server=', open: '/a' }],
      ['server=/', 'address=/', 'local=/', '/'],
    ),
  iprep: () => format('iprep', [{ open: '192.0.2.#n,1,100\n' }, { open: ',' }], [',', '1']),
  ipset: () =>
    format(
      'ipset',
      [
        { head: 'create a hash:ip\n', open: 'add a 192.0.2.#n\n' },
        { head: 'add', open: ' a' },
      ],
      ['create ', 'add ', 'hash:net', 'timeout 1'],
    ),
  markdown: () =>
    format(
      'markdown',
      [
        { head: '|a|ip|\n|-|-|\n', open: '|x|192.0.2.#n|\n' },
        { open: '|' },
        { open: '`' },
        { open: '[a](' },
        { open: '|a|\n|-|\n' },
      ],
      ['|', '|-|-|\n', '`', '**', '[a](http://b.test)', '\\|', '# ', '```'],
    ),
  text: () => format('text', PROSE, PROSE_WORDS),
  html: () =>
    format(
      'html',
      [
        { open: '<p>evil[.]com <a href="http://e#n.test/">x</a></p>' },
        ...[
          '<',
          '<!--',
          '<a ',
          '<a href="',
          '<script>',
          '</',
          '&',
          '&#',
          '<![',
          '<a href=',
          "<a b='",
          '<a\n',
          'x<b>',
          '<a href=" ',
        ].map((open) => ({ open })),
      ],
      [
        ...PROSE_WORDS,
        '<a href="http://a.test">',
        '</a>',
        '<!--',
        '-->',
        '<script>',
        '</script>',
        '&amp;',
        '&#46;',
        '<',
        '>',
        '"',
        '=',
        '<p>',
        '<a ',
      ],
    ),
};
