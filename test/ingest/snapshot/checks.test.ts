import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Indicator } from '../../../core/indicator/type.ts';
import { DEFAULT_CHECKS, judge } from '../../../ingest/snapshot/checks.ts';
import { createOwnThings } from '../../../ingest/snapshot/own.ts';
import { createProfile, type FullProfile } from '../../../ingest/snapshot/profile.ts';

const none = { count: 0, first: '' };
const listOf = (types: Record<string, number>): FullProfile => ({
  records: Object.values(types).reduce((sum, count) => sum + count, 0),
  types,
  inside: none,
  own: none,
});
const kinds = (list: FullProfile, good: FullProfile | null, limits = DEFAULT_CHECKS): string[] =>
  judge(list, good, limits).map(({ kind }) => kind);
const counts = fc.record({ ip: fc.nat(5000), domain: fc.nat(5000), url: fc.nat(5000) });

describe('a list beside the last good one', () => {
  it('is held back when it shrank, grew or changed its mix, at exactly the factors', () => {
    const good = listOf({ ip: 100 });
    assert.deepEqual(kinds(listOf({ ip: 50 }), good), []);
    assert.deepEqual(kinds(listOf({ ip: 49 }), good), ['shrunk']);
    assert.deepEqual(kinds(listOf({}), good), ['shrunk']);
    assert.deepEqual(kinds(listOf({ ip: 300 }), good), []);
    assert.deepEqual(kinds(listOf({ ip: 301 }), good), ['grown']);
    assert.deepEqual(kinds(listOf({ ip: 70, domain: 30 }), good), []);
    assert.deepEqual(kinds(listOf({ ip: 69, domain: 31 }), good), ['mix']);
    assert.deepEqual(kinds(listOf({ domain: 30 }), good), ['shrunk', 'mix']);
  });

  it('passes whatever its size when either is small, or nothing is known', () => {
    assert.deepEqual(kinds(listOf({ ip: 5000 }), listOf({ domain: 19 })), []);
    assert.deepEqual(kinds(listOf({ ip: 5000 }), null), []);
    assert.deepEqual(kinds(listOf({ domain: 19 }), listOf({ ip: 20 })), []);
  });

  it('is never held back for being what it was, and a wider limit never holds back more', () => {
    fc.assert(
      fc.property(counts, counts, fc.double({ min: 0, max: 1, noNaN: true }), (a, b, share) => {
        assert.deepEqual(kinds(listOf(a), listOf(a)), []);
        const strict = kinds(listOf(a), listOf(b));
        const wide = { ...DEFAULT_CHECKS, shrink: 0.5 * share, grow: 3 + share, mix: 0.3 + 0.7 * share };
        for (const kind of kinds(listOf(a), listOf(b), wide)) assert.ok(strict.includes(kind));
      }),
    );
  });
});

describe('what belongs on no list', () => {
  const profileOf = (own: string[], indicators: Indicator[]): FullProfile => {
    const made = createProfile(createOwnThings(own));
    for (const indicator of indicators) made.see(indicator);
    return made.profile;
  };
  const ip = (value: string): Indicator => ({ type: 'ip', value });
  const cidr = (value: string): Indicator => ({ type: 'cidr', value });

  it('private addresses, and networks that hold them', () => {
    const inside = [
      '10.0.0.1',
      '127.0.0.1',
      '169.254.1.1',
      '172.31.0.1',
      '192.168.7.7',
      '100.64.0.1',
      '::1',
      'fe80::1',
      'fd00::1',
    ];
    for (const value of inside) assert.deepEqual(kinds(profileOf([], [ip(value)]), null), ['private'], value);
    for (const value of ['0.0.0.0/0', '192.0.0.0/8', '::/0', 'fc00::/6'])
      assert.deepEqual(kinds(profileOf([], [cidr(value)]), null), ['private'], value);
    for (const value of ['192.0.2.1', '2001:db8::1', '224.0.0.1', '172.32.0.1', '9.9.9.9'])
      assert.deepEqual(kinds(profileOf([], [ip(value)]), null), [], value);
    assert.deepEqual(kinds(profileOf([], [ip('10.0.0.1')]), null, { ...DEFAULT_CHECKS, private: false }), []);
  });

  it("the operator's own names and networks, wherever they stand", () => {
    const own = ['example.org', '198.51.100.0/24', '2001:db8:1::/48'];
    const ours: Indicator[] = [
      ip('198.51.100.7'),
      cidr('198.51.0.0/16'),
      ip('2001:db8:1::7'),
      { type: 'domain', value: 'example.org' },
      { type: 'domain', value: 'mail.example.org' },
      { type: 'url', value: 'https://login.example.org/a' },
      { type: 'url', value: 'http://198.51.100.7:8080/a' },
      { type: 'url', value: 'http://[2001:db8:1::1]/' },
      { type: 'email', value: 'a@example.org' },
    ];
    for (const each of ours) assert.deepEqual(kinds(profileOf(own, [each]), null), ['own'], each.value);
    const foreign: Indicator[] = [
      ip('198.51.101.1'),
      { type: 'domain', value: 'notexample.org' },
      { type: 'domain', value: 'example.org.evil.test' },
      { type: 'url', value: 'https://evil.test/example.org' },
      { type: 'md5', value: 'd41d8cd98f00b204e9800998ecf8427e' },
    ];
    assert.deepEqual(kinds(profileOf(own, foreign), null), []);
    const [finding] = judge(profileOf(own, ours), null, DEFAULT_CHECKS);
    assert.equal(finding?.message, 'it names what is your own: 198.51.100.7 and 8 more');
  });
});
