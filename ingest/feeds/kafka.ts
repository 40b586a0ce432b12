import { z } from 'zod';
import { type Batch, type Incoming, REFUSED_HEADER } from '../../bus/port.ts';
import { isFields } from '../../core/contract/fields.ts';
import { kafkaKeys } from '../../core/process/config/sections.ts';
import { TiplineError } from '../../core/process/errors.ts';
import {
  defineFeed,
  type FeedContext,
  type FeedRecord,
  type ForeignRecord,
  type ListenContext,
  type ListeningFeed,
  Unreadable,
} from '../feed.ts';
import { type Adoption, adoptionOf, adoptLine, adoptValue } from '../foreign.ts';
import { jsonPaths, parsePath } from '../formats/json-path.ts';
import { LIST_COLUMNS, rowReader } from '../formats/record.ts';
import { commonKeys } from '../settings.ts';
import type { Tally } from '../tally.ts';

/** As Kafka has them. */
const topicName = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,249}$/, 'must be letters, digits, dot, dash or underscore, at most 249');

const path = z
  .string()
  .min(1)
  .max(200)
  .refine((text) => parsePath(text) !== undefined, 'must be a path such as "ip", "data[].ip" or "meta.time"');

const schema = z
  .strictObject({
    ...commonKeys,
    type: z.literal('kafka'),
    brokers: kafkaKeys.brokers.describe('`host:port` of brokers to begin with; the others are learned from them.'),
    client_id: kafkaKeys.client_id.describe('How tipline names itself to the brokers.'),
    tls: kafkaKeys.tls.describe(
      '`true` for TLS with the authorities that Node trusts, or a section with PEM files `ca`, `cert` and `key`.',
    ),
    sasl: kafkaKeys.sasl.describe('`mechanism`, `username` and `password`, when the brokers ask for them.'),
    topic: topicName.describe('The topic to read.'),
    group: topicName
      .optional()
      .describe(
        'The consumer group under which the place in the topic is kept; default: tipline- and the name of the feed.',
      ),
    from: z
      .enum(['earliest', 'latest'])
      .default('earliest')
      .describe('Where a group that never read the topic begins.'),
    columns: z
      .partialRecord(z.enum([...LIST_COLUMNS, 'source']), path)
      .optional()
      .describe('Where each field stands in a record, as dotted paths; without it records are in the form of ioc.raw.'),
  })
  .superRefine(({ columns }, context) => {
    if (columns !== undefined && columns.indicator === undefined) {
      const message = 'must say where the indicator stands, such as "data.ip"';
      context.addIssue({ code: 'custom', path: ['columns', 'indicator'], message });
    }
  });

type KafkaFeed = z.output<typeof schema>;

/**
 * A topic of somebody else's Kafka, each record one JSON object. Its place is a consumer group there, which moves on when the records are on
 * `ioc.raw`. What is no JSON becomes a dead letter. Nobody there speaks for another source, unless the feed says `trust_source: true`.
 */
export const kafka = defineFeed({
  type: 'kafka',
  schema,
  secrets: ['sasl'],
  open: (config, context) => openTopic(config, context),
});

/** Well below the time after which a group gives up a member that says nothing. */
const HEARTBEAT_MS = 3000;

function openTopic(config: KafkaFeed, { openBus }: FeedContext): ListeningFeed {
  const { name, topic, brokers, client_id, tls, sasl, from } = config;
  const group = config.group ?? `tipline-${name}`;

  async function run(context: ListenContext): Promise<void> {
    if (openBus === undefined) {
      throw new TiplineError('FEED_NO_BUS', 'topics are read by "tipline run" alone', { retryable: false });
    }
    const read = readRecords(config, context.tally);
    const bus = await openBus({ feed: name, topic, reach: { brokers, client_id, tls, sasl } });
    const stopped = Promise.withResolvers<void>();
    const stop = (): void => stopped.resolve();
    context.signal.addEventListener('abort', stop, { once: true });
    try {
      const subscription = await bus.consume({
        topic,
        group,
        from,
        handler: (batch) => deliverWhole(batch, read(batch.records), context),
      });
      context.ready(`reads ${topic} of ${bus.description} as ${group}`);
      try {
        if (!context.signal.aborted) await Promise.race([stopped.promise, subscription.closed]);
      } finally {
        await subscription.stop();
      }
    } finally {
      context.signal.removeEventListener('abort', stop);
      await bus.close();
    }
  }

  return { kind: 'listening', run };
}

/**
 * Resolves when the records are on the bus, and so lets their offsets be committed; until then the group is told that we live, however long
 * our own bus is away. When the partition is taken from us meanwhile, the wait ends: whoever has it now reads the records again.
 */
async function deliverWhole(batch: Batch, records: readonly FeedRecord[], context: ListenContext): Promise<void> {
  if (records.length === 0) return;
  const taken = Promise.withResolvers<void>();
  const leave = (): void => taken.resolve();
  const beating = setInterval(() => {
    batch.heartbeat().catch(() => {});
  }, HEARTBEAT_MS);
  batch.signal.addEventListener('abort', leave, { once: true });
  try {
    await Promise.race([context.deliver(records), taken.promise]);
  } finally {
    clearInterval(beating);
    batch.signal.removeEventListener('abort', leave);
  }
}

type ReadRecords = (records: readonly Incoming[]) => FeedRecord[];

function readRecords(config: KafkaFeed, tally: Tally): ReadRecords {
  const adoption = adoptionOf(config, false);
  const readOne = config.columns === undefined ? undefined : mapped(config.columns, adoption, tally);
  return (records) =>
    records.flatMap((record) => {
      if (record.value.length === 0) {
        const refused = record.headers[REFUSED_HEADER];
        if (refused === undefined) tally.skip(record.offset, 'an empty record', 'no_indicator');
        else tally.note(`a batch of ${config.topic} cannot be read: ${refused}`);
        return [];
      }
      const line = adoptLine(record.value, adoption);
      if (line instanceof Unreadable) return [line];
      return (readOne === undefined ? [line] : readOne(line, record)).map((each) => timed(each, record));
    });
}

/** Records of another shape: as many as the path of the indicator leads to. */
function mapped(
  columns: NonNullable<KafkaFeed['columns']>,
  adoption: Adoption,
  tally: Tally,
): (document: ForeignRecord, record: Incoming) => (ForeignRecord | Unreadable)[] {
  const { source, ...fields } = columns;
  const indicator = columns.indicator ?? '';
  const paths = jsonPaths(indicator);
  const read = rowReader(
    Object.fromEntries(Object.entries(fields).map(([field, place]) => [field, paths.cell(place)])),
    undefined,
  );
  const sourceOf = source === undefined ? () => undefined : paths.cell(source);
  return (document, { offset }) => {
    const records: (ForeignRecord | Unreadable)[] = [];
    let places = 0;
    for (const place of paths.places(document)) {
      places += 1;
      const record = read(place);
      if (record === undefined) tally.skip(offset, `no indicator at ${indicator}`, 'no_indicator');
      else records.push(adoptValue({ ...record, source: sourceOf(place) }, adoption));
    }
    if (places === 0) tally.skip(offset, `nothing at ${indicator}`, 'no_indicator');
    return records;
  };
}

/** When a record does not say when it was said, its broker knows; of a topic that is read late, the time of reading would be wrong. */
function timed(record: ForeignRecord | Unreadable, { timestamp }: Incoming): FeedRecord {
  if (record instanceof Unreadable || !isFields(record)) return record;
  if (record.timestamp === undefined && timestamp > 0 && timestamp < 8.64e15) {
    record.timestamp = new Date(timestamp).toISOString();
  }
  return record;
}
