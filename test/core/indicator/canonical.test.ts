import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type CanonicalCode, canonicalise, MAX_INDICATOR_LENGTH } from '../../../core/indicator/canonical.ts';
import { INDICATOR_TYPES, type IndicatorType } from '../../../core/indicator/type.ts';

function show(text: string, type: IndicatorType | undefined): string {
  const canonical = canonicalise(text, type);
  return canonical.ok ? `${canonical.indicator.type} ${canonical.indicator.value}` : canonical.code;
}

describe('canonicalise', () => {
  const known: [string, IndicatorType | undefined, string][] = [
    ['192.0.2.1', 'ip', 'ip 192.0.2.1'],
    [' 192.0.2[.]1\n', 'ip', 'ip 192.0.2.1'],
    ['192.0.2.1', undefined, 'ip 192.0.2.1'],
    ['192.0.2.1:443', 'ip', 'ip 192.0.2.1'],
    ['192.0.2.1|443', 'ip', 'ip 192.0.2.1'],
    ['[2001:DB8::1]:443', 'ip', 'ip 2001:db8::1'],
    ['2001[:]DB8[:][:]1', 'ip', 'ip 2001:db8::1'],
    ['::ffff:192.0.2.1', 'ip', 'ip 192.0.2.1'],
    ['192.0.2.77/24', 'ip', 'cidr 192.0.2.0/24'],
    ['192.0.2.77/32', 'ip', 'ip 192.0.2.77'],
    ['192.0.2.77/32', 'cidr', 'ip 192.0.2.77'],
    ['192.0.2.77/32', undefined, 'ip 192.0.2.77'],
    ['192.0.2.77', 'cidr', 'ip 192.0.2.77'],
    ['192.0.2.77/24', 'cidr', 'cidr 192.0.2.0/24'],
    ['192.0.2[.]0[/]24', 'cidr', 'cidr 192.0.2.0/24'],
    ['2001:DB8::1/128', 'cidr', 'ip 2001:db8::1'],
    ['2001:DB8::1/32', 'cidr', 'cidr 2001:db8::/32'],
    ['::ffff:192.0.2.1/128', 'cidr', 'ip 192.0.2.1'],
    ['0.0.0.0/0', 'cidr', 'cidr 0.0.0.0/0'],
    ['192.0.2.0/255.255.255.0', 'cidr', 'INDICATOR_BAD_CIDR'],
    ['192.0.2.1-192.0.2.9', 'ip', 'INDICATOR_BAD_IP'],
    ['010.0.0.1', 'ip', 'INDICATOR_BAD_IP'],
    ['fe80::1%eth0', 'ip', 'INDICATOR_BAD_IP'],
    ['example.com', 'ip', 'INDICATOR_BAD_IP'],
    ['Example[.]COM.', 'domain', 'domain example.com'],
    ['example dot com', undefined, 'domain example.com'],
    ['bücher.de', undefined, 'domain xn--bcher-kva.de'],
    ['192.0.2.1', 'domain', 'ip 192.0.2.1'],
    ['192.0.2.1:80', 'domain', 'ip 192.0.2.1'],
    ['2001:DB8::1', 'domain', 'ip 2001:db8::1'],
    ['http://example.com/', 'domain', 'INDICATOR_BAD_DOMAIN'],
    ['com', 'domain', 'INDICATOR_BAD_DOMAIN'],
    ['hxxps://Example[.]com:443/a[.]php#b', 'url', 'url https://example.com/a.php'],
    ['hxxps://Example[.]com:443/a[.]php#b', undefined, 'url https://example.com/a.php'],
    ['example.com/a', 'url', 'url http://example.com/a'],
    ['http://example.com/a[%2E]b', 'url', 'url http://example.com/a.b'],
    ['http://[2001:db8::1]:8080/', 'url', 'url http://[2001:db8::1]:8080/'],
    ['javascript:alert(1)', 'url', 'INDICATOR_BAD_URL'],
    ['file:///etc/passwd', undefined, 'INDICATOR_BAD_URL'],
    ['User(at)Example[dot]com', 'email', 'email user@example.com'],
    ['<user@example.com>', undefined, 'email user@example.com'],
    ['user', 'email', 'INDICATOR_BAD_EMAIL'],
    ['D41D8CD98F00B204E9800998ECF8427E', 'md5', 'md5 d41d8cd98f00b204e9800998ecf8427e'],
    ['D41D8CD98F00B204E9800998ECF8427E', undefined, 'md5 d41d8cd98f00b204e9800998ecf8427e'],
    ['D41D8CD98F00B204E9800998ECF8427E', 'imphash', 'imphash d41d8cd98f00b204e9800998ecf8427e'],
    ['d41d8cd98f00b204e9800998ecf8427e', 'sha256', 'INDICATOR_BAD_HASH'],
    ['3:a:b', 'ssdeep', 'ssdeep 3:a:b'],
    ['3', 'ssdeep', 'INDICATOR_BAD_SSDEEP'],
    ['T1', 'tlsh', 'INDICATOR_BAD_TLSH'],
    ['"AS 15169"', undefined, 'asn AS15169'],
    ['AS0', 'asn', 'INDICATOR_BAD_ASN'],
    ['00-11-22-AA-BB-CC', undefined, 'mac 00:11:22:aa:bb:cc'],
    ['00', 'mac', 'INDICATOR_BAD_MAC'],
    [' Global\\a[.]b ', 'mutex', 'mutex Global\\a[.]b'],
    ['x'.repeat(513), 'mutex', 'INDICATOR_BAD_MUTEX'],
    ['HKLM\\Software\\.a[.]b', undefined, 'registry HKEY_LOCAL_MACHINE\\Software\\.a[.]b'],
    ['run', 'registry', 'INDICATOR_BAD_REGISTRY'],
    ['AA:BB', 'x509', 'x509 aabb'],
    ['x', 'x509', 'INDICATOR_BAD_X509'],
    ['cve-2024-1234', undefined, 'cve CVE-2024-1234'],
    ['CVE-2024', 'cve', 'INDICATOR_BAD_CVE'],
    ['', 'ip', 'INDICATOR_EMPTY'],
    [' \u00a0\r\n', undefined, 'INDICATOR_EMPTY'],
    ['hello', undefined, 'INDICATOR_UNKNOWN_TYPE'],
    ['a\u0000b.com', 'domain', 'INDICATOR_CONTROL_CHARACTERS'],
    ['a\nb', 'mutex', 'INDICATOR_CONTROL_CHARACTERS'],
    ['\u0000', 'ip', 'INDICATOR_CONTROL_CHARACTERS'],
    ['\u202emoc.elpmaxe', 'domain', 'INDICATOR_CONTROL_CHARACTERS'],
    ['http://example.com/\u2066a', 'url', 'INDICATOR_CONTROL_CHARACTERS'],
    ['a\ud800b', 'mutex', 'INDICATOR_CONTROL_CHARACTERS'],
    ['a\u2028b', 'registry', 'INDICATOR_CONTROL_CHARACTERS'],
    ['a'.repeat(MAX_INDICATOR_LENGTH + 1), 'mutex', 'INDICATOR_TOO_LONG'],
    [' '.repeat(1_000_000), undefined, 'INDICATOR_TOO_LONG'],
    // Short as it came, too long once its characters are percent-encoded.
    [`http://example.com/${'ü'.repeat(MAX_INDICATOR_LENGTH / 2)}`, 'url', 'INDICATOR_TOO_LONG'],
  ];
  for (const [text, type, expected] of known) {
    it(`${type ?? 'untyped'} ${JSON.stringify(text.slice(0, 50))} gives ${expected.slice(0, 60)}`, () => {
      assert.equal(show(text, type), expected);
    });
  }

  it('tells the reason in words', () => {
    const canonical = canonicalise('010.0.0.1', 'ip');
    assert.ok(!canonical.ok);
    const code: CanonicalCode = canonical.code;
    assert.equal(code, 'INDICATOR_BAD_IP');
    assert.match(canonical.message, /leading zeros/);
  });

  const seams = fc
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
        ' dot ',
        'at',
        ':',
        '/',
        '://',
        '@',
        ' ',
        '\\',
        'hxxp',
        'http',
        'https://',
        'tcp://',
        'a',
        'B',
        'com',
        '.com',
        'example.com',
        '1',
        '192.0.2.1',
        '2001:db8::1',
        '/24',
        '/128',
        '443',
        '%',
        '%2E',
        '%2e',
        '%5B',
        '%32',
        '%25',
        'E',
        '?',
        '#',
        '|',
        '-',
        '_',
        'é',
        '。',
        'xn--',
        '\u200b',
        '\u00ad',
        '"',
        "'",
        '<',
        '>',
        ',',
        ';',
        'HKLM',
        'Computer',
        '0x',
        'AS',
        'mailto:',
        '&',
        '=',
        '~',
        '^',
        '\u00a0',
      ),
      { maxLength: 16 },
    )
    .map((parts) => parts.join(''));
  const anyText = fc.oneof(
    { weight: 4, arbitrary: seams },
    fc.string({ unit: 'binary' }),
    fc.string({ unit: 'grapheme' }),
    fc.ipV4Extended(),
    fc.ipV6(),
    fc.domain(),
    fc.webUrl({ withFragments: true, withQueryParameters: true }),
    fc.emailAddress(),
    fc.string({ unit: fc.constantFrom(...'0123456789abcdefABCDEF'), minLength: 32, maxLength: 128 }),
    fc.tuple(fc.ipV4(), fc.nat(40)).map(([address, length]) => `${address}/${length}`),
    fc.tuple(fc.ipV6(), fc.nat(140)).map(([address, length]) => `${address}/${length}`),
  );
  const anyType = fc.constantFrom(
    undefined,
    undefined,
    'ip' as const,
    'url' as const,
    'domain' as const,
    'email' as const,
    ...INDICATOR_TYPES,
  );

  it('gives the same for its own result, whatever the text, and never throws', () => {
    fc.assert(
      fc.property(anyText, anyType, (text, type) => {
        const first = canonicalise(text, type);
        if (!first.ok) {
          assert.match(first.code, /^INDICATOR_[A-Z0-9_]+$/);
          return;
        }
        const { indicator } = first;
        assert.deepEqual(canonicalise(indicator.value, indicator.type), first);
        assert.ok(indicator.value.length > 0 && indicator.value.length <= MAX_INDICATOR_LENGTH);
        assert.doesNotMatch(indicator.value, /[\x00-\x1f\x7f]/);
        assert.ok(indicator.value.isWellFormed());
      }),
      { numRuns: 20_000 },
    );
  });

  it('spends little on hostile text of the greatest length', () => {
    const began = process.hrtime.bigint();
    for (const piece of [
      '[',
      '[.',
      ' ',
      '.',
      '%',
      '%2',
      '\\',
      '(dot',
      'a.',
      ':',
      '@',
      'é',
      '|',
      '-',
      '0x',
      '"',
      '/',
      'HK',
      'xn--',
    ]) {
      const text = `a${piece.repeat(MAX_INDICATOR_LENGTH).slice(0, MAX_INDICATOR_LENGTH - 2)}a`;
      for (const type of [undefined, ...INDICATOR_TYPES]) canonicalise(text, type);
    }
    assert.ok(process.hrtime.bigint() - began < 5_000_000_000n);
  });
});
