import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { crc32c, type KafkaRecord, Reader, readRecordsBatches } from '@platformatic/kafka';
import fc from 'fast-check';
import { decodeRecordSet } from '../../../../bus/kafka/format/decode.ts';
import { BATCH_HEADER, compressedBatch, sizeOfRecord, writeBatch } from '../../../../bus/kafka/format/encode.ts';
import type { Outgoing } from '../../../../bus/port.ts';
import { REFUSED_HEADER } from '../../../../bus/port.ts';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);

const text = fc.string({ unit: 'binary', maxLength: 300 });
const outgoing: fc.Arbitrary<Outgoing> = fc.record(
  {
    key: text,
    value: fc.oneof(
      text,
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    ),
    headers: fc.dictionary(fc.string({ unit: 'binary', maxLength: 20 }), text, { maxKeys: 4 }),
  },
  { requiredKeys: ['key', 'value'] },
);
const batches = fc.array(outgoing, { minLength: 1, maxLength: 150 });

function plainBatch(records: readonly Outgoing[], firstOffset = 0): Buffer {
  const room = records.reduce((sum, record) => sum + sizeOfRecord(record), BATCH_HEADER);
  const target = Buffer.alloc(room + 7);
  const end = writeBatch(records, NOW, target, 7);
  const batch = target.subarray(7, end);
  batch.writeBigInt64BE(BigInt(firstOffset), 0);
  return batch;
}

/** What a record becomes on its way. */
function asText(value: string | Buffer): string {
  return Buffer.from(value).toString('hex');
}

function expected(records: readonly Outgoing[]): object[] {
  return records.map(({ key, value, headers = {} }, i) => ({
    offset: String(40 + i),
    key: asText(key),
    value: asText(value),
    headers: Object.entries(headers).map(([name, content]) => [asText(name), asText(content)]),
  }));
}

describe('record batches', () => {
  it('say after encoding and decoding what they said before', async () => {
    await fc.assert(
      fc.asyncProperty(batches, async (records) => {
        const decoded = await decodeRecordSet(plainBatch(records, 40));
        assert.deepEqual(
          decoded.map(({ offset, key, value, headers }) => ({
            offset,
            key: asText(key ?? ''),
            value: asText(value ?? ''),
            headers: Object.entries(headers).map(([name, content]) => [asText(name), asText(content ?? '')]),
          })),
          expected(records),
        );
        for (const { timestamp } of decoded) assert.equal(timestamp, String(NOW));
      }),
    );
  });

  it('are read alike by another client, whose checksum agrees', async () => {
    await fc.assert(
      fc.asyncProperty(batches, fc.constantFrom('none', 'gzip', 'zstd'), async (records, codec) => {
        const batch =
          codec === 'none'
            ? plainBatch(records)
            : await compressedBatch(records, NOW, codec === 'gzip' ? 'gzip' : 'zstd');
        assert.equal(batch.readUInt32BE(17), crc32c(Buffer.from(batch.subarray(21))));
        const [read] = readRecordsBatches(Reader.from(batch));
        assert.equal(read?.records.length, records.length);
        assert.equal(read?.firstTimestamp, BigInt(NOW));
        for (const [i, record] of records.entries()) {
          const found: KafkaRecord | undefined = read?.records[i];
          assert.equal(asText(found?.key ?? ''), asText(record.key));
          assert.equal(asText(found?.value ?? ''), asText(record.value));
          assert.equal(found?.headers.length, Object.keys(record.headers ?? {}).length);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('keep lengths of every size of their encoding', async () => {
    for (const size of [0, 1, 63, 64, 8_191, 8_192, 1_048_575, 1_048_576]) {
      const [one] = await decodeRecordSet(plainBatch([{ key: 'k', value: 'v'.repeat(size) }]));
      assert.equal(one?.value?.length, size);
    }
    const many = Array.from({ length: 9_000 }, (_, i) => ({ key: '', value: String(i) }));
    const decoded = await decodeRecordSet(plainBatch(many));
    assert.equal(decoded.at(-1)?.offset, '8999');
    assert.equal(decoded.at(-1)?.value?.toString(), '8999');
  });

  it('leave out a batch that a fetch has cut off', async () => {
    const first = plainBatch([{ key: 'a', value: '1' }], 0);
    const second = plainBatch([{ key: 'b', value: '2' }], 1);
    const set = Buffer.concat([first, second]);
    for (let length = first.length; length < set.length; length += 1) {
      assert.equal((await decodeRecordSet(set.subarray(0, length))).length, 1);
    }
    assert.equal((await decodeRecordSet(set)).length, 2);
  });
});

describe('hostile record batches', () => {
  const limits = { bytes: 100_000, records: 1_000 };
  const small = (offset: number): Buffer => plainBatch([{ key: 'k', value: 'good' }], offset);

  /** One batch that unpacks to a record of `size` bytes. */
  function bomb(size: number, offset: number): Buffer {
    const plain = plainBatch([{ key: 'k', value: Buffer.alloc(size) }], offset);
    const packed = gzipSync(plain.subarray(BATCH_HEADER));
    const batch = Buffer.concat([plain.subarray(0, BATCH_HEADER), packed]);
    batch.writeInt32BE(batch.length - 12, 8);
    batch.writeInt16BE(1, 21);
    return batch;
  }

  it('that unpack to more than the limit become one empty record that says so', async () => {
    const [refused, ...rest] = await decodeRecordSet(bomb(10_000_000, 17), limits);
    assert.equal(rest.length, 0);
    assert.equal(refused?.offset, '17');
    assert.equal(refused?.value, null);
    assert.match(String(refused?.headers[REFUSED_HEADER]), /could not be read/);
  });

  it('are put off while others can be read first, so that a fetch stays within the limit', async () => {
    const half = (offset: number): Buffer => bomb(60_000, offset);
    const set = Buffer.concat([half(0), half(1), small(2)]);
    assert.deepEqual(
      (await decodeRecordSet(set, limits)).map(({ offset }) => offset),
      ['0'],
    );
    const after = await decodeRecordSet(Buffer.concat([half(1), small(2)]), limits);
    assert.deepEqual(
      after.map(({ offset }) => offset),
      ['1', '2'],
    );
  });

  it('with more records than the limit, or fewer than they say, are refused', async () => {
    const many = plainBatch(Array.from({ length: 1_001 }, () => ({ key: '', value: '' })));
    assert.deepEqual(
      (await decodeRecordSet(many, limits)).map(({ offset }) => offset),
      ['1000'],
    );
    const short = Buffer.from(small(5));
    short.writeInt32BE(900, 57);
    const [refused] = await decodeRecordSet(short, limits);
    assert.equal(refused?.offset, '5');
    assert.match(String(refused?.headers[REFUSED_HEADER]), /cut off/);
  });

  it('never make the decoder throw, whatever bytes are changed', async () => {
    await fc.assert(
      fc.asyncProperty(
        batches,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 5 }),
        async (records, changes) => {
          const set = Buffer.concat([plainBatch(records), small(records.length)]);
          for (const [at, byte] of changes) set[at % set.length] = byte;
          const decoded = await decodeRecordSet(set, limits);
          assert.ok(decoded.length <= limits.records);
        },
      ),
    );
  });

  it('that hold nothing any more still move the reader on, unseen by handlers', async () => {
    const empty = Buffer.from(small(30).subarray(0, BATCH_HEADER));
    empty.writeInt32BE(BATCH_HEADER - 12, 8);
    empty.writeInt32BE(4, 23);
    empty.writeInt32BE(0, 57);
    const [marker] = await decodeRecordSet(empty);
    assert.equal(marker?.isControlRecord, true);
    assert.equal(marker?.offset, '34');
  });

  it('cannot reach the prototype of what they become by the name of a header', async () => {
    const headers = JSON.parse('{"__proto__": "x", "constructor": "y"}') as Record<string, string>;
    const [record] = await decodeRecordSet(plainBatch([{ key: 'k', value: 'v', headers }]));
    assert.deepEqual(Object.keys(record?.headers ?? {}), ['__proto__', 'constructor']);
    assert.equal(Object.getPrototypeOf(record?.headers), Object.prototype);
  });
});
