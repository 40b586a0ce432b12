import { createHash } from 'node:crypto';
import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { openKafkaBus } from '../bus/kafka/bus.ts';
import { createHealth } from '../core/process/health.ts';
import { silentLog } from '../core/process/log.ts';

/**
 * The claim: publishing 1 KB records through the bus costs a fraction of the CPU time that kafkajs's own producer needs.
 * CPU seconds of this process per million records, user and system, which survive a busy machine; both ways in one run, in turns,
 * 1,000 records a request, acknowledged by all in-sync replicas. Prints the median of the rounds.
 *
 *   TIPLINE_TEST_KAFKA=127.0.0.1:9092 node bench/kafka-produce.ts
 */
const ROUNDS = 5;
const RECORDS = 50_000;
const A_REQUEST = 1_000;

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

const ways = {
  bus: (slice: typeof records): Promise<unknown> => bus.publish(topic, slice),
  kafkajs: (slice: typeof records): Promise<unknown> => kafkajs.send({ topic, acks: -1, messages: slice }),
};
const costs: Record<keyof typeof ways, Cost[]> = { bus: [], kafkajs: [] };
await cost(ways.bus);
await cost(ways.kafkajs);
for (let round = 0; round < ROUNDS; round += 1) {
  costs.bus.push(await cost(ways.bus));
  costs.kafkajs.push(await cost(ways.kafkajs));
}

const admin = kafka.admin();
await admin.connect();
await admin.deleteTopics({ topics: [topic] });
await admin.disconnect();
await kafkajs.disconnect();
await bus.close();

const bytes = Buffer.byteLength(records[0]?.value ?? '');
process.stdout.write(
  `${ROUNDS} rounds of ${RECORDS} records of ${bytes} bytes, Node ${process.versions.node}, medians:\n`,
);
for (const [name, measured] of Object.entries(costs)) {
  const cpu = median(measured, 'cpuSecondsPerMillion').toFixed(2);
  const rate = Math.round(median(measured, 'recordsPerSecond'));
  process.stdout.write(`${name.padEnd(8)} ${cpu} CPU-s per million, ${rate} records/s\n`);
}
const ratio = median(costs.kafkajs, 'cpuSecondsPerMillion') / median(costs.bus, 'cpuSecondsPerMillion');
process.stdout.write(`kafkajs / bus: ${ratio.toFixed(1)}\n`);
