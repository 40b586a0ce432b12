import { createHash } from 'node:crypto';
import type { Incoming } from '../bus/port.ts';
import type { Indicator } from '../core/indicator/type.ts';
import { readBatch } from '../enrich/group.ts';
import { type BenignValues, createBenignValues, NOTHING_BENIGN } from '../enrich/lists/warning/benign-values.ts';
import { addList, emptySorted } from '../enrich/lists/warning/compile.ts';
import { createExceptions } from '../enrich/lists/warning/exceptions.ts';
import { type ListType, readWarningList } from '../enrich/lists/warning/read-list.ts';
import { plan } from '../enrich/plan.ts';
import { createSheets } from '../enrich/sheet.ts';
import { plainPlanner } from '../test/enrich/plain-planner.ts';
import { makeEvents } from './events.ts';

/**
 * The claim: a look-up among 300,000 entries takes microseconds at most, and adds little to what an event costs anyhow. Prints the memory and the
 * time that the lists take, microseconds a look-up by kind, and the CPU of the pure middle of the enricher with lists and without, in turn.
 *
 *   node bench/warning-lists.ts
 */
const ENTRIES = Number(process.env.BENCH_ENTRIES ?? 300_000);
const COUNT = Number(process.env.BENCH_EVENTS ?? 100_000);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const BATCH = 1000;

const name = (n: number): string => `${createHash('md5').update(String(n)).digest('hex').slice(0, 12)}.com`;
const address = (n: number): string => `${20 + (n % 100)}.${(n >> 8) & 255}.${(n * 7) & 255}.${(n * 13) & 255}`;

/** Entries in the shares that MISP's collection has; substrings and regular expressions where they are asked for. */
function lists(withPatterns: boolean): BenignValues {
  const share = (part: number): number[] => Array.from({ length: Math.round(ENTRIES * part) }, (_, n) => n);
  const all: [ListType, string[]][] = [
    ['string', share(0.5).map((n) => (n % 2 === 0 ? name(n) : createHash('sha256').update(String(n)).digest('hex')))],
    ['hostname', share(0.2).map((n) => name(n + 10_000_000))],
    ['cidr', share(0.3).map((n) => (n % 3 === 0 ? address(n) : `${address(n)}/${16 + (n % 16)}`))],
  ];
  if (withPatterns) {
    all.push(['substring', Array.from({ length: 8_000 }, (_, n) => `.${name(n + 20_000_000)}`)]);
    all.push(['regex', Array.from({ length: 50 }, (_, n) => `/(^|\\.)host${n}[a-z]+\\.example\\.(com|net)$/i`)]);
  }
  const sorted = emptySorted();
  for (const [type, list] of all) {
    const read = readWarningList(JSON.stringify({ name: type, type, list }), `${type}.json`, type);
    if (read.list !== undefined)
      for (const problems of addList(sorted, read.list)) console.assert(problems.length === 0);
  }
  return createBenignValues(sorted, { exceptions: createExceptions([]), wholeHosts: new Set() });
}

const memory = (): number => {
  global.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / 1024 ** 2;
};

const before = memory();
const started = performance.now();
const plain = lists(false);
const ms = performance.now() - started;
console.log(
  `${plain.entries} entries: read in ${ms.toFixed(0)} ms${global.gc === undefined ? '' : `, ${(memory() - before).toFixed(1)} MB`}`,
);
const patterned = lists(true);

const questions: Readonly<Record<string, (n: number) => Indicator>> = {
  'address, not listed': (n) => ({ type: 'ip', value: `200.${n & 255}.${(n * 3) & 255}.9` }),
  'address, listed': (n) => ({ type: 'ip', value: address((n * 3) % (ENTRIES * 0.3)) }),
  'domain of three labels, not listed': (n) => ({ type: 'domain', value: `www.n${n}.net` }),
  'domain below a listed one': (n) => ({ type: 'domain', value: `www.${name((n % 1000) + 10_000_000)}` }),
  'URL with a path': (n) => ({ type: 'url', value: `http://www.n${n}.net/a/b/c.php?q=${n}` }),
  'hash, not listed': (n) => ({ type: 'sha256', value: n.toString(16).padStart(64, 'a') }),
};
for (const [what, ask] of Object.entries(questions)) {
  const asked = Array.from({ length: 20_000 }, (_, n) => ask(n));
  const cost = (values: BenignValues): string => {
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 5; round += 1) {
      const from = process.cpuUsage();
      for (const indicator of asked) values.listOf(indicator);
      best = Math.min(best, used(from) / asked.length);
    }
    return best.toFixed(2).padStart(6);
  };
  console.log(`${what.padEnd(36)} ${cost(plain)} us   with 8,000 substrings and 50 expressions ${cost(patterned)} us`);
}

const nowhere = plainPlanner();
const now = Date.UTC(2026, 10, 24, 6, 2, 0);
const records = makeEvents(COUNT, 'new').map(
  ({ key, value }, offset): Incoming => ({ key, value: Buffer.from(value), offset, timestamp: now, headers: {} }),
);
const sheets = createSheets();

/** Microseconds of CPU an event, read and planned. */
function middle(benign: BenignValues): number {
  const from = process.cpuUsage();
  for (let at = 0; at < records.length; at += BATCH) {
    const batch = {
      topic: 'ioc.raw',
      partition: 0,
      records: records.slice(at, at + BATCH),
      heartbeat: async () => {},
      signal: AbortSignal.abort(),
    };
    const { groups } = readBatch(batch, { earliest: 0, latest: Number.MAX_SAFE_INTEGER, headersSince: 0 }, () => false);
    const sheet = sheets.take();
    for (const group of groups.values()) plan(group, undefined, { ...nowhere, benign }, sheet, now);
    sheets.giveBack(sheet);
  }
  return used(from) / COUNT;
}

const kinds: [string, BenignValues][] = [
  ['without lists', NOTHING_BENIGN],
  ['with lists', plain],
  ['and patterns', patterned],
];
const costs = kinds.map((): number[] => []);
for (let round = 0; round < ROUNDS; round += 1)
  for (const [at, [, values]] of kinds.entries()) costs[at]?.push(middle(values));
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
const base = median(costs[0] ?? []);
for (const [at, [what]] of kinds.entries()) {
  const cost = median(costs[at] ?? []);
  console.log(`pure middle ${what.padEnd(14)} ${cost.toFixed(2)} us an event, ratio ${(cost / base).toFixed(3)}`);
}

function used(from: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(from);
  return user + system;
}
