import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { canonicalDomain, canonicalHostName, isPlainDomain } from '../../../core/indicator/domain.ts';

const label = 'a'.repeat(63);

describe('domains', () => {
  const known: [string, string | undefined][] = [
    ['example.com', 'example.com'],
    ['Example.COM', 'example.com'],
    ['example.com.', 'example.com'],
    ['example.com..', undefined],
    ['.example.com', undefined],
    ['a..b', undefined],
    ['_dmarc.example.com', '_dmarc.example.com'],
    ['a-.example.com', 'a-.example.com'],
    ['-a.example.com', undefined],
    ['r4---sn.example.com', 'r4---sn.example.com'],
    ['bücher.de', 'xn--bcher-kva.de'],
    ['BÜCHER.de', 'xn--bcher-kva.de'],
    ['xn--bcher-kva.de', 'xn--bcher-kva.de'],
    ['XN--BCHER-KVA.DE', 'xn--bcher-kva.de'],
    ['straße.de', 'xn--strae-oqa.de'],
    ['пример.рф', 'xn--e1afmkfd.xn--p1ai'],
    ['ｅｘａｍｐｌｅ.com', 'example.com'],
    ['xn--\u00fc.de', undefined],
    ['℀.com', undefined],
    ['example.com:8080', 'example.com'],
    ['example.com|443', 'example.com'],
    ['example.com:99999', undefined],
    ['http://example.com', undefined],
    ['example.com/a', undefined],
    ['user@example.com', undefined],
    ['*.example.com', undefined],
    ['com', undefined],
    ['localhost', undefined],
    ['192.0.2.1', undefined],
    ['１９２.0.2.1', undefined],
    ['foo.123', undefined],
    ['foo.0x1f', undefined],
    ['foo.0x', undefined],
    ['foo.1a', 'foo.1a'],
    ['abcdefghijklmnop.onion', 'abcdefghijklmnop.onion'],
    [`${label}.com`, `${label}.com`],
    [`a${label}.com`, undefined],
    [`${label}.${label}.${label}.${'a'.repeat(61)}`, `${label}.${label}.${label}.${'a'.repeat(61)}`],
    [`${label}.${label}.${label}.${'a'.repeat(62)}`, undefined],
    [`${'a'.repeat(60)}é.com`, undefined],
    ['', undefined],
    ['.', undefined],
    ['exa mple.com', undefined],
    ['exa%6dple.com', undefined],
  ];
  for (const [text, expected] of known) {
    it(`${JSON.stringify(text.slice(0, 40))} is ${expected?.slice(0, 40) ?? 'no domain'}`, () => {
      assert.equal(canonicalDomain(text), expected);
    });
  }

  it('lets URLs have hosts of one label', () => {
    assert.equal(canonicalHostName('Intranet'), 'intranet');
    assert.equal(canonicalHostName('0x7f'), undefined);
  });

  const name = fc
    .array(fc.constantFrom('a', 'z', '0', '9', '-', '_', '.', 'A', 'xn--', 'é', '0x', '.com', '。'), { maxLength: 12 })
    .map((parts) => parts.join(''));

  it('gives the same for its own result, and quick looks agree', () => {
    fc.assert(
      fc.property(fc.oneof(name, fc.domain(), fc.string({ unit: 'grapheme' })), (text) => {
        const domain = canonicalDomain(text);
        if (isPlainDomain(text)) assert.equal(domain, text);
        if (domain === undefined) return;
        assert.equal(canonicalDomain(domain), domain);
        assert.match(domain, /^[a-z0-9_.-]{3,253}$/);
      }),
      { numRuns: 5000 },
    );
  });

  it('names the host that URLs name', () => {
    fc.assert(
      fc.property(fc.oneof(name, fc.domain()), (text) => {
        const host = canonicalHostName(text);
        if (host === undefined) return;
        assert.equal(URL.parse(`http://${text}/`)?.hostname.replace(/\.$/, ''), host);
      }),
      { numRuns: 3000 },
    );
  });
});
