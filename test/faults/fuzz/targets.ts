import { clean, cleanProse, cleanValue } from '../../../alerting/clean.ts';
import { compose } from '../../../alerting/compose.ts';
import { buildDigest } from '../../../alerting/digest.ts';
import { readTime } from '../../../core/contract/told-time.ts';
import { canonicalise, MAX_INDICATOR_LENGTH } from '../../../core/indicator/canonical.ts';
import { disarm } from '../../../core/indicator/defang.ts';
import { inferType } from '../../../core/indicator/infer.ts';
import { refang } from '../../../core/indicator/refang.ts';
import { INDICATOR_TYPES } from '../../../core/indicator/type.ts';
import { createAdmission, selection } from '../../../ingest/admission.ts';
import { splitCsv } from '../../../ingest/formats/csv-row.ts';
import { jsonParts } from '../../../ingest/formats/json-stream.ts';
import { FORMAT_NAMES } from '../../../ingest/formats/known.ts';
import { readTags } from '../../../ingest/formats/misp/tags.ts';
import { readPushed } from '../../../ingest/formats/pushed.ts';
import { HEAD_BYTES, recognise } from '../../../ingest/formats/recognise/recognise.ts';
import { readPattern } from '../../../ingest/formats/stix-pattern/read.ts';
import { sampleAlert } from '../../alerting/samples.ts';
import { FORMATS } from './formats.ts';
import { refusing } from './search.ts';
import { format, inPieces, MEGABYTE, type Target, text } from './target.ts';
import { INDICATORS, JSON_WORDS, LINK_SHAPES, PROSE, PROSE_WORDS, REFANG_SHAPES, XML_WORDS } from './words.ts';

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
  text('refang', refang, REFANG_SHAPES, PROSE_WORDS, 8192),
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
  text('disarmed text', disarm, LINK_SHAPES, PROSE_WORDS, 64 * 1024),
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
