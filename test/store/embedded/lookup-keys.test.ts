import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  formatCidr,
  formatIp,
  ipRange,
  type Prefix,
  parsePrefix,
  prefixContains,
} from '../../../core/indicator/address.ts';
import { enclosingRanges, hostKey, hostsBelow, hostsWithin, rangeKey } from '../../../store/embedded/lookup-keys.ts';

/** Few different bytes, so that blocks often hold each other. */
const byte = fc.constantFrom(0, 1, 2, 127, 128, 255);

const prefix: fc.Arbitrary<Prefix> = fc.constantFrom(4, 16).chain((size) =>
  fc
    .tuple(fc.uint8Array({ minLength: size, maxLength: size }), fc.array(byte, { minLength: size, maxLength: size }))
    .chain(([any, few]) => fc.constantFrom(any, Uint8Array.from(few)))
    .chain((bytes) => fc.nat({ max: size * 8 }).map((length) => ({ bytes, length })))
    .map(({ bytes, length }) => parsePrefix(`${formatIp(bytes)}/${length}`))
    .filter((parsed) => parsed !== undefined),
);

function hex(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString('hex');
}

describe('range keys', () => {
  it('enclosing ranges are those of the blocks that hold it, and of no others', () => {
    fc.assert(
      fc.property(prefix, prefix, (inner, other) => {
        // The other block has the same bytes at a shorter length half of the time.
        const nested = parsePrefix(`${formatIp(inner.bytes)}/${Math.min(other.length, inner.length)}`);
        for (const outer of [other, nested].filter((each) => each !== undefined)) {
          const key = rangeKey('cidr', formatCidr(outer));
          const found = enclosingRanges('cidr', formatCidr(inner)).some(
            ({ first, last }) => hex(first) === hex(key?.first) && hex(last) === hex(key?.last),
          );
          assert.equal(found, prefixContains(outer, inner), `${formatCidr(outer)} holds ${formatCidr(inner)}`);
        }
      }),
    );
  });

  it('begin with the own range', () => {
    assert.deepEqual(enclosingRanges('ip', '192.0.2.7')[0], rangeKey('ip', '192.0.2.7'));
    assert.equal(enclosingRanges('ip', '192.0.2.7').length, 33);
    assert.equal(enclosingRanges('cidr', '2001:db8::/32').length, 33);
    assert.equal(enclosingRanges('ip', '2001:db8::1').length, 129);
  });

  it('sort as addresses do, with the families apart', () => {
    fc.assert(
      fc.property(prefix, prefix, (a, b) => {
        const [one, two] = [a, b].map((each) => rangeKey('cidr', formatCidr(each)));
        if (a.bytes.length !== b.bytes.length) {
          const v4First = a.bytes.length < b.bytes.length;
          assert.equal(hex(one?.last) < hex(two?.first), v4First);
        } else {
          assert.equal(hex(one?.first) <= hex(two?.last), hex(ipRange(a).first) <= hex(ipRange(b).last));
        }
      }),
    );
  });

  it('are for addresses and blocks alone', () => {
    assert.equal(rangeKey('domain', 'example.org'), undefined);
    assert.equal(rangeKey('ip', 'no address'), undefined);
    assert.deepEqual(enclosingRanges('ip', 'no address'), []);
    assert.deepEqual(enclosingRanges('asn', 'AS64500'), []);
  });
});

describe('host keys', () => {
  const label = fc.stringMatching(/^[a-c0-1_-]{1,3}$/);
  const domain = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));

  it('are next to each other for a domain and all below it, and for nothing else', () => {
    fc.assert(
      fc.property(domain, domain, fc.boolean(), (name, other, below) => {
        const host = below ? `${other}.${name}` : other;
        const key = hostKey('domain', host) ?? '';
        const { own, from, to } = hostsBelow(name);
        const found = key === own || (key >= from && key < to);
        assert.equal(found, host === name || host.endsWith(`.${name}`), `${host} under ${name}`);
      }),
      { numRuns: 1_000 },
    );
  });

  it('of URLs on an address are next to each other for a block, and for nothing else', () => {
    fc.assert(
      fc.property(prefix, prefix, fc.boolean(), (block, other, inside) => {
        const bytes = ipRange(inside ? block : other).last;
        const address = formatIp(bytes);
        // A mapped address is IPv4, so it is in no block of IPv6.
        fc.pre(parsePrefix(address)?.bytes.length === bytes.length);
        const key = hostKey('url', `http://${bytes.length === 4 ? address : `[${address}]`}:80/a`) ?? '';
        const range = rangeKey('cidr', formatCidr(block));
        assert.ok(range !== undefined);
        const { from, to } = hostsWithin(range);
        assert.equal(key >= from && key < to, prefixContains(block, { bytes, length: bytes.length * 8 }));
      }),
      { numRuns: 1_000 },
    );
  });

  it('of URLs on an address lie below no domain', () => {
    fc.assert(
      fc.property(domain, (name) => {
        const { own, from, to } = hostsBelow(name);
        for (const url of ['http://0.0.0.1/', 'http://255.255.255.255/', 'http://[::1]/', 'http://[ffff::]/']) {
          const key = hostKey('url', url) ?? '';
          assert.ok(key !== '' && key !== own && !(key >= from && key < to));
        }
      }),
    );
  });

  it('are taken from URLs and e-mail addresses', () => {
    assert.equal(hostKey('url', 'https://user:pw@www.example.org:8443/a?b=c'), 'org.example.www');
    assert.equal(hostKey('url', 'http://192.0.2.7/a'), ':04c0000207');
    assert.equal(hostKey('url', 'http://[2001:db8::1]:80/a'), ':0620010db8000000000000000000000001');
    assert.equal(hostKey('email', 'someone@mail.example.org'), 'org.example.mail');
    assert.equal(hostKey('sha256', 'a'.repeat(64)), undefined);
  });
});
