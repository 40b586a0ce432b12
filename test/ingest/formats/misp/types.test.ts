import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { canonicalise } from '../../../../core/indicator/canonical.ts';
import { findIndicators, MISP_TYPES } from '../../../../ingest/formats/misp/types.ts';

const MD5 = '0123456789abcdef0123456789abcdef';

describe('the value of a MISP attribute', () => {
  it('is the indicator itself', () => {
    for (const [type, value, ours] of [
      ['ip-src', '192.0.2.1', 'ip'],
      ['ip-dst', '192.0.2.0/24', 'ip'],
      ['hostname', 'a.example.org', 'domain'],
      ['email-src', 'a@example.org', 'email'],
      ['AS', '64496', 'asn'],
      ['mac-address', '00:00:5e:00:53:01', 'mac'],
      ['x509-fingerprint-sha1', 'a'.repeat(40), 'x509'],
      ['vulnerability', 'CVE-2021-44228', 'cve'],
      ['regkey', 'HKLM\\Software\\x', 'registry'],
      ['ssdeep', '3:abc:def', 'ssdeep'],
    ] as const) {
      assert.deepEqual(findIndicators(type, value), [{ indicator: value, type: ours }]);
    }
    assert.equal(findIndicators('target-email', 'a@example.org'), undefined);
    assert.equal(findIndicators('__proto__', 'x'), undefined);
    assert.equal(findIndicators('ip-dst ', '192.0.2.1'), undefined);
  });

  it('is believed by the enricher', () => {
    const values: Record<string, string> = { ip: '192.0.2.0/24', cve: 'CVE-2021-44228', asn: 'AS64496', x509: MD5 };
    for (const [type, value] of Object.entries(values)) {
      const canonical = canonicalise(value, type as 'ip');
      assert.ok(canonical.ok, type);
    }
  });

  it('has a port', () => {
    const port = (type: string, value: string): unknown =>
      findIndicators(type, value)?.map(({ indicator, context }) => [indicator, context?.port]);
    assert.deepEqual(port('ip-dst|port', '192.0.2.1|443'), [['192.0.2.1', '443']]);
    assert.deepEqual(port('ip-src|port', '192.0.2.1:443'), [['192.0.2.1', '443']]);
    assert.deepEqual(port('ip-dst|port', '2001:db8::1|443'), [['2001:db8::1', '443']]);
    assert.deepEqual(port('ip-dst|port', '[2001:db8::1]:443'), [['2001:db8::1', '443']]);
    assert.deepEqual(port('ip-dst|port', '2001:db8::1:443'), [['2001:db8::1', '443']]);
    assert.deepEqual(port('ip-dst|port', '2001:db8:0:0:0:0:0:1'), [['2001:db8:0:0:0:0:0:1', undefined]]);
    assert.deepEqual(port('ip-dst|port', '2001:db8::beef'), [['2001:db8::beef', undefined]]);
    assert.deepEqual(port('ip-dst|port', '192.0.2.1'), [['192.0.2.1', undefined]]);
    assert.deepEqual(port('hostname|port', 'a.example.org|8080'), [['a.example.org', '8080']]);
    assert.deepEqual(port('hostname|port', 'a.example.org:8080'), [['a.example.org', '8080']]);
  });

  it('is two indicators, or one that needs the rest', () => {
    assert.deepEqual(findIndicators('domain|ip', 'a.example.org|192.0.2.1'), [
      { indicator: 'a.example.org', type: 'domain', context: { ip: '192.0.2.1' } },
      { indicator: '192.0.2.1', type: 'ip', composite: true, context: { domain: 'a.example.org' } },
    ]);
    assert.deepEqual(findIndicators('domain|ip', 'a.example.org'), [{ indicator: 'a.example.org', type: 'domain' }]);
    assert.deepEqual(findIndicators('regkey|value', 'HKLM\\Run|a|b'), [
      { indicator: 'HKLM\\Run', type: 'registry', composite: true, context: { registry_value: 'a|b' } },
    ]);
    assert.deepEqual(findIndicators('filename|md5', `a|b.exe|${MD5}`), [
      { indicator: MD5, type: 'md5', context: { filename: 'a|b.exe' } },
    ]);
    assert.deepEqual(findIndicators('malware-sample', MD5), [{ indicator: MD5, type: 'md5' }]);
    assert.equal(findIndicators('filename|sha512/256', 'x'), undefined);
  });

  it('is a path, which names no host', () => {
    assert.equal(findIndicators('uri', '/gate.php'), undefined);
    assert.deepEqual(findIndicators('uri', 'http://a.example.org/x'), [
      { indicator: 'http://a.example.org/x', type: 'url' },
    ]);
  });

  it('is asked for by its type', () => {
    for (const type of MISP_TYPES) {
      if (type !== 'uri') assert.notEqual(findIndicators(type, 'x'), undefined, type);
    }
  });
});
