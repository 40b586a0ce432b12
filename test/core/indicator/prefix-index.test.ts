import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { type Prefix, parsePrefix, prefixContains } from '../../../core/indicator/address.ts';
import { createPrefixIndex } from '../../../core/indicator/prefix-index.ts';
import { textOf } from '../../../responder/guard.ts';

function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  assert.ok(parsed, text);
  return parsed;
}

it('finds what holds an address, widest first, and what lies in a network', () => {
  const index = createPrefixIndex<string>();
  for (const text of ['10.0.0.0/8', '10.1.0.0/16', '10.1.2.3', '11.0.0.0/8', '2001:db8::/32', '2001:db8::1']) {
    index.set(prefix(text), text);
  }
  assert.deepEqual(index.covering(prefix('10.1.2.3')), ['10.0.0.0/8', '10.1.0.0/16', '10.1.2.3']);
  assert.deepEqual(index.inside(prefix('10.0.0.0/8')), ['10.0.0.0/8', '10.1.0.0/16', '10.1.2.3']);
  assert.deepEqual(index.covering(prefix('2001:db8::2')), ['2001:db8::/32']);
  index.delete(prefix('10.1.0.0/16'));
  assert.deepEqual(index.covering(prefix('10.1.2.3')), ['10.0.0.0/8', '10.1.2.3']);
  assert.equal(index.size, 5);
});

// Few distinct bytes, so that prefixes meet often.
const anyPrefix = fc
  .record({
    six: fc.boolean(),
    bytes: fc.array(fc.constantFrom(0, 1, 128, 255), { minLength: 16, maxLength: 16 }),
    length: fc.nat(128),
  })
  .map(({ six, bytes, length }) => {
    const size = six ? 16 : 4;
    const kept = Math.min(length, size * 8);
    // 64:…: outside of the IPv4-mapped block, which is IPv4
    const address = six ? `40${hex(bytes).slice(2)}`.replace(/(....)(?!$)/g, '$1:') : bytes.slice(0, 4).join('.');
    return prefix(`${address}/${kept}`);
  });

function hex(bytes: readonly number[]): string {
  return Buffer.from(bytes).toString('hex');
}

it('answers as a search through all entries would', () => {
  fc.assert(
    fc.property(
      fc.array(anyPrefix, { maxLength: 30 }),
      fc.array(anyPrefix, { maxLength: 10 }),
      anyPrefix,
      (put, gone, asked) => {
        const index = createPrefixIndex<string>(put.slice(0, 5).map((one) => [one, textOf(one)] as const));
        const all = new Map(put.map((one) => [textOf(one), one]));
        for (const one of put.slice(5)) index.set(one, textOf(one));
        for (const one of gone) {
          index.delete(one);
          all.delete(textOf(one));
        }
        const covering = [...all.values()].filter((one) => prefixContains(one, asked));
        const inside = [...all.values()].filter((one) => prefixContains(asked, one));
        assert.deepEqual(index.covering(asked), covering.sort((a, b) => a.length - b.length).map(textOf));
        assert.deepEqual(index.inside(asked).sort(), inside.map(textOf).sort());
        assert.equal(index.size, all.size);
      },
    ),
  );
});
