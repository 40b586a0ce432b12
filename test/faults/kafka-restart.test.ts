import assert from 'node:assert/strict';
import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Summary } from '../../cli/run/summary.ts';
import { TOPICS } from '../../core/contract/topics.ts';
import { type Lab, openLab } from '../e2e/lab.ts';
import { freePort } from '../services/free-port.ts';
import { type KafkaServer, startKafka } from '../services/kafka.ts';
import { until } from '../services/wait.ts';

const OUTAGES = Number(process.env.TIPLINE_FAULT_OUTAGES ?? 2);
const LINES_AT_ONCE = 20;
const EVERY_MS = 100;
/** How long the broker stays away. */
const AWAY_MS = 3_000;
const PATIENCE = 90_000;

interface Report {
  ready: boolean;
  parts: Record<string, { state: string; detail?: string }>;
}

describe('Kafka is killed and comes back while everything runs', () => {
  let kafka: KafkaServer;
  let lab: Lab;
  let port: number;
  let lines = 0;
  let growing = true;

  before(async () => {
    kafka = await startKafka();
    lab = await openLab({ kafka: kafka.brokers });
    port = await freePort();
    lab.configure({
      feeds: [{ name: 'drop', type: 'file', path: './drop.jsonl', look_every: '100ms' }],
      enrich: { geo: { default: 'off' } },
      alerting: { first_wait: '1s', quiet: '1s', max_rows: 1000 },
      responder: { name: 'fw1', max_new_per_minute: 100_000 },
      http: { listen: `127.0.0.1:${port}` },
    });
    append();
  });
  after(async () => {
    growing = false;
    await lab?.close();
    await kafka?.stop();
  });

  /** One more piece of the file: every tenth line is above the threshold, all can be blocked. */
  function append(): void {
    const piece = Array.from({ length: LINES_AT_ONCE }, () => {
      const n = lines++;
      const indicator = `45.${20 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`;
      const severity = n % 10 === 0 ? 95 : 20;
      return `${JSON.stringify({ indicator, source: 'drop', confidence: 90, severity, tags: ['malicious'] })}\n`;
    });
    appendFileSync(join(lab.folder, 'drop.jsonl'), piece.join(''));
  }

  async function grow(): Promise<void> {
    while (growing) {
      append();
      await sleep(EVERY_MS);
    }
  }

  async function ready(): Promise<Report> {
    return (await (await fetch(`http://127.0.0.1:${port}/readyz`)).json()) as Report;
  }

  it('loses nothing, lives on, and says so', async () => {
    const running = lab.start(['run', '--json']);
    let over = false;
    void running.ended.then(() => {
      over = true;
    });
    const alive = (): void => assert.ok(!over, 'the process lives');
    await until(async () => (await ready()).ready, { what: 'tipline to be ready', timeout: PATIENCE });
    const grown = grow();

    for (let outage = 1; outage <= OUTAGES; outage += 1) {
      const before = await lab.count('threat_intel_current');
      await until(async () => (await lab.count('threat_intel_current')) > before, {
        what: 'documents to come in',
        timeout: PATIENCE,
      });
      await kafka.kill();
      const { parts } = await until(
        async () => {
          const report = await ready();
          return !report.ready && report.parts.bus?.state === 'down' && report;
        },
        { what: 'health to say that Kafka is away', timeout: PATIENCE },
      );
      assert.notEqual(parts.bus?.detail, '', 'it says what is wrong');
      assert.equal((await fetch(`http://127.0.0.1:${port}/healthz`)).status, 200);
      await sleep(AWAY_MS);
      alive();
      await kafka.start();
      const back = performance.now();
      await until(async () => (await ready()).ready, { what: `health after outage ${outage}`, timeout: PATIENCE });
      console.log(`outage ${outage}: all well ${((performance.now() - back) / 1000).toFixed(1)} s after Kafka is back`);
    }

    growing = false;
    await grown;
    await until(async () => (await lab.count('threat_intel_current')) === lines, {
      what: `all ${lines} lines to be indexed`,
      timeout: PATIENCE,
      every: 250,
    });
    const alerts = Math.ceil(lines / 10);
    await until(
      async () => {
        // a plan for each line, and the mails
        return (await lab.count('threat_actions-*', { term: { verb: 'block' } })) === lines;
      },
      { what: 'all actions to be filed', timeout: PATIENCE, every: 250 },
    );
    await until(async () => mailed() === alerts, {
      what: `${alerts} alerts to be mailed`,
      timeout: PATIENCE,
      every: 250,
    });
    alive();
    running.child.kill('SIGTERM');
    // a connection that outlived its broker must not keep the process
    await until(() => over, { what: 'the process to end', timeout: 30_000 });
    const { code, stdout, stderr } = await running.ended;
    assert.equal(code, 0, stderr);

    const summary = JSON.parse(stdout) as Summary;
    assert.deepEqual(
      { current: summary.current, dlq: summary.dlq, alerts: summary.alerts, planned: summary.blocks.planned },
      { current: lines, dlq: 0, alerts, planned: lines },
      'each once, whatever was read twice',
    );
    assert.equal(await lab.count('threat_intel-*'), lines);
    for await (const letter of lab.bus.scan(TOPICS.deadLetters)) assert.fail(`dead letter: ${letter.value.toString()}`);
    console.log(`${lines} lines through ${OUTAGES} outages`);
  });

  /** How many indicators the mails speak of, by their subjects. */
  function mailed(): number {
    const folder = join(lab.folder, 'data/mail');
    const counts = readdirSync(folder).map((name) => {
      const mail = readFileSync(join(folder, name), 'utf8');
      return Number(/^Subject: .*?([\d,]+) indicators? above/m.exec(mail)?.[1]?.replaceAll(',', ''));
    });
    return counts.reduce((sum, count) => sum + count, 0);
  }
});
