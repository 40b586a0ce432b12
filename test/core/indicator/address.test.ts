import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  canonicalIp,
  formatCidr,
  formatIp,
  ipRange,
  isIpv4,
  type Prefix,
  parseCidr,
  parseIp,
  parsePrefix,
  prefixContains,
  prefixOverlaps,
} from '../../../core/indicator/address.ts';

const bytes4 = fc.uint8Array({ minLength: 4, maxLength: 4 });
// Zeros are frequent, so that compression has something to do.
const bytes16 = fc
  .array(fc.oneof(fc.constant(0), fc.constant(0), fc.integer({ min: 0, max: 255 })), { minLength: 16, maxLength: 16 })
  .map((bytes) => Uint8Array.from(bytes));
const anyBytes = fc.oneof(bytes4, bytes16);
const alphabet = fc
  .array(fc.constantFrom('0', '1', '255', 'f', 'abcd', '::', ':', '.', 'ffff', '1.2.3.4', '/', 'g', ' ', '00'), {
    maxLength: 20,
  })
  .map((parts) => parts.join(''));
const addressText = fc.oneof(fc.ipV4(), fc.ipV4Extended(), fc.ipV6(), alphabet, fc.string());

function mapped(bytes: Uint8Array): boolean {
  return (
    bytes.length === 16 && bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255
  );
}

function toBigInt(bytes: Uint8Array): bigint {
  return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

function prefix(text: string): Prefix {
  const found = parseCidr(text);
  assert.ok(found, `${text} is a prefix`);
  return found;
}

describe('addresses', () => {
  const known: [string, string | undefined][] = [
    ['192.0.2.1', '192.0.2.1'],
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
    ['192.0.2.01', undefined],
    ['192.0.2.256', undefined],
    ['192.0.2', undefined],
    ['192.0.2.1.', undefined],
    ['192.0..1', undefined],
    ['0x7f.0.0.1', undefined],
    ['2130706433', undefined],
    [' 192.0.2.1', undefined],
    ['192.0.2.1/32', undefined],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0db8::0001', '2001:db8::1'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:0201', '192.0.2.1'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['fe80::1%eth0', undefined],
    ['1:2:3:4:5:6:7:8:9', undefined],
    ['1:2:3:4:5:6:7:8::', undefined],
    ['1:2:3:4:5:6:7', undefined],
    ['1::2::3', undefined],
    [':::', undefined],
    [':1::', undefined],
    ['1::2:', undefined],
    ['12345::', undefined],
    ['::1.2.3', undefined],
    ['::1.2.3.4:5', undefined],
    ['1:2:3:4:5:6:7:1.2.3.4', undefined],
    ['[::1]', undefined],
    ['', undefined],
    [':', undefined],
  ];
  for (const [text, expected] of known) {
    it(`${JSON.stringify(text)} is ${expected ?? 'no address'}`, () => {
      const bytes = parseIp(text);
      assert.equal(bytes === undefined ? undefined : formatIp(bytes), expected);
      assert.equal(canonicalIp(text), expected);
    });
  }

  it('accepts what node:net accepts, zones aside', () => {
    fc.assert(
      fc.property(addressText, (text) => {
        const family = text.includes('%') ? 0 : isIP(text);
        const bytes = parseIp(text);
        assert.equal(bytes !== undefined, family !== 0);
        assert.equal(isIpv4(text), family === 4);
        if (family === 4) assert.equal(bytes?.length, 4);
      }),
      { numRuns: 3000 },
    );
  });

  it('writes IPv6 as URLs do', () => {
    fc.assert(
      fc.property(bytes16, (bytes) => {
        const full = Array.from({ length: 8 }, (_, at) =>
          (((bytes[at * 2] ?? 0) << 8) | (bytes[at * 2 + 1] ?? 0)).toString(16),
        ).join(':');
        assert.equal(`[${formatIp(bytes)}]`, new URL(`http://[${full}]/`).hostname);
      }),
      { numRuns: 2000 },
    );
  });

  it('reads back what it writes', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        fc.pre(!mapped(bytes));
        const text = formatIp(bytes);
        assert.deepEqual(parseIp(text), bytes);
        assert.equal(canonicalIp(text), text);
      }),
      { numRuns: 2000 },
    );
  });

  it('reads a part of a text', () => {
    assert.equal(canonicalIp('[::1]', 1, 4), '::1');
    assert.equal(canonicalIp('x192.0.2.1y', 1, 10), '192.0.2.1');
  });

  it('refuses to write anything but 4 or 16 bytes', () => {
    assert.throws(() => formatIp(new Uint8Array(5)), RangeError);
  });
});

describe('prefixes', () => {
  const known: [string, string | undefined][] = [
    ['192.0.2.77/24', '192.0.2.0/24'],
    ['192.0.2.77/32', '192.0.2.77/32'],
    ['192.0.2.77/0', '0.0.0.0/0'],
    ['10.255.255.255/9', '10.128.0.0/9'],
    ['192.0.2.0/33', undefined],
    ['192.0.2.0/024', undefined],
    ['192.0.2.0/', undefined],
    ['192.0.2.0/-1', undefined],
    ['192.0.2.0/255.255.255.0', undefined],
    ['192.0.2/24', undefined],
    ['192.0.2.0', undefined],
    ['192.0.2.0/24/24', undefined],
    ['2001:DB8:ffff::1/33', '2001:db8:8000::/33'],
    ['2001:db8::/129', undefined],
    ['::/0', '::/0'],
    ['::ffff:192.0.2.77/120', '192.0.2.0/24'],
    ['::ffff:0:0/96', '0.0.0.0/0'],
    ['::ffff:192.0.2.77/95', '::fffe:0:0/95'],
  ];
  for (const [text, expected] of known) {
    it(`${text} is ${expected ?? 'no prefix'}`, () => {
      const found = parseCidr(text);
      assert.equal(found === undefined ? undefined : formatCidr(found), expected);
    });
  }

  it('takes an address for a prefix of full length where both may stand', () => {
    assert.deepEqual(parsePrefix('192.0.2.1'), prefix('192.0.2.1/32'));
    assert.deepEqual(parsePrefix('2001:db8::1'), prefix('2001:db8::1/128'));
    assert.deepEqual(parsePrefix('192.0.2.1/24'), prefix('192.0.2.0/24'));
    assert.equal(parsePrefix('example.com'), undefined);
  });

  // Near each other, else random prefixes would never meet.
  const anyPrefix = fc
    .tuple(
      fc.constantFrom('192.0.2', '192.0.3', '10.0.0', '2001:db8:', '2001:db9:'),
      fc.integer({ min: 0, max: 255 }),
      fc.nat(128),
    )
    .map(([start, last, length]) =>
      start.includes(':')
        ? prefix(`${start}:${last.toString(16)}/${length}`)
        : prefix(`${start}.${last}/${length % 33}`),
    );

  function bounds(block: Prefix): [bigint, bigint] {
    const hosts = BigInt(block.bytes.length * 8 - block.length);
    const first = (toBigInt(block.bytes) >> hosts) << hosts;
    return [first, first + (1n << hosts) - 1n];
  }

  it('agrees with arithmetic on whole numbers', () => {
    fc.assert(
      fc.property(anyPrefix, anyPrefix, (a, b) => {
        const [aFirst, aLast] = bounds(a);
        const [bFirst, bLast] = bounds(b);
        const sameFamily = a.bytes.length === b.bytes.length;
        assert.equal(prefixContains(a, b), sameFamily && aFirst <= bFirst && bLast <= aLast);
        assert.equal(prefixOverlaps(a, b), sameFamily && aFirst <= bLast && bFirst <= aLast);
        const range = ipRange(a);
        assert.deepEqual([toBigInt(range.first), toBigInt(range.last)], [aFirst, aLast]);
      }),
      { numRuns: 3000 },
    );
  });

  it('reads back what it writes, with the host bits masked', () => {
    fc.assert(
      fc.property(anyBytes, fc.nat(128), (bytes, some) => {
        fc.pre(!mapped(bytes));
        const length = some % (bytes.length * 8 + 1);
        const found = prefix(`${formatIp(bytes)}/${length}`);
        const hosts = BigInt(bytes.length * 8 - length);
        assert.equal(toBigInt(found.bytes), (toBigInt(bytes) >> hosts) << hosts);
        fc.pre(!mapped(found.bytes));
        assert.deepEqual(prefix(formatCidr(found)), found);
      }),
      { numRuns: 2000 },
    );
  });

  it('never shares memory between results', () => {
    const first = parseIp('192.0.2.1');
    parseIp('203.0.113.9');
    assert.deepEqual(first, Uint8Array.of(192, 0, 2, 1));
    const block = prefix('192.0.2.0/24');
    ipRange(block).last.fill(0);
    assert.equal(formatCidr(block), '192.0.2.0/24');
  });
});
