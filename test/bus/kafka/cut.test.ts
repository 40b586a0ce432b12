import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { cutIntoRequests, halve } from '../../../bus/kafka/cut.ts';
import { partitionOf } from '../../../bus/kafka/format/murmur2.ts';
import type { Outgoing } from '../../../bus/port.ts';

const sized = fc.tuple(fc.integer({ min: 0, max: 30 }), fc.oneof(fc.nat(200), fc.nat(400_000)));

describe('cutting records into requests', () => {
  it('loses nothing, keeps the order of each partition, and stays within what a broker takes', () => {
    fc.assert(
      fc.property(fc.array(sized, { maxLength: 80 }), fc.integer({ min: 1, max: 7 }), (shapes, partitions) => {
        const records: Outgoing[] = shapes.map(([key, size]) => ({ key: `key ${key}`, value: Buffer.alloc(size) }));
        const order = new Map<number, Outgoing[]>();
        for (const request of cutIntoRequests(records, partitions)) {
          assert.equal(new Set(request.map(({ partition }) => partition)).size, request.length);
          for (const part of request) {
            assert.ok(part.records.length > 0);
            assert.ok(part.bytes <= 900_000 || part.records.length === 1, `${part.bytes} bytes`);
            order.set(part.partition, [...(order.get(part.partition) ?? []), ...part.records]);
          }
        }
        for (let partition = 0; partition < partitions; partition += 1) {
          const expected = records.filter((record) => partitionOf(record.key, partitions) === partition);
          assert.deepEqual(order.get(partition) ?? [], expected);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('puts at most 1,000 records into one', () => {
    const records = Array.from({ length: 2_500 }, (_, i) => ({ key: String(i), value: '' }));
    const sizes = [...cutIntoRequests(records, 4)].map((request) =>
      request.reduce((sum, part) => sum + part.records.length, 0),
    );
    assert.deepEqual(sizes, [1_000, 1_000, 500]);
  });

  it('halves until a single record is left', () => {
    const records = ['a', 'b', 'c'].map((value) => ({ key: 'k', value }));
    const [first, second] = halve({ partition: 1, records, bytes: 100 }) ?? assert.fail();
    assert.deepEqual([...first.records, ...second.records], records);
    assert.equal(halve(first), undefined);
  });
});
