import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Action } from '../../core/contract/action.ts';
import { FEED_HEADER } from '../../core/contract/raw-indicator.ts';
import { TOPICS } from '../../core/contract/topics.ts';
import { type Lab, openLab } from '../e2e/lab.ts';
import { type MailServer, type ReceivedMail, startSmtp } from '../services/smtp.ts';
import { until } from '../services/wait.ts';

/** Few enough for one mail to show them all. */
const ALERTS = Math.min(1000, Number(process.env.TIPLINE_FAULT_ALERTS ?? 900));
/** A process that died while it was sending holds the right to send for a minute. */
const PATIENCE = 150_000;

const expected = Array.from({ length: ALERTS }, (_, n) => `45.7.${n >> 8}.${n & 255}`);

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
        // a short timeout makes a short lease: the next process need not wait long for that of the dead one
        email: { smtp: server.url, from: 'tipline@example.org', to: ['security@example.org'], timeout: '10s' },
      },
    });
    assert.equal((await lab.run(['setup'])).code, 0);
    await lab.bus.publish(
      TOPICS.raw,
      [...expected.map((value) => [value, 90] as const), ['45.8.0.1', 80] as const].map(([indicator, score]) => ({
        key: indicator,
        value: JSON.stringify({ indicator, source: 'list', confidence: score, severity: score }),
        headers: { [FEED_HEADER]: 'list' },
      })),
    );
    await work({ lab, server });
  } finally {
    await lab.close();
    await server.stop();
  }
}

function rowsOf({ mail }: ReceivedMail): string[] {
  return [...(mail.text ?? '').matchAll(/^ *\d+\. \[\d+\] (\S+)$/gm)].map((match) =>
    (match[1] ?? '').replaceAll('[.]', '.'),
  );
}

/** What the journal of actions says of mails: indicators told of, by the id of the mail. */
async function toldOf(lab: Lab): Promise<Map<string, number>> {
  const told = new Map<string, number>();
  for await (const { value } of lab.bus.scan(TOPICS.actions)) {
    const { verb, mail } = JSON.parse(value.toString()) as Action;
    assert.equal(verb, 'mail');
    assert.ok(mail);
    told.set(mail.message_id, mail.indicators);
  }
  return told;
}

/** Starts it again, waits until everything is told, and looks whether each alert went out, in one mail. */
async function recover({ lab, server }: Scene): Promise<{ repeats: number }> {
  const again = lab.start(['run', 'enrich', 'alerting']);
  const sum = async (): Promise<number> => [...(await toldOf(lab)).values()].reduce((total, each) => total + each, 0);
  await until(async () => (await sum()) >= ALERTS, { what: 'all alerts to be told', timeout: PATIENCE, every: 500 });
  again.child.kill('SIGTERM');
  const { code, stderr } = await again.ended;
  assert.equal(code, 0, stderr);

  const mails = new Map<string, ReceivedMail[]>();
  for (const mail of server.mails) {
    const id = mail.mail.messageId ?? '';
    mails.set(id, [...(mails.get(id) ?? []), mail]);
  }
  const rows: string[] = [];
  let repeats = 0;
  for (const [id, copies] of mails) {
    const [first] = copies;
    assert.ok(first);
    repeats += copies.length - 1;
    assert.equal(new Set(copies.map(({ mail }) => mail.text)).size, 1, `all copies of ${id} say the same`);
    rows.push(...rowsOf(first));
  }
  assert.deepEqual(rows.sort(), [...expected].sort(), 'each alert stands in one mail, under one Message-ID');
  assert.deepEqual(
    await toldOf(lab),
    new Map([...mails].map(([id, [first]]) => [id, first ? rowsOf(first).length : 0])),
  );
  const { alerts } = JSON.parse((await lab.run(['status', '--json'])).stdout);
  assert.deepEqual(alerts, { rows: ALERTS, pending: 0, mails: mails.size, unsent: 0 });
  return { repeats };
}

// Side by side: most of the time is spent waiting for a dead process's right to send to run out.
describe('alerting that is killed', { concurrency: true }, () => {
  const points: readonly { point: string; repeats: number }[] = [
    { point: 'alerting:after-outbox:2', repeats: 0 },
    { point: 'sender:after-mail-saved', repeats: 0 },
    { point: 'sender:after-rows-claimed', repeats: 0 },
    { point: 'sender:after-send', repeats: 1 },
    { point: 'sender:after-marked', repeats: 0 },
  ];
  for (const { point, repeats } of points) {
    it(`at ${point}: every alert goes out, ${repeats === 0 ? 'once' : 'at most twice under one Message-ID'}`, () =>
      withScene(async (scene) => {
        const first = await scene.lab.start(['run', 'enrich', 'alerting'], { TIPLINE_KILL_AT: point }).ended;
        assert.equal(first.signal, 'SIGKILL', first.stderr);
        assert.deepEqual(await recover(scene), { repeats });
      }));
  }

  it('while the mail server has the mail and has not answered yet: it goes out again, the same', () =>
    withScene(async (scene) => {
      const { lab, server } = scene;
      server.failWith({ kind: 'stall', at: 'data' }, 1);
      const first = lab.start(['run', 'enrich', 'alerting']);
      await server.waitFor(1, 60_000);
      first.child.kill('SIGKILL');
      await first.ended;
      assert.deepEqual(await recover(scene), { repeats: 1 });
      assert.deepEqual(
        server.mails.slice(0, 2).map(({ acknowledged }) => acknowledged),
        [false, true],
      );
    }));
});
