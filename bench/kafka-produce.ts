import { createHash } from 'node:crypto';
import { ProduceAcks, Producer, stringSerializers } from '@platformatic/kafka';
import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { openKafkaBus } from '../bus/kafka/bus.ts';
import { createHealth } from '../core/process/health.ts';
import { silentLog } from '../core/process/log.ts';

/**
 * The claims: publishing 1 KB records through the bus costs a fraction of the CPU time that kafkajs's own producer needs, and our own
 * encoder saves more than 15 % of what the producer of @platformatic/kafka needs, over whose connections it writes.
 * CPU seconds of this process per million records, user and system, which survive a busy machine; all three ways in one run, in turns,
 * 1,000 records a request, acknowledged by all in-sync replicas. Prints the median of the rounds, and exits with 1 when a claim does not hold.
 *
 *   TIPLINE_TEST_KAFKA=127.0.0.1:9092 node bench/kafka-produce.ts
 */
const ROUNDS = 5;
const RECORDS = 50_000;
const A_REQUEST = 1_000;
/** Below that an encoder of our own would not be worth its lines. */
const LEAST_SAVED = 0.15;

const brokers = process.env.TIPLINE_TEST_KAFKA?.split(',');
if (brokers === undefined) {
  process.stderr.write('Set TIPLINE_TEST_KAFKA to the brokers to write to, such as 127.0.0.1:9092.\n');
  process.exit(2);
}

const topic = `bench-produce-${process.pid}`;
const records = Array.from({ length: RECORDS }, (_, i) => {
  const key = createHash('sha256').update(`ip\0${i}`).digest('hex').slice(0, 40);
  const indicator = {
    type: 'ipv4-addr',
    ip: `198.51.100.${i % 256}`,
    confidence: 'High',
    description: 'x'.repeat(780),
  };
  return { key, value: JSON.stringify({ id: key, threat: { indicator }, tags: ['malicious', 'botnet'] }) };
});

interface Cost {
  cpuSecondsPerMillion: number;
  recordsPerSecond: number;
}

async function cost(send: (slice: typeof records) => Promise<unknown>): Promise<Cost> {
  const before = process.cpuUsage();
  const start = performance.now();
  for (let at = 0; at < RECORDS; at += A_REQUEST) await send(records.slice(at, at + A_REQUEST));
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(before);
  return { cpuSecondsPerMillion: (user + system) / RECORDS, recordsPerSecond: RECORDS / seconds };
}

function median(costs: readonly Cost[], of: keyof Cost): number {
  const sorted = costs.map((one) => one[of]).sort((a, b) => a - b);
  return sorted[sorted.length >>> 1] ?? Number.NaN;
}

const bus = openKafkaBus(
  {
    kind: 'kafka',
    brokers,
    client_id: 'tipline-bench',
    prefix: '',
    tls: false,
    partitions: 4,
    replication: 1,
    create_topics: true,
    compression: 'none',
  },
  { log: silentLog, health: createHealth() },
);
await bus.createTopics([{ name: topic, retentionMs: 600_000 }]);
const kafka = new Kafka({ clientId: 'tipline-bench', brokers, logLevel: logLevel.NOTHING });
const kafkajs = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
await kafkajs.connect();
const platformatic = new Producer({
  clientId: 'tipline-bench',
  bootstrapBrokers: brokers,
  serializers: stringSerializers,
  autocreateTopics: false,
});

const ways = {
  bus: (slice: typeof records): Promise<unknown> => bus.publish(topic, slice),
  platformatic: (slice: typeof records): Promise<unknown> =>
    platformatic.send({ acks: ProduceAcks.ALL, messages: slice.map(({ key, value }) => ({ topic, key, value })) }),
  kafkajs: (slice: typeof records): Promise<unknown> => kafkajs.send({ topic, acks: -1, messages: slice }),
};
const names = Object.keys(ways) as (keyof typeof ways)[];
const costs: Record<keyof typeof ways, Cost[]> = { bus: [], platformatic: [], kafkajs: [] };
for (const name of names) await cost(ways[name]);
for (let round = 0; round < ROUNDS; round += 1) {
  for (const name of names) costs[name].push(await cost(ways[name]));
}

const admin = kafka.admin();
await admin.connect();
await admin.deleteTopics({ topics: [topic] });
await admin.disconnect();
await kafkajs.disconnect();
await platformatic.close();
await bus.close();

const bytes = Buffer.byteLength(records[0]?.value ?? '');
process.stdout.write(
  `${ROUNDS} rounds of ${RECORDS} records of ${bytes} bytes, Node ${process.versions.node}, medians:\n`,
);
const cpu = (name: keyof typeof ways): number => median(costs[name], 'cpuSecondsPerMillion');
for (const name of names) {
  const rate = Math.round(median(costs[name], 'recordsPerSecond'));
  process.stdout.write(`${name.padEnd(12)} ${cpu(name).toFixed(2)} CPU-s per million, ${rate} records/s\n`);
}
const saved = 1 - cpu('bus') / cpu('platformatic');
process.stdout.write(`kafkajs / bus: ${(cpu('kafkajs') / cpu('bus')).toFixed(1)}\n`);
process.stdout.write(
  `saved against platformatic: ${(saved * 100).toFixed(0)} %, more than ${LEAST_SAVED * 100} % wanted\n`,
);
if (saved <= LEAST_SAVED) process.exitCode = 1;
