import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatCidr, formatIp, type Prefix, parsePrefix, prefixContains } from '../../../../core/indicator/address.ts';
import { createRangeTable } from '../../../../enrich/lists/warning/range-table.ts';
import { createSubstrings } from '../../../../enrich/lists/warning/substrings.ts';
import { createValueTable } from '../../../../enrich/lists/warning/value-table.ts';

type Find<K> = (key: K, visit: (list: number) => boolean) => boolean;

/** All lists that a look-up goes by. */
function all<K>(find: Find<K>, key: K): number[] {
  const lists: number[] = [];
  find(key, (list) => {
    lists.push(list);
    return false;
  });
  return lists.sort((a, b) => a - b);
}

const lists = fc.nat({ max: 5 });

describe('flat tables', () => {
  it('values: what is in, and nothing else', () => {
    const value = fc.oneof(
      fc.string({ maxLength: 4 }),
      fc.string({ unit: 'binary', maxLength: 6 }),
      fc.constantFrom('a', 'aa', 'aaa'),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(value, lists), { maxLength: 60 }),
        value,
        fc.nat({ max: 3 }),
        (entries, asked, from) => {
          const table = createValueTable(entries);
          for (const key of [...entries.map(([key]) => key), asked]) {
            const expected = entries.filter(([other]) => other === key).map(([, list]) => list);
            assert.deepEqual(
              all((text: string, visit) => table.find(text, 0, visit), key),
              expected.sort((a, b) => a - b),
            );
          }
          const tail = asked.slice(from);
          assert.equal(
            table.find(asked, Math.min(from, asked.length), () => true),
            entries.some(([key]) => key === tail),
          );
        },
      ),
    );
  });

  for (const bytes of [4, 16] as const) {
    it(`ranges of ${bytes} bytes: each network that holds the one asked for`, () => {
      // few different bytes, so that networks do nest
      const prefix = fc
        .tuple(
          fc.array(fc.constantFrom(0, 1, 128, 255), { minLength: bytes, maxLength: bytes }),
          fc.nat({ max: bytes * 8 }),
        )
        .map(([address, length]): Prefix => {
          const text = formatIp(Uint8Array.from(address));
          return parsePrefix(`${text}/${length}`) ?? { bytes: Uint8Array.from(address), length: bytes * 8 };
        })
        .filter((made) => made.bytes.length === bytes);
      fc.assert(
        fc.property(
          fc.array(fc.tuple(prefix, lists), { maxLength: 40 }),
          fc.array(prefix, { maxLength: 10 }),
          (entries, asked) => {
            const table = createRangeTable(entries, bytes);
            for (const key of [...entries.map(([key]) => key), ...asked]) {
              const expected = entries.filter(([outer]) => prefixContains(outer, key)).map(([, list]) => list);
              assert.deepEqual(
                all(table.find, key),
                expected.sort((a, b) => a - b),
                formatCidr(key),
              );
            }
          },
        ),
      );
    });
  }

  it('substrings: each that stands in the value', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'C'), minLength: 4, maxLength: 8 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(letters, lists), { maxLength: 20 }),
        fc.string({ unit: fc.constantFrom('A', 'b', 'c'), maxLength: 30 }),
        (entries, value) => {
          const expected = new Set(
            entries.filter(([text]) => value.toLowerCase().includes(text.toLowerCase())).map(([, list]) => list),
          );
          assert.deepEqual(new Set(all(createSubstrings(entries).find, value)), expected);
        },
      ),
    );
  });
});
