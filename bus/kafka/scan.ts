import { ProtocolError } from '@platformatic/kafka';
import type { Located } from '../port.ts';
import type { BusAdmin, Extent } from './admin.ts';
import type { Cluster } from './cluster.ts';
import { busError } from './errors.ts';
import { fetchPartition } from './fetch-request.ts';
import { decodeRecordSet, type FetchedMessage } from './format/decode.ts';
import { toIncoming } from './incoming.ts';
import { connectionTo, topicLayout } from './layout.ts';
import { withoutAborted } from './repairs/aborted.ts';

const FETCH_BYTES = 4 * 1024 ** 2;
const OFFSET_OUT_OF_RANGE = 1;
/** Fetches of half a second each that may bring nothing although there should be something. */
const QUIET_FETCHES = 20;

/**
 * Reads a topic from its beginning to its end as it is now, one partition after another, without a consumer group. Records that
 * retention removes meanwhile are passed over. An outage ends it with an error that says `retryable`.
 */
export async function* scanTopic(cluster: Cluster, admin: BusAdmin, topic: string): AsyncGenerator<Located> {
  const layout = await topicLayout(cluster, topic, true).catch((error: unknown) => {
    throw busError(error, `reading ${topic}`);
  });
  for (const extent of await admin.extents(topic)) yield* scanPartition(extent);

  async function* scanPartition({ partition, low, high }: Extent): AsyncGenerator<Located> {
    let quiet = 0;
    for (let next = low; next < high && quiet < QUIET_FETCHES; ) {
      const fetched = await fetchFrom(partition, next);
      if (fetched === 'gone') {
        const now = (await admin.extents(topic)).find((extent) => extent.partition === partition);
        next = Math.max(next + 1, now?.low ?? high);
        continue;
      }
      quiet = fetched.length === 0 ? quiet + 1 : 0;
      const before = next;
      for (const message of fetched) {
        const offset = Number(message.offset);
        if (offset < next || offset >= high) continue;
        next = offset + 1;
        if (!message.isControlRecord) yield { ...toIncoming(message), topic, partition };
      }
      // Offsets can be missing at the end of a batch: ask for the one after.
      if (next === before && fetched.length > 0) next += 1;
    }
  }

  async function fetchFrom(partition: number, offset: number): Promise<FetchedMessage[] | 'gone'> {
    try {
      const connection = await connectionTo(cluster, layout, partition);
      const from = { topic, partition, offset, maxBytes: FETCH_BYTES };
      const { errorCode, set, aborted } = await fetchPartition(connection, from);
      if (errorCode === OFFSET_OUT_OF_RANGE) return 'gone';
      if (errorCode !== 0) throw new ProtocolError(errorCode);
      return withoutAborted({ messages: await decodeRecordSet(set), abortedTransactions: aborted });
    } catch (error) {
      throw busError(error, `reading ${topic}`);
    }
  }
}
