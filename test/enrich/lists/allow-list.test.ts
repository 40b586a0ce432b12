import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { canonicalise } from '../../../core/indicator/canonical.ts';
import { inferType } from '../../../core/indicator/infer.ts';
import { createAllowList } from '../../../enrich/lists/allow-list.ts';
import { readAllowLines } from '../../../enrich/lists/entry.ts';

const TEXT = `# ours
8.8.8.8            # resolver
9.9.0.0/16         # a network
2620:fe::/48
example.net
d41d8cd98f00b204e9800998ecf8427e  # the empty file
http://shop.example.com/login
not an indicator at all!
`;

describe('allow list', () => {
  const { entries, problems } = readAllowLines(TEXT, 'allow.txt');
  const list = createAllowList(entries, 0);
  const reason = (text: string): string | undefined => {
    const canonical = canonicalise(text, inferType(text));
    assert.ok(canonical.ok, text);
    return list.reasonFor(canonical.indicator);
  };

  it('names the line that it does not understand and keeps the rest', () => {
    assert.equal(entries.length, 6);
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? '', /^allow\.txt:8: /);
  });

  const allowed = [
    '8.8.8.8',
    '9.9.9.9',
    '9.9.128.0/17',
    '9.0.0.0/8',
    '2620:fe::fe',
    'example.net',
    'www.example.net',
    'https://a.b.example.net/x',
    'http://8.8.8.8/x',
    'http://shop.example.com/login',
    'd41d8cd98f00b204e9800998ecf8427e',
    'mail@example.net',
    '10.1.2.3',
    '127.0.0.1',
    '203.0.113.9',
    'fe80::1',
    '0.0.0.0/0',
    'http://[::1]/',
  ];
  for (const text of allowed) it(`allows ${text}`, () => assert.notEqual(reason(text), undefined));

  const others = [
    '8.8.4.4',
    '9.10.0.0/16',
    '2620:ff::1',
    'example.com',
    'notexample.net',
    'example.net.evil.org',
    'http://evil.org/?u=example.net',
    'http://example.net@evil.org/',
    'http://shop.example.com/other',
    '4.4.4.4',
  ];
  for (const text of others) it(`does not allow ${text}`, () => assert.equal(reason(text), undefined));

  it('says why', () => {
    assert.equal(reason('8.8.8.8'), '8.8.8.8: resolver (allow.txt:2)');
    assert.match(reason('10.0.0.1') ?? '', /special-purpose/);
  });

  it('forgets what ran out', () => {
    const [first] = entries;
    assert.ok(first);
    assert.equal(createAllowList([{ ...first, until: 5 }], 5).reasonFor(first.indicator), undefined);
    assert.notEqual(createAllowList([{ ...first, until: 6 }], 5).reasonFor(first.indicator), undefined);
  });
});
