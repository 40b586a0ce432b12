import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { maskedText, maskSecrets } from '../../../core/process/mask.ts';

describe('maskSecrets', () => {
  const masked: readonly [told: string, shown: string][] = [
    ['smtp://user:p4ss@mail.example.org:587', 'smtp://[hidden]@mail.example.org:587'],
    ['smtps://user%40example.org:p4ss@mail', 'smtps://[hidden]@mail'],
    ['https://elastic:p4ss@es:9200/_bulk: 503', 'https://[hidden]@es:9200/_bulk: 503'],
    ['https://t0ken@example.org/list', 'https://[hidden]@example.org/list'],
    ['https://u:p4@ss@example.org/', 'https://[hidden]@example.org/'],
    ['smtp://u:p4/s?s#@example.org', 'smtp://[hidden]@example.org'],
    ['smtp://u:2525x/y@example.org', 'smtp://[hidden]@example.org'],
    ['two: http://a:p4@x/ and http://b:p4@y/', 'two: http://[hidden]@x/ and http://[hidden]@y/'],
    ['http://u:p4@[::1]:9200/', 'http://[hidden]@[::1]:9200/'],
    ['https://example.org/list?api_key=p4&limit=3', 'https://example.org/list?api_key=[hidden]&limit=3'],
    ['GET /v1?limit=3&X-Auth-Token=p4', 'GET /v1?limit=3&X-Auth-Token=[hidden]'],
  ];
  for (const [told, shown] of masked) {
    it(`hides what is secret in ${told}`, () => assert.equal(maskSecrets(told), shown));
  }

  for (const told of [
    'https://example.org:8443/path/@user',
    'https://example.org/mail?to=a@example.org',
    'http://[::1]:9200/a@b',
    'connect ECONNREFUSED 127.0.0.1:9200',
    'mail to security@example.org was refused: 550 5.1.1',
    'a=b key=c',
  ]) {
    it(`leaves ${told} as it is`, () => assert.equal(maskSecrets(told), told));
  }

  it('lets no password through, whatever it holds', () => {
    const password = fc.stringMatching(/^[A-Za-z!$%&'()*+,;=_~^@.-]{1,30}$/);
    fc.assert(
      fc.property(password, fc.constantFrom('smtp', 'https', 'es+http'), (secret, scheme) => {
        const told = `cannot reach ${scheme}://user:#${secret}#@host.example.org:25/x, trying again`;
        assert.ok(!maskSecrets(told).includes(`${secret}#`), told);
      }),
    );
  });

  it('is fast on hostile text', () => {
    const started = performance.now();
    for (const part of ['://', '?key', '://a:', '?key=&', '@', 'http://a:b/']) maskSecrets(part.repeat(4000));
    assert.ok(performance.now() - started < 2000);
  });
});

describe('maskedText', () => {
  it('cuts, and says that it did', () => {
    assert.equal(maskedText('abc', 3), 'abc');
    assert.equal(maskedText('abcd', 3), 'abc…');
  });
});
