import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { compatibilityPartitioner } from '@platformatic/kafka';
import fc from 'fast-check';
import { Partitioners, type PartitionMetadata } from 'kafkajs';
import { murmur2, partitionOf } from '../../../../bus/kafka/format/murmur2.ts';

const kafkajs = Partitioners.DefaultPartitioner();

function partitionByKafkajs(key: string, partitions: number): number {
  const partitionMetadata: PartitionMetadata[] = Array.from({ length: partitions }, (_, partitionId) => ({
    partitionErrorCode: 0,
    partitionId,
    leader: 1,
    replicas: [1],
    isr: [1],
  }));
  return kafkajs({ topic: 'any', partitionMetadata, message: { key, value: null } });
}

describe('partition of a key', () => {
  it('is the one of the default partitioners of kafkajs and of Java for 10,000 indicator ids', () => {
    for (let i = 0; i < 10_000; i += 1) {
      const key = createHash('sha256').update(String(i)).digest('hex').slice(0, 40);
      const partitions = 1 + (i % 12);
      assert.equal(partitionOf(key, partitions), partitionByKafkajs(key, partitions), `${key} of ${partitions}`);
    }
  });

  it('agrees for any text, of any length', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), fc.integer({ min: 1, max: 50 }), (key, partitions) => {
        const partition = partitionOf(key, partitions);
        assert.equal(partition, partitionByKafkajs(key, partitions));
        assert.equal(
          partition,
          compatibilityPartitioner({ topic: 'any', value: Buffer.alloc(0) }, Buffer.from(key)) % partitions,
        );
      }),
    );
  });

  it('hashes as the tests of the Java client say', () => {
    assert.equal(murmur2('21'), -973_932_308);
    assert.equal(murmur2('foobar'), -790_332_482);
    assert.equal(murmur2('a-little-bit-long-string'), -985_981_536);
    assert.equal(murmur2('lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8'), -58_897_971);
  });
});
