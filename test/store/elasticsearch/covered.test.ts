import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatCidr, formatIp, ipRange, type Prefix, parsePrefix } from '../../../core/indicator/address.ts';
import { coveredBy, hostsLike, overlapping } from '../../../store/elasticsearch/covered.ts';

function block(text: string): Prefix {
  const prefix = parsePrefix(text);
  assert.ok(prefix !== undefined, text);
  return prefix;
}

describe('the query for what an allow-list entry covers', () => {
  it('gives the bounds of a block', () => {
    assert.match(
      JSON.stringify(overlapping(block('10.1.0.0/16'))),
      /"gte":"10.1.0.0","lte":"10.1.255.255","relation":"intersects"/,
    );
    assert.match(JSON.stringify(overlapping(block('2001:db8::1'))), /"gte":"2001:db8::1","lte":"2001:db8::1"/);
  });

  it('keeps to the family of the address', () => {
    assert.match(JSON.stringify(overlapping(block('::/0'))), /"threat.indicator.type":"ipv6-addr"/);
    assert.match(JSON.stringify(overlapping(block('192.0.2.1'))), /"threat.indicator.type":"ipv4-addr"/);
  });

  it('has no pattern in it that the entry brought', () => {
    const query = JSON.stringify(coveredBy({ type: 'domain', value: 'a*b?c\\d' }));
    for (const before of [String.raw`\*\.`, '\\*@', String.raw`\*@\*\.`])
      assert.match(query, new RegExp(String.raw`"value":"${before}a\\\\\*b\\\\\?c\\\\\\\\d"`));
  });
});

describe('the query for URLs on an address of a block', () => {
  /** What the server does with the one condition on the host. */
  function finds(prefix: Prefix, host: string): boolean {
    const filter = hostsLike(prefix).bool?.filter;
    const like = Array.isArray(filter) ? filter[1] : undefined;
    const [[kind, fields] = []] = Object.entries<unknown>({ ...like });
    const [text] = Object.values(fields ?? {});
    assert.ok(typeof text === 'string', JSON.stringify(like));
    switch (kind) {
      case 'term':
        return host === text;
      case 'prefix':
        return host.startsWith(text);
      case 'regexp':
        return new RegExp(`^(?:${text})$`).test(host);
      default:
        assert.deepEqual([kind, text], ['wildcard', '*:*']);
        return host.includes(':');
    }
  }

  it('finds every address of the block', () => {
    // Zeros often, so that they are compressed here and there.
    const byte = fc.constantFrom(0, 0, 0, 1, 16, 255);
    const bytes = fc.constantFrom(4, 16).chain((size) => fc.array(byte, { minLength: size, maxLength: size }));
    const address = bytes.map((list) => Uint8Array.from(list));
    fc.assert(
      fc.property(address, address, fc.nat({ max: 128 }), (start, noise, most) => {
        const length = Math.min(most, start.length * 8);
        const prefix = parsePrefix(formatCidr({ bytes: start, length }));
        fc.pre(prefix !== undefined && prefix.bytes.length === start.length);
        const { first, last } = ipRange(prefix);
        const inside = first.map((low, at) => low | ((noise[at] ?? 0) & ((last[at] ?? 0) ^ low)));
        for (const each of [first, inside, last]) assert.ok(finds(prefix, formatIp(each)), formatCidr(prefix));
      }),
      { numRuns: 2_000 },
    );
  });

  it('reads no more of them than it must', () => {
    assert.ok(!finds(block('192.0.2.64/26'), '192.0.20.64'));
    assert.ok(!finds(block('192.0.2.64'), '192.0.2.65'));
    assert.ok(!finds(block('2001:db8::/32'), '2001:db80::1'));
    assert.ok(!finds(block('0.0.0.0/0'), 'www.example.org'));
    assert.ok(!finds(block('::/0'), '192.0.2.1'));
  });
});
