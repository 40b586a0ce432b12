import { clean, cleanProse, cleanValue } from '../../../alerting/clean.ts';
import { compose } from '../../../alerting/compose.ts';
import { buildDigest } from '../../../alerting/digest.ts';
import { canonicalise, MAX_INDICATOR_LENGTH } from '../../../core/indicator/canonical.ts';
import { disarm } from '../../../core/indicator/defang.ts';
import { inferType } from '../../../core/indicator/infer.ts';
import { refang } from '../../../core/indicator/refang.ts';
import { INDICATOR_TYPES } from '../../../core/indicator/type.ts';
import { readTime } from '../../../enrich/time.ts';
import { createAdmission, selection } from '../../../ingest/admission.ts';
import { splitCsv } from '../../../ingest/formats/csv-row.ts';
import { jsonParts } from '../../../ingest/formats/json-stream.ts';
import {
  FORMAT_NAMES,
  type FormatName,
  type FormatSettings,
  openFormat,
  readsBytes,
} from '../../../ingest/formats/known.ts';
import { readTags } from '../../../ingest/formats/misp/tags.ts';
import { readPushed } from '../../../ingest/formats/pushed.ts';
import { HEAD_BYTES, recognise } from '../../../ingest/formats/recognise/recognise.ts';
import { readPattern } from '../../../ingest/formats/stix-pattern/read.ts';
import { listText } from '../../../ingest/formats/text.ts';
import { createTally } from '../../../ingest/tally.ts';
import { sampleAlert } from '../../alerting/samples.ts';
import { stixPackage } from '../formats/stix1/package.ts';
import type { Reads } from './growth.ts';
import { refusing } from './search.ts';
import type { Shape } from './shape.ts';

/** A parser, what it is fed with to begin with, and the pieces that its language is made of. */
export interface Target {
  readonly name: string;
  readonly reads: Reads;
  readonly shapes: readonly Shape[];
  readonly words: readonly string[];
  /** Bytes of the longest text that it is ever given. */
  readonly most: number;
}

const MEGABYTE = 1024 ** 2;
const PIECE = 64 * 1024;
const SHA256 = 'd7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592';
const INDICATORS = [
  '192.0.2.#n',
  'e#n.evil.com',
  'http://e#n.test/a?b=c',
  SHA256,
  'a@evil.com',
  'CVE-2024-1234',
  '2001:db8::#n',
  'HKLM\\Software\\x',
];

async function* inPieces(input: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < input.length; at += PIECE) yield input.subarray(at, at + PIECE);
}

function format(
  name: FormatName,
  shapes: readonly Shape[],
  words: readonly string[],
  settings: FormatSettings = {},
): Target {
  const read = openFormat(name, settings);
  return {
    name: `format ${name}`,
    shapes,
    words: [...words, ...INDICATORS],
    most: 8 * MEGABYTE,
    async reads(input) {
      const bytes = readsBytes(name)
        ? inPieces(input)
        : listText(inPieces(input), { contentType: '', allowHtmlType: true });
      for await (const _batch of read(bytes, createTally())) {
        // read to its end
      }
    },
  };
}

function text(
  name: string,
  reads: (text: string) => unknown,
  shapes: readonly Shape[],
  words: readonly string[],
  most = 8 * MEGABYTE,
): Target {
  return {
    name,
    shapes,
    words,
    most,
    reads: (input) => {
      reads(input.toString('utf8'));
    },
  };
}

const JSON_WORDS = [
  '{"a":',
  '}',
  '[',
  ']',
  '"a"',
  ',',
  ':',
  '1e9',
  'true',
  'null',
  '"\\u00e4"',
  '{',
  '"type":"x",',
  '"id":"x--#n",',
  '"indicator":"192.0.2.#n"',
];
const XML_WORDS = [
  '<a>',
  '</a>',
  '<a b="c">',
  '<a/>',
  '<!--',
  '-->',
  '<![CDATA[',
  ']]>',
  '<?x',
  '?>',
  '&amp;',
  '&lt;',
  '&#65;',
  '&x;',
  ' a="',
  '"',
  'xmlns:a="b"',
  '<a:b>',
];
const PROSE_WORDS =
  'http://|hxxp|://|[.]|(dot)| dot |[at]|www.|.com|.pl|evil|1.2.3.4|2001:db8::|aa:|aa-|HKLM\\|Software\\|Windows NT\\|CVE-2024-|AS|96:|T1|imphash: |version |serial |server=/|address=/|||x^|@@|"|the|,http://|(http://|?u=http://|#|// |! |;|\u3002|h[t|x[.|.]|\\.|/a|?a=b'.split(
    '|',
  );

function row(...cells: string[]): Shape {
  return { open: `${cells.join(',')}\n` };
}

const FORMATS: Readonly<Record<FormatName, () => Target>> = {
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
      ],
      [...XML_WORDS, '<s:Indicator id="ex:#n">', '</s:Indicator>', '<c:Observable idref="ex:#n"/>'],
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

const PROSE: readonly Shape[] = [
  { open: 'They used evil[.]com, hxxp://e#n.test/a and 192.0.2.#n.\n' },
  ...(
    'http://,|http://(|http://a.b/,|http://a.b/((((|http://a.b/?u=|http://[|hxxp|h[t|a.|a@|a.b@|a.b/c,|a.b/c |1.|1.2.3.4/|[.]|(.)|[|:|a:|aa:|aa-|HKLM\\|"HKLM\\|HKLM\\A B|' +
    '96:aaaaaaaa|CVE-2024-|version |\u3002|(at)|x[|_|-|\\|:/|\u200b|\ue000|server=/a|server=/a.com/|||a.com^|# a.com\n|#|a # |a.pl |setup.py\n|serial |@@||a.com^|T1| |a+|.|http://a.b/,a|http://a.b/,aa,'
  )
    .split(/\|(?!\|)/)
    .map((open) => ({ open })),
];

const alertOf = (value: string): ReturnType<typeof compose> => {
  const digest = buildDigest(5);
  digest.add(
    sampleAlert({ type: 'url', value, description: value, tags: [value, value], sources: [value], malware: [value] }),
  );
  return compose(digest.finish(), { threshold: 80, repeatAfter: 1000, at: 0 });
};

const admits = createAdmission({
  include: selection.parse({ match: '((a+))+$|(.*)*x|(?:https?://)?([a-z0-9.-]+\\.)*evil' }),
  exclude: selection.parse({ match: '(a|a)+b$' }),
});

const LINK_SHAPES: readonly Shape[] = [
  'http://',
  'a.',
  '.',
  '1.',
  '@',
  ':',
  'aa:',
  '[.',
  '[.]',
  '//',
  '\\\\',
  'h',
  'htt',
  '\u3002',
  'a',
  ' ',
  '\u0301',
  '\u200b',
  '(1.',
].map((open) => ({ open }));
const REFANG_SHAPES: readonly Shape[] = [
  '[',
  ']',
  '[.]',
  '[(.)]',
  'hxxp',
  'h[tt]p',
  ' dot ',
  ' at ',
  ' ',
  '\\',
  '.)',
  '"',
  ',',
  '://',
  '\u3002',
  '[ ',
  '( . )',
  'a[.',
  '</',
].map((open) => ({ open }));

/** Every parser that is given what a feed says. */
const ALL: readonly Target[] = [
  ...FORMAT_NAMES.map((name) => FORMATS[name]()),
  format(
    'stix1',
    [
      {
        head: '<taxii_11:Poll_Response xmlns:taxii_11="x">',
        open: '<taxii_11:Content_Block><taxii_11:Content>a</taxii_11:Content></taxii_11:Content_Block>',
      },
      { open: '<a>' },
    ],
    XML_WORDS,
    {
      pollResponse: true,
    },
  ),
  {
    name: 'recognise',
    most: HEAD_BYTES,
    words: [...PROSE_WORDS, ...JSON_WORDS, ...XML_WORDS, ...INDICATORS],
    shapes: [
      ...PROSE,
      ...['[', '{"a":', '"', '<!--', '<?', ';', '|\t', 'a,b\n', '"a,', '<a ', '192.0.2.1\n', '||a^\n', '|a|b|\n'].map(
        (open) => ({ open }),
      ),
    ],
    reads: (input) => {
      recognise(input, { whole: true, name: 'x.html' });
    },
  },
  {
    name: 'JSON stream',
    most: 8 * MEGABYTE,
    words: JSON_WORDS,
    shapes: [
      { open: '[', close: ']' },
      { open: '{"a":', middle: '1', close: '}' },
      { head: '[', open: '{"a":"b"},', tail: '1]' },
      { head: '"', open: '\\' },
      { open: '1 ' },
    ],
    async reads(input) {
      for await (const _part of jsonParts(inPieces(input), { at: (path) => (path.length < 3 ? 'into' : 'whole') })) {
        // read to its end
      }
    },
  },
  {
    name: 'pushed body',
    most: 8 * MEGABYTE,
    words: JSON_WORDS,
    shapes: [
      { head: '[', open: '{"indicator":"a"},', tail: '{}]' },
      { open: '{"indicator":"a"}\n' },
      { open: '[' },
      { open: '{\n{' },
      { open: '{ ' },
    ],
    reads: (input) => {
      readPushed(input, '', { mostRecord: 64 * 1024, mostRecords: 100_000 });
    },
  },
  text(
    'STIX pattern',
    readPattern,
    [
      { head: "[a:b = 'c'", open: " OR a:b = 'c#n'", tail: ']' },
      { head: '[', open: '(', middle: "a:b = 'c'", close: ')', tail: ']' },
      { head: "[a:b = 'c']", open: " AND [a:b = 'c#n']" },
      { head: '[a:b IN (', open: "'c#n',", tail: "'d')]" },
      { open: 'NOT ' },
      { open: "'" },
      { head: '[a', open: ':b.c' },
    ],
    [
      "[a:b = 'c']",
      ' AND ',
      ' OR ',
      ' FOLLOWEDBY ',
      ' IN ',
      'NOT ',
      '(',
      ')',
      '[',
      ']',
      "'",
      "'c'",
      ' = ',
      ' LIKE ',
      ' MATCHES ',
      ' REPEATS 2 TIMES',
      ' WITHIN 5 SECONDS',
      "t'2024-01-01T00:00:00Z'",
      'a:b',
      '.c',
      '[*]',
      '/*',
      '*/',
      '//',
    ],
  ),
  text(
    'CSV row',
    (line) => splitCsv(line, ','),
    [{ open: '"' }, { open: '"a",' }, { open: '""' }, { open: 'a"' }],
    [',', '"', '""', 'a'],
    64 * 1024,
  ),
  text(
    'tags of MISP',
    (names) => readTags(names.split('\n').map((name) => ({ name }))),
    [{ open: 'a:b="c#n"\n' }, { open: 'a:' }, { open: '"' }, { open: '=' }],
    [':', '=', '"', 'tlp:red\n', '\n'],
  ),
  text('refang', refang, REFANG_SHAPES, PROSE_WORDS, 64 * 1024),
  text(
    'type by looks',
    inferType,
    [...REFANG_SHAPES, ...LINK_SHAPES, { open: '1.' }, { open: 'a:' }],
    PROSE_WORDS,
    64 * 1024,
  ),
  text(
    'canonical forms',
    (value) => {
      canonicalise(value, undefined);
      for (const type of INDICATOR_TYPES) canonicalise(value, type);
    },
    [
      ...REFANG_SHAPES,
      { head: 'http://a.b/', open: '../' },
      { head: 'http://a.b/', open: '%2' },
      { head: 'http://', open: 'a@' },
      { open: 'xn--a.' },
      { open: '\u00fc.' },
      { head: 'http://a.b/', open: '[%2E]' },
    ],
    [...PROSE_WORDS, '%2E', '%', '../', 'xn--', '@'],
    MAX_INDICATOR_LENGTH,
  ),
  text(
    'a record that is admitted',
    (indicator) => admits?.({ indicator }, undefined),
    [{ open: 'a' }, { open: 'a', tail: '!' }, { open: 'http://' }, { open: 'a.' }],
    ['a', 'x', '.', 'evil'],
    64 * 1024,
  ),
  text(
    'times',
    readTime,
    [
      { open: '1' },
      { open: '2024-01-01T00:00:00.', tail: 'Z' },
      { head: '2024-01-01T00:00:00.', open: '0' },
      { open: ' ' },
    ],
    ['2024', '-01', 'T', ':00', 'Z', '+', '.', ' '],
    64 * 1024,
  ),
  text('disarmed text', disarm, LINK_SHAPES, PROSE_WORDS),
  text(
    'cleaned text',
    (value) => {
      clean(value, 240);
      cleanProse(value, 240);
      for (const type of INDICATOR_TYPES) cleanValue({ type, value }, 240);
    },
    LINK_SHAPES,
    PROSE_WORDS,
    64 * 1024,
  ),
  text('mail', alertOf, LINK_SHAPES, PROSE_WORDS, 64 * 1024),
];

/** Every parser that is given what a feed says; what it refuses in words of ours is read. */
export const TARGETS: readonly Target[] = ALL.map((target) => ({ ...target, reads: refusing(target.reads) }));
