import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { canonicalise } from '../../../core/indicator/canonical.ts';
import { defang } from '../../../core/indicator/defang.ts';
import { refang } from '../../../core/indicator/refang.ts';
import type { Indicator } from '../../../core/indicator/type.ts';

describe('defang', () => {
  const known: [Indicator, string][] = [
    [{ type: 'ip', value: '192.0.2.1' }, '192[.]0[.]2[.]1'],
    [{ type: 'ip', value: '2001:db8::1' }, '2001[:]db8[:][:]1'],
    [{ type: 'cidr', value: '192.0.2.0/24' }, '192[.]0[.]2[.]0/24'],
    [{ type: 'domain', value: 'example.com' }, 'example[.]com'],
    [{ type: 'email', value: 'a.b@example.com' }, 'a[.]b[@]example[.]com'],
    [{ type: 'url', value: 'http://example.com/a.php' }, 'hxxp[://]example[.]com/a[.]php'],
    [{ type: 'url', value: 'https://u:p@example.com:81/?a=b.c' }, 'hxxps[://]u:p[@]example[.]com[:]81/?a=b[.]c'],
    [{ type: 'url', value: 'ftp://example.com/' }, 'fxp[://]example[.]com/'],
    [{ type: 'url', value: 'tcp://example.com:80' }, 'tcp[://]example[.]com[:]80'],
    [{ type: 'url', value: 'http://[2001:db8::1]/' }, 'hxxp[://][2001:db8[:]:1]/'],
    [{ type: 'mutex', value: 'http://example.com/@a' }, 'hxxp[://]example[.]com/[@]a'],
    [{ type: 'mac', value: '00:1a:2b:3c:4d:5e' }, '00[:]1a[:]2b[:]3c[:]4d[:]5e'],
    [{ type: 'ssdeep', value: '3:https://x:y' }, '3:hxxps[://]x:y'],
    [{ type: 'asn', value: 'AS15169' }, 'AS15169'],
  ];
  for (const [indicator, expected] of known) {
    it(`${indicator.value} is shown as ${expected}`, () => assert.equal(defang(indicator), expected));
  }

  it('is undone by refang for everything on the network', () => {
    const text = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.domain(),
      fc.emailAddress(),
      fc.webUrl({
        withQueryParameters: true,
        authoritySettings: { withIPv4: true, withIPv6: true, withPort: true, withUserInfo: true },
      }),
      fc.domain().map((domain) => `stratum+tcp://${domain}:3333`),
      fc.tuple(fc.ipV6(), fc.nat(128)).map(([address, length]) => `${address}/${length}`),
    );
    fc.assert(
      fc.property(text, (told) => {
        const canonical = canonicalise(told, undefined);
        fc.pre(canonical.ok);
        const shown = defang(canonical.indicator);
        assert.notEqual(shown, canonical.indicator.value);
        assert.equal(refang(shown), canonical.indicator.value);
        assert.deepEqual(canonicalise(shown, canonical.indicator.type), canonical);
      }),
      { numRuns: 5000 },
    );
  });
});
