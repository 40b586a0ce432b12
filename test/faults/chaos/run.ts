import { appendFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Lab, openLab } from '../../e2e/lab.ts';
import { startElasticsearch } from '../../services/elasticsearch.ts';
import { freePort } from '../../services/free-port.ts';
import { startKafka } from '../../services/kafka.ts';
import { until } from '../../services/wait.ts';
import { cast } from './cast.ts';
import { differences } from './compare.ts';
import { nextFault } from './faults.ts';
import { createModel, type Model } from './model.ts';
import { createRandom, type Random } from './random.ts';
import { asRecord, createTeller, LISTABLE, listedName, type Sender } from './statements.ts';

export interface ChaosResult {
  readonly seed: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly statements: Readonly<Record<Sender, number>>;
  readonly crashes: readonly string[];
  /** Empty when all is as the model has it. */
  readonly differences: readonly string[];
  readonly settledAfterMs: number;
}

const TOKEN = 'chaos-chaos-chaos';
/** A dead process's leases have to run out, and what waited long is tried rarely. */
const SETTLE_MS = 240_000;

/** Six processes, two servers and three feeds under random faults for a while; then all must be as if nothing had happened. */
export async function runChaos(seed: number, ms: number, say: (line: string) => void): Promise<ChaosResult> {
  const random = createRandom(seed);
  const [kafka, elasticsearch] = await Promise.all([startKafka(), startElasticsearch()]);
  const lab = await openLab({ kafka: kafka.brokers, elasticsearch: elasticsearch.url });
  const model = createModel();
  const list = await serveList(random, model);
  const push = await freePort();
  lab.configure({
    feeds: [
      { name: 'vetted', type: 'file', path: './vetted.jsonl', look_every: '100ms' },
      { name: 'push', type: 'http-push', listen: `127.0.0.1:${push}`, token: TOKEN },
      {
        name: 'listed',
        type: 'http-list',
        url: list.url,
        format: 'lines',
        every: '2s',
        confidence: 95,
        severity: 90,
        tags: ['malicious'],
        revoke_on_absence: true,
        checks: false,
      },
    ],
    enrich: { geo: { default: 'off' } },
    alerting: { first_wait: '1s', quiet: '1s', max_rows: 1000 },
    responder: { name: 'fw1', max_new_per_minute: 100_000 },
  });
  const setUp = await lab.run(['setup']);
  if (setUp.code !== 0) throw new Error(`setup: ${setUp.stderr}`);
  const players = [
    cast(lab, 'ingest', ['ingest']),
    cast(lab, 'enrich one', ['enrich']),
    cast(lab, 'enrich two', ['enrich']),
    cast(lab, 'alerting', ['alerting']),
    cast(lab, 'responder', ['responder']),
    cast(lab, 'audit', ['audit']),
  ];

  const over = performance.now() + ms;
  const speaking = speak(lab, `http://127.0.0.1:${push}/v1/indicators`, createRandom(seed + 1), model, over);
  const faults: Record<string, number> = {};
  try {
    while (performance.now() < over) {
      await sleep(500 + random.below(2_500));
      const fault = nextFault(random, { lab, players, servers: { Kafka: kafka, Elasticsearch: elasticsearch } });
      const kind = fault.name.replace(/ for [\d.]+ s$/, '');
      faults[kind] = (faults[kind] ?? 0) + 1;
      say(`${((ms - over + performance.now()) / 1000).toFixed(0)} s: ${fault.name}`);
      await fault.strike();
    }
    const statements = await speaking;
    list.freeze();
    say('all is well again; waiting for what must stand');
    const calm = performance.now();
    let last: string[] = [];
    await until(
      async () => {
        last = await differences(lab, model.expected());
        return last.length === 0;
      },
      { what: 'what must stand', timeout: SETTLE_MS, every: 2_000 },
    ).catch((error: unknown) => {
      if (last.length === 0) throw error;
    });
    const settledAfterMs = performance.now() - calm;
    for (const player of players) await player.stop();
    return {
      seed,
      faults,
      statements,
      crashes: players.flatMap(({ crashes }) => crashes),
      differences: last,
      settledAfterMs,
    };
  } finally {
    list.server.close();
    await lab.close();
    await Promise.all([kafka.stop(), elasticsearch.stop()]);
  }
}

/** Appends to the file and posts until the time is up; a post is repeated until it is taken, as a good client does. */
async function speak(
  lab: Lab,
  url: string,
  random: Random,
  model: Model,
  over: number,
): Promise<Record<Sender, number>> {
  const tell = createTeller(random);
  const counts = { vetted: 0, push: 0 };
  while (performance.now() < over) {
    let lines = '';
    for (let n = random.below(12); n > 0; n -= 1) {
      const statement = tell('vetted');
      model.says('vetted', statement);
      lines += `${asRecord(statement, 'vetted')}\n`;
      counts.vetted += 1;
    }
    if (random.next() < 0.02) {
      const indicator = `no address, line ${counts.vetted}`;
      model.broken(indicator);
      lines += `${JSON.stringify({ indicator })}\n`;
    }
    appendFileSync(join(lab.folder, 'vetted.jsonl'), lines);

    if (random.next() < 0.2) {
      const statement = tell('push');
      model.says('push', statement);
      await post(url, asRecord(statement, 'partner'));
      counts.push += 1;
    }
    await sleep(100);
  }
  return counts;
}

async function post(url: string, body: string): Promise<void> {
  await until(
    async () => {
      const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
      const response = await fetch(url, { method: 'POST', body, headers, signal: AbortSignal.timeout(20_000) });
      await response.arrayBuffer();
      return response.status === 202;
    },
    { what: 'a post to be taken', timeout: SETTLE_MS, every: 250 },
  );
}

interface ListServer {
  readonly url: string;
  readonly server: Server;
  /** What it holds now it holds to the end. */
  freeze(): void;
}

/** A list whose members come and go, a few with every request. */
async function serveList(random: Random, model: Model): Promise<ListServer> {
  const members = new Set(Array.from({ length: LISTABLE / 2 }, (_, n) => listedName(n)));
  let frozen = false;
  model.lists(members);
  const server = createServer((_, response) => {
    for (let n = 0; n < 3 && !frozen; n += 1) {
      const member = listedName(random.below(LISTABLE));
      if (!members.delete(member)) members.add(member);
    }
    response.end([...members].map((member) => `${member}\n`).join(''));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/list.txt`,
    server,
    freeze() {
      frozen = true;
    },
  };
}
