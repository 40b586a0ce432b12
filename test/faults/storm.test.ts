import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ALERTING_GROUP } from '../../alerting/worker.ts';
import type { Outgoing } from '../../bus/port.ts';
import type { Summary } from '../../cli/run/summary.ts';
import { TOPICS } from '../../core/contract/topics.ts';
import { type Lab, openLab } from '../e2e/lab.ts';
import { type MailServer, type ReceivedMail, startSmtp } from '../services/smtp.ts';
import { until } from '../services/wait.ts';

const ALERTS = Number(process.env.TIPLINE_STORM_ALERTS ?? 10_000);
const ROWS = 50;
/** Of each kind that must not be told of. */
const QUIET = 50;

interface Statement {
  indicator: string;
  confidence: number;
  severity: number;
  [field: string]: unknown;
}

/** Scores from 81 to 100; the first fifty are the worst. */
function loud(count: number): Statement[] {
  return Array.from({ length: count }, (_, n) => {
    const score = n < ROWS ? 100 : 81 + (n % 19);
    return { indicator: `45.${n >> 16}.${(n >> 8) & 255}.${n & 255}`, confidence: score, severity: score };
  });
}

/** What nobody is to be mailed about, each kind in a network of its own. */
function quiet(wave: number): Statement[] {
  const sure = { confidence: 100, severity: 100 };
  return Array.from({ length: QUIET }, (_, n): Statement[] => [
    { indicator: `91.1.${wave}.${n}`, ...sure, note: 'on the allow list' },
    { indicator: `91.2.${wave}.${n}`, ...sure, valid_until: new Date(Date.now() - 60_000).toISOString() },
    { indicator: `91.3.${wave}.${n}`, ...sure, composite: true },
    { indicator: `91.4.${wave}.${n}`, confidence: 80, severity: 80, note: 'not above 80' },
    { indicator: `91.5.${wave}.${n}`, ...sure, revoked: true },
    // two half-sure sources do not add up to one that is sure
    { indicator: `91.6.${wave}.${n}`, confidence: 100, severity: 0, source: 'sure of it' },
    { indicator: `91.6.${wave}.${n}`, confidence: 0, severity: 100, source: 'afraid of it' },
  ]).flat();
}

function asRecords(statements: readonly Statement[]): Outgoing[] {
  return statements.map((statement) => ({
    key: statement.indicator,
    value: JSON.stringify({ source: 'storm', tags: ['malicious'], ...statement }),
  }));
}

/** The values of the rows that a mail shows, as they are outside of mails. */
function rowsOf({ mail }: ReceivedMail): string[] {
  return [...(mail.text ?? '').matchAll(/^ *\d+\. \[\d+\] (\S+)$/gm)].map((match) =>
    (match[1] ?? '').replaceAll('[.]', '.'),
  );
}

function assertStorm(mail: ReceivedMail | undefined): void {
  assert.ok(mail);
  const total = ALERTS.toLocaleString('en-US');
  assert.equal(mail.mail.subject, `tipline: ${total} indicators above 80, worst 100: 45[.]0[.]0[.]0`);
  assert.match(mail.mail.text ?? '', new RegExp(`^Alerts +${total} new$`, 'm'));
  assert.match(mail.mail.text ?? '', new RegExp(`^Types +ip ${total}$`, 'm'));
  assert.match(mail.mail.text ?? '', new RegExp(`Listed are the ${ROWS} with the highest score of ${total}\\.`));
  const worst = loud(ROWS).map(({ indicator }) => indicator);
  assert.deepEqual(new Set(rowsOf(mail)), new Set(worst), 'the worst, each once');
  assert.equal(rowsOf(mail).length, ROWS);
  assert.doesNotMatch(mail.raw.toString(), /91\[\.\]\d/);
}

describe(`a storm of ${ALERTS.toLocaleString('en')} alerts, all on the topic before alerting starts`, () => {
  let lab: Lab;
  let server: MailServer;

  /** A lab whose topic holds the storm, mixed with what is quiet. */
  async function gather(): Promise<void> {
    server = await startSmtp();
    lab = await openLab();
    const allow = join(lab.folder, 'allow.txt');
    writeFileSync(allow, '91.1.0.0/16\n');
    lab.configure({
      enrich: { geo: { default: 'off' }, allow: [allow] },
      alerting: {
        first_wait: '2s',
        quiet: '3s',
        email: { smtp: server.url, from: 'tipline@example.org', to: ['security@example.org', 'second@example.org'] },
      },
    });
    assert.equal((await lab.run(['setup'])).code, 0);
    await lab.bus.publish(TOPICS.raw, asRecords([...quiet(0), ...loud(ALERTS), ...quiet(1)]));
    await enrich(ALERTS + 2 * 6 * QUIET);
  }

  async function enrich(expected: number): Promise<void> {
    const { code, stdout, stderr } = await lab.run(['run', 'enrich', '--once', '--json']);
    assert.equal(code, 0, stderr);
    assert.equal((JSON.parse(stdout) as Summary).current, expected);
  }

  async function outbox(): Promise<unknown> {
    return JSON.parse((await lab.run(['status', '--json'])).stdout).alerts;
  }

  describe('that goes on running', () => {
    before(gather);
    after(async () => {
      await lab?.close();
      await server?.stop();
    });

    it('sends one mail with all of it', async () => {
      const started = performance.now();
      const running = lab.start(['run', 'alerting', '--json']);
      await server.waitFor(1, 120_000);
      console.log(`mailed ${((performance.now() - started) / 1000).toFixed(1)} s after the start`);
      assertStorm(server.mails[0]);
      assert.deepEqual(server.mails[0]?.to, ['security@example.org', 'second@example.org']);

      // What is quiet stays quiet; the one that is loud comes with a mail of its own, and with nothing else.
      await lab.bus.publish(TOPICS.raw, asRecords(quiet(2)));
      await enrich(6 * QUIET);
      await until(async () => (await lab.bus.lag(TOPICS.enriched, ALERTING_GROUP)) === 0, {
        what: 'alerting to catch up',
        timeout: 30_000,
      });
      await lab.bus.publish(TOPICS.raw, asRecords([{ indicator: '46.0.0.1', confidence: 90, severity: 90 }]));
      await enrich(1);
      await server.waitFor(2, 60_000);
      assert.equal(server.mails[1]?.mail.subject, 'tipline: 1 indicator above 80, worst 90: 46[.]0[.]0[.]1');

      running.child.kill('SIGTERM');
      const { code, stdout, stderr } = await running.ended;
      assert.equal(code, 0, stderr);
      const { alerts, mails } = JSON.parse(stdout) as Summary;
      assert.deepEqual({ alerts, mails }, { alerts: ALERTS + 1, mails: 2 });
      assert.equal(server.mails.length, 2);
      assert.deepEqual(await outbox(), { rows: ALERTS + 1, pending: 0, mails: 2, unsent: 0 });
    });
  });

  describe('with --once', () => {
    before(gather);
    after(async () => {
      await lab?.close();
      await server?.stop();
    });

    it('sends one mail with all of it, and none when it is run again', async () => {
      for (const expected of [
        { alerts: ALERTS, mails: 1 },
        { alerts: 0, mails: 0 },
      ]) {
        const { code, stdout, stderr } = await lab.run(['run', 'alerting', '--once', '--json']);
        assert.equal(code, 0, stderr);
        const { alerts, mails } = JSON.parse(stdout) as Summary;
        assert.deepEqual({ alerts, mails }, expected);
      }
      assert.equal(server.mails.length, 1);
      assertStorm(server.mails[0]);
      assert.deepEqual(await outbox(), { rows: ALERTS, pending: 0, mails: 1, unsent: 0 });
    });
  });
});
