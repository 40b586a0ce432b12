import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isVagueAlias, typeFromAlias } from '../../../core/indicator/alias.ts';
import { INDICATOR_TYPES, type IndicatorType, isIndicatorType } from '../../../core/indicator/type.ts';

describe('type aliases', () => {
  it('knows its own names', () => {
    for (const type of INDICATOR_TYPES) assert.equal(typeFromAlias(type), type);
  });

  const known: [string, IndicatorType][] = [
    ['ipv4', 'ip'],
    ['IPv6', 'ip'],
    ['ip-dst', 'ip'],
    ['ip_src', 'ip'],
    ['IP SRC', 'ip'],
    ['ip-dst|port', 'ip'],
    ['ip:port', 'ip'],
    ['ipv4-addr', 'ip'],
    ['ipv6-addr:value', 'ip'],
    ['Intel::ADDR', 'ip'],
    ['IPv4CIDR', 'cidr'],
    ['CIDR', 'cidr'],
    ['Intel::SUBNET', 'cidr'],
    ['hostname', 'domain'],
    ['FQDN', 'domain'],
    ['domain-name', 'domain'],
    ['DomainName', 'domain'],
    ['hostname|port', 'domain'],
    ['Intel::DOMAIN', 'domain'],
    ['URI', 'url'],
    ['email-src', 'email'],
    ['email-addr:value', 'email'],
    ['FileHash-MD5', 'md5'],
    ['md5_hash', 'md5'],
    ['malware-sample', 'md5'],
    ['FileHash-SHA1', 'sha1'],
    ['SHA-1', 'sha1'],
    ['FileHash-SHA256', 'sha256'],
    ['sha256_hash', 'sha256'],
    ['filename|sha256', 'sha256'],
    ["file:hashes.'SHA-256'", 'sha256'],
    ['file:hashes.SHA-512', 'sha512'],
    ['SSDEEP', 'ssdeep'],
    ["x509-certificate:hashes.'SHA-1'", 'x509'],
    ['AS', 'asn'],
    ['autonomous-system', 'asn'],
    ['mac-addr', 'mac'],
    ['mac-eui-64', 'mac'],
    ['Mutex', 'mutex'],
    ['regkey', 'registry'],
    ['windows-registry-key', 'registry'],
    ['x509-fingerprint-sha1', 'x509'],
    ['SSLCertFingerprint', 'x509'],
    ['vulnerability', 'cve'],
    ['CVE', 'cve'],
  ];
  for (const [alias, type] of known) {
    it(`${alias} is ${type}`, () => assert.equal(typeFromAlias(alias), type));
  }

  // The victims', other people's digests, compound ones with two indicators, and what is no indicator at all.
  for (const alias of [
    'target-email',
    'authentihash',
    'sha384',
    'sha512/256',
    'pehash',
    'domain|ip',
    'filename',
    'link',
    'yara',
    'port',
    'constructor',
    '__proto__',
    'x'.repeat(100),
  ]) {
    it(`${alias.slice(0, 20)} is none`, () => {
      assert.equal(typeFromAlias(alias), undefined);
      assert.equal(isVagueAlias(alias), false);
    });
  }

  it('knows words that leave the type open', () => {
    for (const alias of ['', 'hash', 'File', 'FileHash', 'Intel::FILE_HASH', 'indicator', 'IOC']) {
      assert.equal(typeFromAlias(alias), undefined);
      assert.ok(isVagueAlias(alias), alias);
    }
  });

  it('tells its own names from aliases', () => {
    assert.ok(isIndicatorType('cidr'));
    assert.ok(!isIndicatorType('hostname'));
  });

  it('answers any text with a type or nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const type = typeFromAlias(text);
        assert.ok(type === undefined || INDICATOR_TYPES.includes(type));
      }),
    );
  });
});
