import { ProtocolError } from '@platformatic/kafka';
import type { Located } from '../port.ts';
import type { BusAdmin } from './admin.ts';
import type { Cluster } from './cluster.ts';
import { busError } from './errors.ts';
import { fetchPartition } from './fetch-request.ts';
import { decodeRecordSet } from './format/decode.ts';
import { toIncoming } from './incoming.ts';
import { connectionTo, topicLayout } from './layout.ts';

const FETCH_BYTES = 4 * 1024 ** 2;
const OFFSET_OUT_OF_RANGE = 1;

/**
 * Reads a topic from its beginning to its end as it is now, one partition after another, without a consumer group. Records that
 * retention removes meanwhile are passed over. An outage ends it with an error that says `retryable`.
 */
export async function* scanTopic(cluster: Cluster, admin: BusAdmin, topic: string): AsyncGenerator<Located> {
  const layout = await topicLayout(cluster, topic, true).catch((error: unknown) => {
    throw busError(error, `reading ${topic}`);
  });
  for (const { partition, low, high } of await admin.extents(topic)) {
    let next = low;
    while (next < high) {
      const fetched = await fetchFrom(partition, next);
      if (fetched === 'gone') {
        const now = (await admin.extents(topic)).find((extent) => extent.partition === partition);
        next = Math.max(next + 1, now?.low ?? high);
        continue;
      }
      const before = next;
      for (const message of fetched) {
        const offset = Number(message.offset);
        if (offset < next || offset >= high) continue;
        next = offset + 1;
        if (!message.isControlRecord) yield { ...toIncoming(message), topic, partition };
      }
      // Offsets can be missing at the end of a batch: ask for the one after.
      if (next === before) next += 1;
    }
  }

  async function fetchFrom(
    partition: number,
    offset: number,
  ): Promise<Awaited<ReturnType<typeof decodeRecordSet>> | 'gone'> {
    try {
      const connection = await connectionTo(cluster, layout, partition);
      const { errorCode, set } = await fetchPartition(connection, { topic, partition, offset, maxBytes: FETCH_BYTES });
      if (errorCode === OFFSET_OUT_OF_RANGE) return 'gone';
      if (errorCode !== 0) throw new ProtocolError(errorCode);
      return await decodeRecordSet(set);
    } catch (error) {
      throw busError(error, `reading ${topic}`);
    }
  }
}
