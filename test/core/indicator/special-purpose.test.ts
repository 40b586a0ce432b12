import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  formatCidr,
  type Prefix,
  parsePrefix,
  prefixContains,
  prefixOverlaps,
} from '../../../core/indicator/address.ts';
import { SPECIAL_PURPOSE, specialPurpose } from '../../../core/indicator/special-purpose.ts';

function prefix(text: string): Prefix {
  const found = parsePrefix(text);
  assert.ok(found, `${text} is a prefix`);
  return found;
}

describe('special-purpose addresses', () => {
  const known: [string, string | undefined][] = [
    ['8.8.8.8', undefined],
    ['1.1.1.0/24', undefined],
    ['172.15.255.255', undefined],
    ['172.32.0.0', undefined],
    ['100.63.255.255', undefined],
    ['100.128.0.0', undefined],
    ['223.255.255.255', undefined],
    ['2606:4700::1111', undefined],
    ['2001:200::1', undefined],
    ['2a00::/12', undefined],
    ['0.0.0.0', 'this network'],
    ['10.1.2.3', 'private use'],
    ['100.64.0.1', 'shared address space (carrier-grade NAT)'],
    ['127.0.0.1', 'loopback'],
    ['169.254.169.254', 'link-local'],
    ['172.31.255.255', 'private use'],
    ['192.0.0.9', 'Port Control Protocol anycast'],
    ['192.0.0.99', 'IETF protocol assignments'],
    ['192.0.2.5', 'documentation (TEST-NET-1)'],
    ['192.168.0.0/24', 'private use'],
    ['198.19.0.1', 'benchmarking'],
    ['224.0.0.251', 'multicast'],
    ['255.255.255.255', 'limited broadcast'],
    ['250.0.0.1', 'reserved'],
    ['::', 'unspecified'],
    ['::1', 'loopback'],
    ['::7f00:1', 'IPv4-compatible (deprecated)'],
    ['64:ff9b::808:808', 'IPv4-IPv6 translation'],
    ['2001:0:1::', 'Teredo'],
    ['2001:db8::1', 'documentation'],
    ['2001:1ff::', 'IETF protocol assignments'],
    ['2002:808:808::1', '6to4'],
    ['3fff:fff::', 'documentation'],
    ['fd00::1', 'unique local'],
    ['fe80::1', 'link-local'],
    ['fec0::1', 'site-local (deprecated)'],
    ['ff02::fb', 'multicast'],
    ['::fffe:0:0/95', 'reserved by IETF'],
    // Wider than the special block: what it would hit is named.
    ['192.168.0.0/15', 'private use'],
    ['8.0.0.0/7', undefined],
    ['11.0.0.0/7', 'private use'],
    ['0.0.0.0/0', 'reserved'],
    ['::/0', 'unique local'],
  ];
  for (const [text, name] of known) {
    it(`${text} is ${name ?? 'ordinary'}`, () => {
      assert.equal(specialPurpose(prefix(text)), name);
    });
  }

  it('has no row twice, and a source for each', () => {
    const blocks = SPECIAL_PURPOSE.map((block) => formatCidr(block.prefix));
    assert.equal(new Set(blocks).size, blocks.length);
    for (const block of SPECIAL_PURPOSE) assert.match(block.source, /^RFC \d+$/);
  });

  it('agrees with a walk over the whole table', () => {
    const near = fc
      .tuple(fc.constantFrom(...SPECIAL_PURPOSE), fc.nat(255), fc.nat(15), fc.nat(128))
      .map(([block, byte, at, length]): Prefix => {
        const bytes = new Uint8Array(block.prefix.bytes);
        bytes[at % bytes.length] = byte;
        const text = formatCidr({ bytes, length: length % (bytes.length * 8 + 1) });
        return prefix(text);
      });
    fc.assert(
      fc.property(near, (block) => {
        const touching = SPECIAL_PURPOSE.filter((row) => prefixOverlaps(row.prefix, block));
        const narrowest = touching.find((row) => prefixContains(row.prefix, block));
        assert.equal(specialPurpose(block), (narrowest ?? touching.at(-1))?.name);
      }),
      { numRuns: 3000 },
    );
  });
});
