import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Action } from '../../core/contract/action.ts';
import type { EnrichedDocument } from '../../core/contract/enriched-document.ts';
import { FEED_HEADER } from '../../core/contract/raw-indicator.ts';
import { TOPICS } from '../../core/contract/topics.ts';
import { ENRICH_GROUP } from '../../enrich/worker.ts';
import { steadyStates } from '../cli/rebuild/statements.ts';
import { type Lab, openLab } from '../e2e/lab.ts';
import { type MailServer, startSmtp } from '../services/smtp.ts';
import { until } from '../services/wait.ts';

/** Indicators that are there before, of each kind. */
const KIND = Number(process.env.TIPLINE_FAULT_REBUILD ?? 200);
const PATIENCE = 180_000;
const DAY = 86_400_000;

interface Scene {
  lab: Lab;
  server: MailServer;
}

async function withScene(work: (scene: Scene) => Promise<void>): Promise<void> {
  const server = await startSmtp();
  const lab = await openLab();
  try {
    lab.configure({
      enrich: { batch: 200, geo: { default: 'off' } },
      alerting: {
        first_wait: '1s',
        quiet: '1s',
        max_rows: 1000,
        email: { smtp: server.url, from: 'tipline@example.org', to: ['security@example.org'], timeout: '10s' },
      },
      responder: { name: 'fw1', max_new_per_minute: 10_000 },
    });
    const setup = await lab.run(['setup']);
    assert.equal(setup.code, 0, setup.stderr);
    await work({ lab, server });
  } finally {
    await lab.close();
    await server.stop();
  }
}

/** The values that all mails so far tell of, each as often as it is told. */
function mailed(server: MailServer): string[] {
  return server.mails.flatMap(({ mail }) =>
    [...(mail.text ?? '').matchAll(/^ *\d+\. \[\d+\] (\S+)$/gm)].map((match) =>
      (match[1] ?? '').replaceAll('[.]', '.'),
    ),
  );
}

async function states(lab: Lab): Promise<EnrichedDocument[]> {
  await lab.ask('POST', 'threat_intel_current/_refresh');
  const { hits } = await lab.ask<{ hits: { hits: { _source: EnrichedDocument }[] } }>(
    'POST',
    'threat_intel_current/_search',
    {
      size: 10_000,
      sort: ['tipline.id'],
    },
  );
  return hits.hits.map(({ _source: source }) => source);
}

async function actions(lab: Lab): Promise<Action[]> {
  const found: Action[] = [];
  for await (const { value } of lab.bus.scan(TOPICS.actions)) found.push(JSON.parse(value.toString()) as Action);
  return found;
}

const caughtUp = (lab: Lab) =>
  until(async () => (await lab.bus.lag(TOPICS.raw, ENRICH_GROUP)) === 0, {
    what: 'enrichment to catch up',
    timeout: PATIENCE,
    every: 500,
  });

describe('the index of states, deleted under load', () => {
  it('is rebuilt while all runs, through a kill: states as before, news acted on, nothing old mailed again', () =>
    withScene(async ({ lab, server }) => {
      const say = (records: Record<string, unknown>[], feed = 'list'): Promise<void> =>
        lab.bus.publish(
          TOPICS.raw,
          records.map((record) => ({
            key: String(record.indicator),
            value: JSON.stringify({ source: feed, tags: ['malicious'], ...record }),
            headers: { [FEED_HEADER]: feed },
          })),
        );
      const ago = (days: number) => new Date(Date.now() - days * DAY).toISOString();
      const many = (net: number, more: Record<string, unknown>) =>
        Array.from({ length: KIND }, (_, n) => ({ indicator: `45.${net}.${n >> 8}.${n & 255}`, ...more }));
      const workers = ['enrich', 'alerting', 'responder'].map((role) => lab.start(['run', role]));

      const loud = { confidence: 95, severity: 95 };
      await say(many(1, { ...loud, timestamp: ago(0.2) }));
      await say(many(2, { ...loud, timestamp: ago(0.3) }));
      await say(many(3, { confidence: 10, severity: 10, timestamp: ago(0.1) }));
      await say(many(4, { ...loud, timestamp: ago(20), last_seen: ago(20) }), 'old');
      await caughtUp(lab);
      await until(() => new Set(mailed(server)).size === KIND * 2, {
        what: 'the alerts',
        timeout: PATIENCE,
        every: 500,
      });
      await until(async () => (await actions(lab)).filter(({ verb }) => verb === 'block').length >= KIND * 2, {
        what: 'the blocks to be planned',
        timeout: PATIENCE,
        every: 500,
      });
      // two sources, of which one takes back what it said; and some that all take back
      await say(many(2, { ...loud, timestamp: ago(0.1) }).slice(0, KIND / 2), 'second');
      await caughtUp(lab);
      await say(many(2, { revoked: true, timestamp: ago(0.05) }));
      await caughtUp(lab);
      const before = await states(lab);
      const oldValues = new Set(before.map(({ tipline }) => tipline.value));
      const mailsBefore = mailed(server).length;
      const history = await lab.count('threat_intel-*');

      // load that goes on all the while: news, each of which is to be alerted and blocked
      const news: string[] = [];
      let going = true;
      const load = (async () => {
        for (let n = 0; going; n += 1) {
          const values = Array.from({ length: 5 }, (_, at) => `46.9.${(n * 5 + at) >> 8}.${(n * 5 + at) & 255}`);
          await say(
            values.map((indicator) => ({ indicator, ...loud })),
            'news',
          );
          news.push(...values);
          await sleep(300);
        }
      })();
      // told below, where it is waited for; a failure before that closes the bus under it
      load.catch(() => {});

      const { _index: _, ...deleted } = await lab.ask<Record<string, unknown>>('DELETE', 'threat_intel_current-000001');
      assert.equal(deleted.acknowledged, true);
      const first = lab.start(['rebuild', 'current']);
      let progress = '';
      first.child.stderr?.on('data', (piece: Buffer) => {
        progress += piece.toString();
      });
      await until(() => /reading what ioc\.raw/.test(progress), { what: 'the rebuild to begin', timeout: PATIENCE });
      first.child.kill('SIGKILL');
      await first.ended;
      const second = await lab.run(['rebuild', 'current']);
      assert.equal(second.code, 0, second.stderr);
      assert.match(second.stdout, /told again: \d+ statements of history/);
      going = false;
      await load;
      await caughtUp(lab);

      await until(
        async () => {
          const told = new Set(mailed(server));
          return news.every((value) => told.has(value));
        },
        { what: 'the news to be mailed', timeout: PATIENCE, every: 500 },
      );
      await until(
        async () => {
          const blocked = new Set(
            (await actions(lab)).filter(({ verb }) => verb === 'block').map(({ indicator }) => indicator?.value),
          );
          return news.every((value) => blocked.has(value));
        },
        { what: 'the news to be blocked', timeout: PATIENCE, every: 500 },
      );
      // and what was there is not deaf: a withdrawal lifts its block, in the new life
      const withdrawn = many(1, { revoked: true, timestamp: new Date().toISOString() }).slice(0, 10);
      await say(withdrawn);
      await until(
        async () => {
          const lifted = new Set(
            (await actions(lab)).filter(({ verb }) => verb === 'unblock').map(({ indicator }) => indicator?.value),
          );
          return withdrawn.every(({ indicator }) => lifted.has(indicator));
        },
        { what: 'the blocks to be lifted', timeout: PATIENCE, every: 500 },
      );

      const after = (await states(lab)).filter(
        ({ tipline }) =>
          oldValues.has(tipline.value) && !withdrawn.some(({ indicator }) => indicator === tipline.value),
      );
      const same = before.filter(({ tipline }) => !withdrawn.some(({ indicator }) => indicator === tipline.value));
      assert.deepEqual(steadyStates(after), steadyStates(same));
      const again = mailed(server)
        .slice(mailsBefore)
        .filter((value) => oldValues.has(value));
      assert.deepEqual(again, [], 'what was mailed before');
      const values = mailed(server);
      assert.equal(new Set(values).size, values.length, 'each alert once');
      assert.equal(await lab.count('threat_intel-*'), history + news.length + withdrawn.length, 'no second history');

      for (const { child } of workers) child.kill('SIGTERM');
      for (const { ended } of workers) assert.equal((await ended).code, 0);
    }));
});
