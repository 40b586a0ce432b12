import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Action } from '../../core/contract/action.ts';
import { TOPICS } from '../../core/contract/topics.ts';
import { startSmtp } from '../services/smtp.ts';
import { sampleDocument } from '../store/sample-document.ts';
import { embeddedAlerting, publishDocuments } from './embedded-alerting.ts';

const CHILD = join(import.meta.dirname, 'killed-alerting.ts');

async function run(data: string, smtp: string, point?: string): Promise<string> {
  const child = spawn(process.execPath, [CHILD, data, smtp, ...(point === undefined ? [] : [point])], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [code, signal] = await once(child, 'exit');
  return signal ?? `exit ${code}`;
}

interface Case {
  point: string;
  /** Alertable indicators on the topic. */
  alerts: number;
  /** Times the mail leaves. */
  deliveries: number;
}

const POINTS: readonly Case[] = [
  { point: 'alerting:after-outbox', alerts: 300, deliveries: 1 },
  { point: 'alerting:after-outbox:3', alerts: 2500, deliveries: 1 },
  { point: 'alerting:before-commit', alerts: 300, deliveries: 1 },
  { point: 'alerting:before-commit:2', alerts: 2500, deliveries: 1 },
  { point: 'sender:after-mail-saved', alerts: 300, deliveries: 1 },
  { point: 'sender:after-mail-saved', alerts: 2500, deliveries: 1 },
  { point: 'sender:after-mail-saved:2', alerts: 2500, deliveries: 1 },
  { point: 'sender:after-rows-claimed', alerts: 2500, deliveries: 1 },
  { point: 'sender:after-rows-claimed:2', alerts: 2500, deliveries: 1 },
  { point: 'sender:after-sealed', alerts: 300, deliveries: 1 },
  { point: 'sender:after-send', alerts: 300, deliveries: 2 },
  { point: 'sender:after-marked', alerts: 300, deliveries: 1 },
];

for (const { point, alerts, deliveries } of POINTS) {
  test(`kill -9 at ${point} with ${alerts} alerts: each is alerted, in one mail`, async (t) => {
    const data = await mkdtemp(join(tmpdir(), 'tipline-kill-'));
    const server = await startSmtp();
    t.after(async () => {
      await server.stop();
      await rm(data, { recursive: true });
    });

    const expected = Array.from({ length: alerts }, (_, index) => `198.18.${Math.floor(index / 256)}.${index % 256}`);
    const before = await embeddedAlerting({ data, smtp: server.url });
    await publishDocuments(before.bus, [
      ...expected.map((value) => sampleDocument({ value })),
      sampleDocument({ value: '192.0.2.1', score: 80 }),
      sampleDocument({ value: '192.0.2.2', status: 'allowed' }),
    ]);
    await before.close();

    assert.equal(await run(data, server.url, point), 'SIGKILL');
    assert.equal(await run(data, server.url), 'exit 0');
    assert.equal(await run(data, server.url), 'exit 0', 'a third run has nothing to do');

    assert.equal(server.mails.length, deliveries);
    const ids = new Set(server.mails.map(({ mail }) => mail.messageId));
    assert.equal(ids.size, 1, 'one Message-ID');
    const texts = new Set(server.mails.map(({ mail }) => mail.text));
    assert.equal(texts.size, 1, 'a repeat says the same');
    assert.match([...texts][0] ?? '', new RegExp(`tipline: ${alerts.toLocaleString('en-US')} indicators above 80`));
    if (alerts <= 1000) {
      const told = [...texts].flatMap((text) =>
        [...(text ?? '').matchAll(/^ *\d+\. \[\d+\] (\S+)$/gm)].map((match) => match[1]),
      );
      assert.deepEqual(new Set(told), new Set(expected.map((value) => value.replaceAll('.', '[.]'))));
    }

    const after = await embeddedAlerting({ data, smtp: server.url });
    t.after(() => after.close());
    assert.deepEqual(await after.store.outbox.counts(), { rows: alerts, pending: 0, mails: 1, unsent: 0 });
    const actions = new Set<string>();
    for await (const { value } of after.bus.scan(TOPICS.actions)) {
      const action: Action = JSON.parse(value.toString());
      actions.add(action.id);
      assert.equal(action.mail?.indicators, alerts);
    }
    assert.equal(actions.size, 1, 'the mail is told of, under one id');
  });
}
