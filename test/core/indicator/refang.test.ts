import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isDefanged, refang } from '../../../core/indicator/refang.ts';

const known: [string, string][] = [
  ['hxxp://example.com', 'http://example.com'],
  ['hXXps://example.com/a', 'https://example.com/a'],
  ['h**p://example.com', 'http://example.com'],
  ['h__ps://example.com', 'https://example.com'],
  ['htxp://example.com', 'http://example.com'],
  ['hxtps://example.com', 'https://example.com'],
  ['h[tt]p://example.com', 'http://example.com'],
  ['http[s]://example.com', 'https://example.com'],
  ['ttps://example.com', 'https://example.com'],
  ['meow://example.com', 'http://example.com'],
  ['meows://example.com', 'https://example.com'],
  ['fxp://example.com', 'ftp://example.com'],
  ['f*ps://example.com', 'ftps://example.com'],
  ['hxxp[:]//example.com', 'http://example.com'],
  ['hxxps[://]example[.]com', 'https://example.com'],
  ['hxxp:[//]example[.]com', 'http://example.com'],
  ['hxxp : // example.com', 'http://example.com'],
  ['hxxp:\\\\example.com', 'http://example.com'],
  ['http:\\/\\/example.com\\/a', 'http://example.com/a'],
  ['example[.]com', 'example.com'],
  ['example(.)com', 'example.com'],
  ['example{.}com', 'example.com'],
  ['a(.}b{.)example[.)com', 'a.b.example.com'],
  ['1.)1[.1.)1', '1.1.1.1'],
  ['1[.1[.1[.1', '1.1.1.1'],
  ['example[[.]]com', 'example.com'],
  ['example[ . ]com', 'example.com'],
  ['example[dot]com', 'example.com'],
  ['example(DOT)com', 'example.com'],
  ['example [dot] com', 'example.com'],
  ['example dot com', 'example.com'],
  ['example . com', 'example.com'],
  ['example\\.com', 'example.com'],
  ['192.0.2[.]1', '192.0.2.1'],
  ['192[.]0[.]2[.]1[:]443', '192.0.2.1:443'],
  ['192.0.2.0[/]24', '192.0.2.0/24'],
  ['2001[:]db8[:][:]1', '2001:db8::1'],
  ['user[@]example[.]com', 'user@example.com'],
  ['user(at)example[dot]com', 'user@example.com'],
  ['john dot doe at example dot com', 'john.doe@example.com'],
  ['hxxp://example.com/a[.]php?b=c[.]d', 'http://example.com/a.php?b=c.d'],
  ['https[://]example[.]com[/]path[:]80', 'https://example.com/path:80'],
  ['"example.com"', 'example.com'],
  ['<http://example.com/>', 'http://example.com/'],
  ['example.com,', 'example.com'],
  ['\u201cexample.com\u201d;', 'example.com'],
  ['exa\u200bmple\u00ad.com', 'example.com'],
  ['192\u30020\uff0e2\uff611', '192.0.2.1'],
];
const untouched = [
  'example.com',
  'hxxp.example.com',
  'hxxpfoo',
  'meow.example.com',
  'http://example.com/',
  'http://[2001:db8::1]/',
  'http://[2001:db8::1]:8080/a',
  'http://[::ffff:192.0.2.1]/',
  '[2001:db8::1]:443',
  'http://example.com/a[]=1&b[c]=2',
  'http://example.com/a dot b',
  'http://example.com/a\u3002b',
  'http://example.com/(a)',
  'dotat.at',
  '',
];

// What defanged text is made of, so that random text hits the rules and their seams.
const pieces = fc
  .array(
    fc.constantFrom(
      '[',
      ']',
      '(',
      ')',
      '{',
      '}',
      '.',
      'dot',
      'at',
      ':',
      '/',
      '//',
      '://',
      '@',
      ' ',
      '\\',
      'h',
      'xx',
      'tt',
      'hxxp',
      'http',
      'meow',
      'fxp',
      'p',
      's',
      'a',
      '1',
      '*',
      '"',
      '<',
      '>',
      ',',
      ';',
      "'",
      '?',
      '#',
      '\u200b',
      '\u3002',
      '\u00a0',
      'é',
    ),
    { maxLength: 24 },
  )
  .map((parts) => parts.join(''));

describe('refang', () => {
  for (const [text, expected] of known) {
    it(`${JSON.stringify(text)} is ${expected}`, () => {
      assert.ok(isDefanged(text));
      assert.equal(refang(text), expected);
    });
  }

  for (const text of untouched) {
    it(`leaves ${JSON.stringify(text)} alone`, () => assert.equal(refang(text), text));
  }

  it('is idempotent', () => {
    fc.assert(
      fc.property(fc.oneof(pieces, fc.string({ unit: 'binary' }), fc.webUrl()), (text) => {
        const once = refang(text);
        assert.equal(refang(once), once);
      }),
      { numRuns: 5000 },
    );
  });

  it('hands back what never settles', () => {
    const text = `hxxp://${' '.repeat(40)}example.com`;
    assert.equal(refang(text), text);
  });

  it('takes linear time for brackets and spaces without end', () => {
    const began = process.hrtime.bigint();
    for (const piece of ['[', ']', ' ', '\\', '[.', '.]', ' dot', '(((dot', '<', 'h[', '[ '])
      refang(piece.repeat(100_000));
    assert.ok(process.hrtime.bigint() - began < 5_000_000_000n);
  });
});

it('hands back what is too long to be an indicator', () => {
  const long = `evil[.]example/${'a'.repeat(9000)}`;
  assert.equal(refang(long), long);
  assert.equal(refang(long.slice(0, 8000)), long.slice(0, 8000).replace('[.]', '.'));
});
