import { fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openKafkaBus } from '../bus/kafka/bus.ts';
import { withPrefix } from '../bus/prefixed.ts';
import { TOPICS } from '../core/contract/topics.ts';
import { configSchema, type KafkaConfig } from '../core/process/config/sections.ts';
import { createHealth } from '../core/process/health.ts';
import { silentLog } from '../core/process/log.ts';
import { startKafka } from '../test/services/kafka.ts';
import { type HardLimit, hardLimit } from './memory/hard-limit.ts';
import { FACTS, INPUTS, type Input } from './memory/inputs.ts';
import type { ReadingCost } from './memory/reading.ts';
import { type BombLine, type Line, MB, table } from './memory/report.ts';
import type { DocumentFacts, SourceOrder } from './memory/source.ts';
import { startSubject } from './memory/subject.ts';
import { start } from './processes.ts';

/**
 * The claim: the ingest process takes inputs of any size in less than 300 MB, and loses nothing of them. The real process, held by the kernel, reads each
 * from a server on loopback and publishes it to a real Kafka; then the reader alone and the bare library beneath read the same stream. Last, gzip
 * bombs, beside a feed that must go on.
 *
 *   npm run bench:memory                                   1 GB each
 *   npm run bench:memory -- --size 100mb --only stix2,bomb
 *   npm run bench:memory -- --profile                      keeps V8 profiles of the readers in bench/out
 */
const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '1gb' },
    limit: { type: 'string', default: '300mb' },
    only: { type: 'string', default: [...INPUTS, 'bomb'].join(',') },
    json: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    'no-ingest': { type: 'boolean', default: false },
  },
});
const SIZE = bytesOf(values.size);
const LIMIT = bytesOf(values.limit);
const only = new Set(values.only.split(','));
const PROGRESS_MS = 10_000;

function bytesOf(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(mb|gb)$/i.exec(text) ?? [];
  if (number === undefined) throw new Error(`${text} is no size; write 1gb or 100mb`);
  return Math.round(Number(number) * (unit?.toLowerCase() === 'gb' ? 1024 ** 3 : MB));
}

const began = performance.now();
function say(text: string): void {
  process.stderr.write(`[${((performance.now() - began) / 1000).toFixed(0).padStart(4)} s] ${text}\n`);
}

const folder = mkdtempSync(join(tmpdir(), 'tipline-bench-memory-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
mkdirSync('bench/out', { recursive: true });
const source = await start('memory/source.ts', {});
const origin = String(source.hello);
const kafka = values['no-ingest'] ? undefined : await startKafka();
say(kafka === undefined ? 'readers alone' : `Kafka ${kafka.version} at ${kafka.brokers[0]}`);

async function onTopic(prefix: string): Promise<number> {
  const config = configSchema.parse({ bus: { kind: 'kafka', brokers: kafka?.brokers } }).bus as KafkaConfig;
  const bus = withPrefix(openKafkaBus(config, { log: silentLog, health: createHealth() }), prefix);
  const count = await bus.lag(TOPICS.raw, 'nobody');
  await bus.close();
  return count;
}

/** A configuration, which as JSON is YAML too. */
function configure(name: string, feeds: readonly Record<string, unknown>[]): string {
  const path = join(folder, `${name}.yaml`);
  const bus = { kind: 'kafka', brokers: kafka?.brokers, prefix: `${name}-` };
  writeFileSync(path, JSON.stringify({ data: `./${name}`, bus, feeds, log: 'info', http: { listen: 'off' } }));
  return path;
}

async function ingest(
  input: Input,
  url: string,
  limit: HardLimit,
): Promise<Pick<Line, 'ingest' | 'exit' | 'onTopic' | 'faults'>> {
  const config = configure(input, [{ name: input, ...FACTS[input].feed(url) }]);
  const subject = startSubject(
    ['run', 'ingest', '--once', '--json', '--feed', input, '--config', config],
    limit,
    join(folder, `${input}.log`),
  );
  const ticking = setInterval(() => say(`${FACTS[input].title}: ingest goes on`), PROGRESS_MS);
  const end = await subject.ended;
  clearInterval(ticking);
  // without the start of the process
  const seconds = await source.ask<number>({ since: input } satisfies SourceOrder);
  const faults: string[] = [];
  if (end.code !== 0) faults.push(`ingest ended with ${end.code}, kills by the kernel: ${limit.kills() ?? 'unknown'}`);
  if (end.rss >= LIMIT) faults.push('its peak is above the limit');
  if (faults.length > 0) process.stderr.write(readFileSync(end.log, 'utf8').split('\n').slice(-12).join('\n'));
  return { ingest: { ...end, seconds }, exit: end.code, onTopic: await onTopic(`${input}-`), faults };
}

/** In a process of its own with the flags of the command. */
function reading(input: Input, url: string, by: 'ours' | 'bare'): Promise<ReadingCost> {
  const profile = values.profile
    ? ['--cpu-prof', '--cpu-prof-dir=bench/out', `--cpu-prof-name=memory-${input}-${by}.cpuprofile`]
    : [];
  const child = fork(fileURLToPath(new URL('memory/reading.ts', import.meta.url)), {
    env: { ...process.env, URL: url, FORMAT: input, WITH: by },
    execArgv: ['--max-semi-space-size=16', ...profile],
  });
  return new Promise((resolve, reject) => {
    child.once('message', (cost) => resolve(cost as ReadingCost));
    child.once('exit', (code) => reject(new Error(`reading ${input} ended with ${code} before it answered`)));
  });
}

async function measure(input: Input, limit: HardLimit): Promise<Line> {
  const { title, library } = FACTS[input];
  const url = `${origin}/${input}?size=${SIZE}`;
  const order: SourceOrder = { document: input, size: SIZE };
  const { records: expected } = await source.ask<DocumentFacts>(order);
  const nothing = {
    ingest: { seconds: Number.NaN, cpu: Number.NaN, rss: Number.NaN },
    exit: 0,
    onTopic: expected,
    faults: [],
  };
  const whole = kafka === undefined ? nothing : await ingest(input, url, limit);
  const faults: string[] = [...whole.faults];
  if (whole.onTopic !== expected) faults.push(`${whole.onTopic} records on the topic, where ${expected} were told`);
  if (kafka !== undefined)
    say(`${title}: ingest ${whole.ingest.seconds.toFixed(1)} s, peak ${Math.round(whole.ingest.rss / MB)} MB`);
  const ours = await reading(input, url, 'ours');
  say(
    `${title}: reader alone ${ours.seconds.toFixed(1)} s, CPU ${ours.cpu.toFixed(1)} s, peak ${Math.round(ours.rss / MB)} MB`,
  );
  if (ours.count !== expected) faults.push(`the reader found ${ours.count} records, where ${expected} were told`);
  const bare = await reading(input, url, 'bare');
  say(
    `${title}: ${library} alone ${bare.seconds.toFixed(1)} s, CPU ${bare.cpu.toFixed(1)} s, peak ${Math.round(bare.rss / MB)} MB`,
  );
  for (const fault of faults) say(`${title}: ${fault}`);
  return { input, title, library, expected, bytes: ours.bytes, ...whole, faults, parse: ours, bare };
}

/** A process that stays: the bombs must end as errors of their feeds, and the list beside them is polled again afterwards. */
async function bombs(limit: HardLimit): Promise<BombLine> {
  const names = ['bomb-once', 'bomb-twice'];
  const list = (name: string, more: object): Record<string, unknown> => ({
    name,
    type: 'http-list',
    url: `${origin}/${name}`,
    ...more,
  });
  const config = configure('bomb', [
    ...names.map((name) => list(name, { max_size: '64GB' })),
    list('neighbour', { every: '1s', snapshot: false }),
  ]);
  const log = join(folder, 'bomb.log');
  const subject = startSubject(['run', 'ingest', '--json', '--config', config], limit, log);
  const asked = (name: string): Promise<number> => source.ask<number>({ asked: name } satisfies SourceOrder);
  const text = (): string => readFileSync(log, 'utf8');
  const endOf = (name: string): string | undefined =>
    text()
      .split('\n')
      .find((line) => line.includes(`"feed":"${name}"`) && /"code":"FEED_[A-Z]+"/.test(line))
      ?.replace(/^.*"code":"(FEED_[A-Z]+)".*$/, '$1');
  const until = async (met: () => Promise<boolean>): Promise<void> => {
    const deadline = performance.now() + 120_000;
    while (subject.running && performance.now() < deadline && !(await met()))
      await new Promise((resolve) => setTimeout(resolve, 100));
  };
  await until(async () => names.every((name) => endOf(name) !== undefined));
  const before = await asked('neighbour');
  await until(async () => (await asked('neighbour')) >= before + 3);
  const after = await asked('neighbour');
  const alive = subject.running;
  subject.stop();
  const end = await subject.ended;
  const ends = Object.fromEntries(names.map((name) => [name, endOf(name) ?? 'nothing']));
  const faults: string[] = [];
  if (!alive) faults.push(`the process ended with ${end.code}`);
  if (Object.values(ends).includes('nothing')) faults.push('a bomb did not end with an error of its feed');
  if (after < before + 3) faults.push('the feed beside them was not polled again');
  const told = await onTopic('bomb-');
  if (told < 1000) faults.push('the feed beside them told nothing');
  for (const fault of faults) say(`bombs: ${fault}`);
  return { ends, rss: end.rss, neighbour: { asked: after, onTopic: told }, faults };
}

const limit = hardLimit(LIMIT);
const lines: Line[] = [];
let bombLine: BombLine | undefined;
try {
  for (const input of INPUTS) if (only.has(input)) lines.push(await measure(input, limit));
  if (only.has('bomb') && kafka !== undefined) bombLine = await bombs(limit);
} finally {
  limit.remove();
  await source.end();
  await kafka?.stop();
}

if (values.json) {
  console.log(
    JSON.stringify({ node: process.version, limit: { bytes: LIMIT, kind: limit.kind }, lines, bombs: bombLine }),
  );
} else {
  if (lines.length > 0) console.log(table(lines, { bytes: LIMIT, kind: limit.kind }));
  if (bombLine !== undefined) {
    const { ends, rss, neighbour } = bombLine;
    const told = Object.entries(ends).map(([name, code]) => `${name} ended with ${code}`);
    console.log(
      `bombs: ${told.join(', ')}; peak ${Math.round(rss / MB)} MB; the list beside them was read ${neighbour.asked} times`,
    );
  }
}
if (lines.some(({ faults }) => faults.length > 0) || (bombLine?.faults.length ?? 0) > 0) process.exitCode = 1;
