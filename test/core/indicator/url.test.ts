import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { canonicalUrl, urlHost } from '../../../core/indicator/url.ts';

describe('URLs', () => {
  const known: [string, string | undefined][] = [
    ['http://example.com', 'http://example.com/'],
    ['HTTP://Example.COM:80/A', 'http://example.com/A'],
    ['https://example.com:443/', 'https://example.com/'],
    ['https://example.com:8443/', 'https://example.com:8443/'],
    ['http://example.com./a', 'http://example.com/a'],
    ['http://example.com../a', undefined],
    ['http://example.com/a/../b/./c', 'http://example.com/b/c'],
    ['http://example.com/%7euser/%41%2fb%3f', 'http://example.com/~user/A%2Fb%3F'],
    ['http://example.com/a%2eb?q=%2e%2E', 'http://example.com/a.b?q=..'],
    ['http://example.com/%2e%2E/b', 'http://example.com/b'],
    ['http://example.com/100%', 'http://example.com/100%25'],
    ['http://example.com/%%32E', 'http://example.com/%252E'],
    ['http://example.com/%252E', 'http://example.com/%252E'],
    ['http://example.com/a b', 'http://example.com/a%20b'],
    ['http://example.com/ü', 'http://example.com/%C3%BC'],
    ['http://example.com/a[]=1|b', 'http://example.com/a[]=1|b'],
    ['http://example.com/?', 'http://example.com/'],
    ['http://example.com/a#top', 'http://example.com/a'],
    ['http://user:p%40ss@example.com/', 'http://user:p%40ss@example.com/'],
    ['http://user:@example.com/', 'http://user@example.com/'],
    ['http://bücher.de/', 'http://xn--bcher-kva.de/'],
    ['http://0x7f.1/', 'http://127.0.0.1/'],
    ['http://192.0.2.1:8080/Mozi.m', 'http://192.0.2.1:8080/Mozi.m'],
    ['http://[2001:DB8::0:1]/', 'http://[2001:db8::1]/'],
    ['http://[::ffff:192.0.2.1]:81/', 'http://192.0.2.1:81/'],
    ['http://intranet/', 'http://intranet/'],
    ['http:\\\\example.com\\a', 'http://example.com/a'],
    ['tcp://Example.com:0443', 'tcp://example.com:443'],
    ['ldap://[2001:DB8::1]:389/a', 'ldap://[2001:db8::1]:389/a'],
    ['stratum+tcp://pool.example.com:3333', 'stratum+tcp://pool.example.com:3333'],
    ['tcp://192.0.2.01', undefined],
    ['example.com/a', 'http://example.com/a'],
    ['example.com:8080/a', 'http://example.com:8080/a'],
    ['//example.com/a', 'http://example.com/a'],
    ['[2001:db8::1]:8080/a', 'http://[2001:db8::1]:8080/a'],
    ['intranet/a', undefined],
    ['data:80/a', undefined],
    ['/gate.php', undefined],
    ['\\\\host\\share', undefined],
    ['javascript:alert(1)', undefined],
    ['data:text/html,a', undefined],
    ['mailto:user@example.com', undefined],
    ['file:///etc/passwd', undefined],
    ['http://', undefined],
    ['http://a$b.com/', undefined],
    ['http://foo.123/', undefined],
    ['http://example.com:99999/', undefined],
    [`http://${'a'.repeat(64)}.com/`, undefined],
    ['', undefined],
  ];
  for (const [text, expected] of known) {
    it(`${JSON.stringify(text.slice(0, 60))} is ${expected ?? 'no URL'}`, () =>
      assert.equal(canonicalUrl(text), expected));
  }

  const parts = fc
    .array(
      fc.constantFrom(
        'http://',
        'tcp://',
        'a.com',
        '/',
        '//',
        '..',
        '.',
        '%',
        '%2',
        '%2e',
        '%2E',
        '%32',
        '%25',
        'e',
        'E',
        '5',
        '?',
        '#',
        '@',
        ':',
        '80',
        '[',
        ']',
        '::1',
        '\\',
        '|',
        "'",
        'é',
        ' ',
        'xn--',
        '\ud800',
        '\t',
      ),
      { maxLength: 14 },
    )
    .map((some) => some.join(''));

  it('gives the same for its own result', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          parts,
          parts.map((text) => `http://a.com/${text}`),
          fc.webUrl({ withFragments: true, withQueryParameters: true }),
        ),
        (text) => {
          const url = canonicalUrl(text);
          if (url === undefined) return;
          assert.equal(canonicalUrl(url), url);
          assert.doesNotMatch(url, /#|%(?![0-9A-F]{2})/);
          assert.notEqual(urlHost(url), '');
        },
      ),
      { numRuns: 8000 },
    );
  });

  it('names the host of a canonical URL', () => {
    assert.equal(urlHost('http://example.com/a@b'), 'example.com');
    assert.equal(urlHost('http://user:x@example.com:81/a'), 'example.com');
    assert.equal(urlHost('http://user@[2001:db8::1]:81/a'), '2001:db8::1');
    assert.equal(urlHost('tcp://192.0.2.1:80'), '192.0.2.1');
    assert.equal(urlHost('http://example.com/?u=http://x@y'), 'example.com');
  });
});
