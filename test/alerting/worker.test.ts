import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { MAIL_PART } from '../../alerting/mail-round.ts';
import type { Action } from '../../core/contract/action.ts';
import type { DeadLetter } from '../../core/contract/dead-letter.ts';
import { TOPICS } from '../../core/contract/topics.ts';
import { type MailServer, startSmtp } from '../services/smtp.ts';
import { until } from '../services/wait.ts';
import { sampleDocument } from '../store/sample-document.ts';
import {
  type EmbeddedAlerting,
  type EmbeddedAlertingOptions,
  embeddedAlerting,
  publishDocuments,
} from './embedded-alerting.ts';

async function open(
  t: TestContext,
  options: Partial<EmbeddedAlertingOptions> = {},
): Promise<{ server: MailServer; alerting: EmbeddedAlerting }> {
  const data = await mkdtemp(join(tmpdir(), 'tipline-alerting-'));
  const server = await startSmtp();
  const alerting = await embeddedAlerting({ data, smtp: server.url, ...options });
  t.after(async () => {
    await alerting.close();
    await server.stop();
    await rm(data, { recursive: true });
  });
  return { server, alerting };
}

async function valuesOn<T>({ bus }: EmbeddedAlerting, topic: string): Promise<T[]> {
  const values: T[] = [];
  for await (const { value } of bus.scan(topic)) values.push(JSON.parse(value.toString()));
  return values;
}

function addresses(count: number, second = 18): string[] {
  return Array.from({ length: count }, (_, index) => `198.${second}.${Math.floor(index / 256)}.${index % 256}`);
}

test('a storm of 10,000 is one mail of the indicators that are to be alerted', async (t) => {
  const { server, alerting } = await open(t, { once: false, config: { first_wait: '300ms' } });
  const storm = addresses(10_000).map((value) => sampleDocument({ value, score: 81 }));
  const others = [
    sampleDocument({ value: '192.0.2.1', score: 80 }),
    sampleDocument({ value: '192.0.2.2', score: 99, status: 'allowed' }),
    sampleDocument({ value: '192.0.2.3', score: 99, status: 'expired' }),
    sampleDocument({ value: '192.0.2.4', score: 99, composite: true }),
    sampleDocument({ value: '192.0.2.5', score: 99, expiresAt: '2026-01-01T00:00:00Z' }),
    sampleDocument({ value: '192.0.2.6', score: 99, status: 'revoked' }),
  ];
  await publishDocuments(alerting.bus, [...storm.slice(0, 5000), ...others, ...storm.slice(5000)]);

  const started = performance.now();
  const worker = await alerting.start();
  const [received] = await server.waitFor(1, 60_000);
  t.diagnostic(`10,000 alerts on the topic to the mail: ${Math.round(performance.now() - started)} ms`);
  await until(() => worker.counts().mails === 1, { what: 'the mail to be counted' });
  assert.deepEqual(worker.counts(), { alerts: 10_000, mails: 1 });
  await worker.stop();
  await worker.closed;

  assert.equal(server.mails.length, 1);
  const mail = received?.mail ?? assert.fail();
  assert.match(mail.subject ?? '', /^\[TLP:AMBER\] tipline: 10,000 indicators above 80, worst 81: 198\[\.\]18\[\.\]/);
  assert.match(mail.text ?? '', /Listed are the 50 with the highest score of 10,000/);
  assert.doesNotMatch(mail.text ?? '', /192\[\.\]0\[\.\]2/);
  assert.deepEqual(await alerting.store.outbox.counts(), { rows: 10_000, pending: 0, mails: 1, unsent: 0 });

  const actions = await valuesOn<Action>(alerting, TOPICS.actions);
  assert.equal(actions.length, 1);
  assert.partialDeepStrictEqual(actions[0], {
    verb: 'mail',
    outcome: 'done',
    actor: 'alerting',
    mail: { message_id: mail.messageId, indicators: 10_000, recipients: 1 },
  });
});

test('once: nothing is sent before the flush, one mail at the flush, and nothing anew in a second run', async (t) => {
  const { server, alerting } = await open(t);
  await publishDocuments(
    alerting.bus,
    addresses(30).map((value) => sampleDocument({ value })),
  );
  for (const { alerts, mails } of [
    { alerts: 30, mails: 1 },
    { alerts: 0, mails: 0 },
  ]) {
    const worker = await alerting.start();
    await alerting.drained();
    await worker.flush();
    assert.deepEqual(worker.counts(), { alerts, mails });
    await worker.stop();
  }
  assert.equal(server.mails.length, 1);
});

test('an indicator is mailed anew when it opens anew, and not when it is only reported again', async (t) => {
  const { server, alerting } = await open(t);
  const worker = await alerting.start();
  for (const { revision, status, mails } of [
    { revision: 1, status: 'active', mails: 1 },
    { revision: 2, status: 'active', mails: 1 },
    { revision: 3, status: 'allowed', mails: 1 },
    { revision: 2, status: 'active', mails: 1 },
    { revision: 4, status: 'active', mails: 2 },
  ] as const) {
    await publishDocuments(alerting.bus, [sampleDocument({ revision, status })]);
    await alerting.drained();
    await worker.flush();
    assert.equal(server.mails.length, mails, `after revision ${revision}, ${status}`);
  }
  assert.match(server.mails[1]?.mail.text ?? '', /AGAIN/);
  await worker.stop();
});

test('records that cannot be read go to ioc.dlq with their bytes, and hold up nothing', async (t) => {
  const { server, alerting } = await open(t);
  const { tipline, ...rest } = sampleDocument();
  await alerting.bus.publish(TOPICS.enriched, [
    { key: 'x', value: '{"half' },
    { key: 'x', value: Buffer.from([0xff, 0x00, 0x7b]) },
    { key: 'x', value: JSON.stringify({ ...rest, tipline: { ...tipline, schema: 99 } }) },
    { key: 'x', value: JSON.stringify(sampleDocument()) },
  ]);
  const worker = await alerting.start();
  await alerting.drained();
  await worker.flush();
  await worker.stop();
  assert.equal(server.mails.length, 1);

  const letters = await valuesOn<DeadLetter>(alerting, TOPICS.deadLetters);
  assert.deepEqual(
    letters.map(({ id, code, stage, payload, payload_encoding: encoding }) => ({
      // what follows tells records apart that stood there before and after the topic was made anew
      at: id.slice(0, id.lastIndexOf('-')),
      code,
      stage,
      payload,
      encoding,
    })),
    [
      { at: 'ioc.enriched-0-0', code: 'BAD_ENRICHED_DOCUMENT', stage: 'alerting', payload: '{"half', encoding: 'utf8' },
      { at: 'ioc.enriched-0-1', code: 'BAD_ENRICHED_DOCUMENT', stage: 'alerting', payload: '/wB7', encoding: 'base64' },
    ],
  );
});

test('a mail server that is down at first: health says so, and the mail arrives when it is back', async (t) => {
  const { server, alerting } = await open(t, { once: false, config: { first_wait: '100ms' } });
  server.failWith({ kind: 'drop', at: 'connect' });
  await publishDocuments(alerting.bus, [sampleDocument()]);
  const worker = await alerting.start();
  await until(() => alerting.health.snapshot().get(MAIL_PART)?.detail.startsWith('1 mail waits'), {
    what: 'health to tell',
  });
  assert.equal(alerting.health.ready(), false);
  server.heal();
  await server.waitFor(1, 20_000);
  await until(() => alerting.health.ready(), { what: 'health to recover' });
  await worker.stop();
  assert.equal(server.mails.length, 1);
});

test('an acknowledgement that gets lost: the mail comes again with the same Message-ID', async (t) => {
  const { server, alerting } = await open(t);
  server.failWith({ kind: 'drop', at: 'data' }, 1);
  await publishDocuments(alerting.bus, [sampleDocument()]);
  const worker = await alerting.start();
  await alerting.drained();
  await worker.flush();
  await worker.stop();
  assert.equal(server.mails.length, 2);
  assert.equal(new Set(server.mails.map(({ mail }) => mail.messageId)).size, 1);
  assert.deepEqual(worker.counts(), { alerts: 1, mails: 1 });
});
