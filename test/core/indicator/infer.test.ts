import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { canonicalise } from '../../../core/indicator/canonical.ts';
import { inferPlainType, inferType, withoutIpPort } from '../../../core/indicator/infer.ts';
import { refang } from '../../../core/indicator/refang.ts';
import type { IndicatorType } from '../../../core/indicator/type.ts';

const digits = (length: number): string => '0123456789abcdef'.repeat(8).slice(0, length);

describe('inference', () => {
  const known: [string, IndicatorType | undefined][] = [
    ['192.0.2.1', 'ip'],
    ['192.0.2.1:443', 'ip'],
    ['192.0.2.1|443', 'ip'],
    ['2001:db8::1', 'ip'],
    ['[2001:db8::1]', 'ip'],
    ['[2001:db8::1]:443', 'ip'],
    ['::1', 'ip'],
    ['3::', 'ip'],
    ['00:11:22:33:44:55:66:77', 'ip'],
    ['192.0.2.1:70000', undefined],
    ['192.0.2.0/24', 'cidr'],
    ['192.0.2.1/32', 'cidr'],
    ['2001:db8::/32', 'cidr'],
    ['192.0.2.0/33', undefined],
    ['192.0.2.256', undefined],
    ['example.com', 'domain'],
    ['example.com.', 'domain'],
    ['example.com:8080', 'domain'],
    ['bücher.de', 'domain'],
    ['пример.рф', 'domain'],
    ['a_b.example.org', 'domain'],
    ['example.zip', 'domain'],
    ['readme.txt', undefined],
    ['invoice.pdf.exe', undefined],
    ['gate.php', undefined],
    ['example.1a', undefined],
    ['localhost', undefined],
    ['*.example.com', undefined],
    ['http://example.com/a', 'url'],
    ['tcp://192.0.2.1:80', 'url'],
    ['example.com/a', 'url'],
    ['192.0.2.1:8080/a', 'url'],
    ['192.0.2.1/gate.php', 'url'],
    ['text/html', undefined],
    ['node.js/a', undefined],
    ['user@example.com', 'email'],
    ['user@localhost', undefined],
    [digits(32), 'md5'],
    [digits(40).toUpperCase(), 'sha1'],
    [digits(64), 'sha256'],
    [digits(128), 'sha512'],
    [digits(56), undefined],
    [digits(70), 'tlsh'],
    [`T1${digits(70)}`, 'tlsh'],
    ['96:abc/+:def', 'ssdeep'],
    ['CVE-2024-1234', 'cve'],
    ['cve-2024-12345', 'cve'],
    ['AS15169', 'asn'],
    ['asn 15169', 'asn'],
    ['15169', undefined],
    ['00:11:22:aa:bb:cc', 'mac'],
    ['00-11-22-AA-BB-CC', 'mac'],
    ['0011.22aa.bbcc', 'mac'],
    ['aabb.ccdd.eeff', 'mac'],
    ['001122aabbcc', undefined],
    ['HKLM\\Software\\Run', 'registry'],
    ['hkey_current_user\\a', 'registry'],
    ['', undefined],
    ['Global\\mutex', undefined],
    ['hello world', undefined],
  ];
  for (const [text, type] of known) {
    it(`${JSON.stringify(text.slice(0, 40))} is ${type ?? 'nothing'}`, () => {
      assert.equal(inferType(text), type);
      const canonical = canonicalise(text, undefined);
      assert.equal(canonical.ok, type !== undefined);
      if (canonical.ok && text !== '192.0.2.1/32') assert.equal(canonical.indicator.type, type);
    });
  }

  it('finds ports only where they can be told', () => {
    assert.equal(withoutIpPort('192.0.2.1:80'), '192.0.2.1');
    assert.equal(withoutIpPort('[::1]:80'), '::1');
    assert.equal(withoutIpPort('2001:db8::1|80'), '2001:db8::1');
    assert.equal(withoutIpPort('2001:db8::80'), '2001:db8::80');
    assert.equal(withoutIpPort('::ffff:192.0.2.1'), '::ffff:192.0.2.1');
    assert.equal(withoutIpPort('[::1]x'), '[::1]x');
    assert.equal(withoutIpPort('[::1'), '[::1');
  });

  const piece = fc.constantFrom(
    'a',
    'abcd',
    '.',
    '1',
    'com',
    'xn--p1ai',
    'exe',
    '-',
    'A',
    ':',
    '/',
    '@',
    digits(32),
    digits(40),
  );
  it('answers quickly what it answers slowly', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(piece, { maxLength: 7 }).map((parts) => parts.join('')),
          fc.domain(),
          fc.string(),
        ),
        (text) => {
          const quick = inferPlainType(text);
          if (quick !== undefined) assert.equal(inferType(text), quick);
        },
      ),
      { numRuns: 5000 },
    );
  });

  it('infers only what can be made canonical', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(piece, { maxLength: 7 }).map((parts) => parts.join('')),
          fc.webUrl(),
          fc.emailAddress(),
          fc.string(),
        ),
        (told) => {
          const text = refang(told);
          const type = inferType(text);
          if (type !== undefined) assert.equal(canonicalise(text, type).ok, true);
        },
      ),
      { numRuns: 5000 },
    );
  });
});
