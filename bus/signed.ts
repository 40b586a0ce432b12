import { createHmac, timingSafeEqual } from 'node:crypto';
import { UNSIGNED_HEADER } from '../core/contract/topics.ts';
import { type Batch, type Bus, type Incoming, type Outgoing, REFUSED_HEADER } from './port.ts';

const SIGNATURE_HEADER = 'signature';

export interface Signing {
  /** Signs what is published. */
  readonly key: string;
  /** Keys of before, which are still believed while records signed with them are on the topics. */
  readonly before: readonly string[];
  /** The topics on which records are signed, and believed only then. */
  readonly topics: ReadonlySet<string>;
}

/**
 * A bus that signs what it publishes on certain topics (HMAC-SHA256, RFC 2104, over topic, key, headers and value) and takes the headers from
 * what comes without a right signature, so that it speaks for nobody. A signature says who wrote a record, not when: an old one that is
 * published again is a repeat, which readers know how to ignore.
 */
export function withSignatures(bus: Bus, { key, before, topics }: Signing): Bus {
  const known = [key, ...before];

  const signed = (topic: string, record: Outgoing): Outgoing => ({
    ...record,
    headers: {
      ...record.headers,
      [SIGNATURE_HEADER]: signatureOf(key, topic, record.key, record.headers ?? {}, record.value),
    },
  });

  const believed = <T extends Incoming>(topic: string, record: T): T => {
    const { [SIGNATURE_HEADER]: signature, ...headers } = record.headers;
    const refused = headers[REFUSED_HEADER];
    // stands in for what could not be read; others can write that header too, so nothing beside the reason is taken
    if (refused !== undefined) {
      return { ...record, value: Buffer.alloc(0), headers: { [REFUSED_HEADER]: refused, [UNSIGNED_HEADER]: '1' } };
    }
    const right = known.some((each) =>
      equal(signature, () => signatureOf(each, topic, record.key ?? '', headers, record.value)),
    );
    return { ...record, headers: right ? headers : { [UNSIGNED_HEADER]: '1' } };
  };

  return {
    ...bus,
    publish: (topic, records) =>
      bus.publish(topic, topics.has(topic) ? records.map((record) => signed(topic, record)) : records),
    consume: (options) => {
      const { topic } = options;
      if (!topics.has(topic)) return bus.consume(options);
      const handler = (batch: Batch): Promise<void> =>
        options.handler({
          topic,
          partition: batch.partition,
          records: batch.records.map((record) => believed(topic, record)),
          signal: batch.signal,
          heartbeat: () => batch.heartbeat(),
        });
      return bus.consume({ ...options, handler });
    },
    async *scan(topic) {
      for await (const record of bus.scan(topic)) yield topics.has(topic) ? believed(topic, record) : record;
    },
  };
}

function equal(told: string | undefined, expected: () => string): boolean {
  const signature = Buffer.from(told ?? '');
  return signature.length === SIGNATURE_LENGTH && timingSafeEqual(signature, Buffer.from(expected()));
}

/** 32 bytes in base64url. */
const SIGNATURE_LENGTH = 43;

function signatureOf(
  secret: string,
  topic: string,
  key: string,
  headers: Readonly<Record<string, string>>,
  value: string | Buffer,
): string {
  // as JSON on a line of its own: no two records come out as the same bytes
  const names = Object.keys(headers).sort();
  const head = [topic, key, ...names.flatMap((name) => [name, headers[name] ?? ''])];
  return createHmac('sha256', secret).update(JSON.stringify(head)).update('\n').update(value).digest('base64url');
}
