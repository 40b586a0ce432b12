import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { FillContext } from '../../alerting/fill-mail.ts';
import { openMailBook } from '../../alerting/mail-book.ts';
import { createMailRounds, MAIL_PART, type MailRounds } from '../../alerting/mail-round.ts';
import { createSender, type Sender } from '../../alerting/sender.ts';
import type { Outgoing } from '../../bus/port.ts';
import type { Action } from '../../core/contract/action.ts';
import { TOPICS } from '../../core/contract/topics.ts';
import { TiplineError } from '../../core/process/errors.ts';
import type { WorkerContext } from '../../core/process/worker-context.ts';
import type { OutboxRow } from '../../store/port.ts';
import {
  ACCEPTED,
  AWAY,
  type FakeChannel,
  type FakeOutbox,
  fakeChannel,
  fakeCursors,
  fakeOutbox,
  type ManualClock,
  manualClock,
  quietContext,
  REFUSED,
} from './fakes.ts';
import { pendingRow, pendingRows } from './samples.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

interface Shared {
  clock: ManualClock;
  outbox: FakeOutbox;
  cursors: ReturnType<typeof fakeCursors>;
  channel: FakeChannel;
  actions: Action[];
  publish: (topic: string, records: readonly Outgoing[]) => Promise<void>;
}

function share(): Shared {
  const clock = manualClock();
  const actions: Action[] = [];
  return {
    clock,
    outbox: fakeOutbox(),
    cursors: fakeCursors(clock.now),
    channel: fakeChannel(),
    actions,
    async publish(topic, records) {
      assert.equal(topic, TOPICS.actions);
      for (const { value } of records) actions.push(JSON.parse(String(value)));
    },
  };
}

interface Process {
  sender: Sender;
  rounds: MailRounds;
  context: WorkerContext;
  stop(): Promise<void>;
}

/** One process on shared outbox, cursors and channel. */
function start(
  t: TestContext,
  shared: Shared,
  {
    owner = 'one',
    busy = async () => false,
    timers = true,
  }: { owner?: string; busy?: () => Promise<boolean>; timers?: boolean } = {},
): Process {
  const { clock, outbox, cursors, channel } = shared;
  const context = quietContext();
  const book = openMailBook(cursors);
  const settings = { threshold: 80, repeatAfter: 86_400_000, maxRows: 50, domain: 'example.org', recipients: 1 };
  const fill: FillContext = { outbox, book, seam: context.seam, settings };
  const rounds = createMailRounds({
    fill,
    send: {
      ...fill,
      settings,
      bus: { publish: (topic, records) => shared.publish(topic, records) },
      channel,
      now: clock.now,
      unmarked: new Set(),
    },
    cursors,
    lease: { key: 'lease:alerting-sender', owner, ms: MINUTE },
    quiet: 10 * MINUTE,
    context,
  });
  const sender = createSender({ outbox, rounds, context, firstWait: 30 * SECOND, lease: MINUTE, busy, clock });
  const running = timers ? sender.run() : Promise.resolve();
  running.catch(() => {});
  const stop = async (): Promise<void> => {
    sender.stop();
    await running;
  };
  t.after(() => sender.stop());
  return { sender, rounds, context, stop };
}

async function put(outbox: FakeOutbox, rows: readonly OutboxRow[]): Promise<void> {
  await outbox.save(rows.map((value) => ({ value, version: null })));
}

function told({ channel }: Shared): number[] {
  return channel.accepted.map(({ indicators }) => indicators);
}

test('the first row waits 30 seconds, what comes meanwhile is in its mail', async (t) => {
  const shared = share();
  const { sender, stop, rounds } = start(t, shared);
  await shared.clock.advance(5 * MINUTE);
  assert.deepEqual(told(shared), []);

  await put(shared.outbox, pendingRows(3));
  sender.wake();
  await shared.clock.advance(29 * SECOND);
  await put(shared.outbox, pendingRows(2, 10));
  sender.wake();
  assert.deepEqual(told(shared), []);
  await shared.clock.advance(2 * SECOND);
  assert.deepEqual(told(shared), [5]);
  assert.equal(rounds.accepted(), 1);

  const [mail] = shared.outbox.mails();
  assert.ok(mail !== undefined && mail.sentAt > 0);
  assert.match(mail.messageId, /^<[0-9a-f]{20}\.alert@example\.org>$/);
  for (const row of shared.outbox.rows()) {
    assert.partialDeepStrictEqual(row, { state: 'mailed', mail: mail.id });
    assert.ok(row.alertedAt > 0);
  }
  await stop();
});

test('between two mails there are ten minutes, also for another process and after a restart', async (t) => {
  const shared = share();
  const first = start(t, shared);
  await put(shared.outbox, pendingRows(1));
  await shared.clock.advance(45 * SECOND);
  assert.deepEqual(told(shared), [1]);
  await first.stop();

  await put(shared.outbox, pendingRows(2, 10));
  const second = start(t, shared, { owner: 'two' });
  await shared.clock.advance(8 * MINUTE);
  await put(shared.outbox, pendingRows(4, 20));
  assert.deepEqual(told(shared), [1]);
  await shared.clock.advance(3 * MINUTE);
  assert.deepEqual(told(shared), [1, 6]);
  await second.stop();
});

test('a process that is not told of new rows finds them itself', async (t) => {
  const shared = share();
  start(t, shared);
  await shared.clock.advance(MINUTE);
  await put(shared.outbox, pendingRows(1));
  await shared.clock.advance(45 * SECOND);
  assert.deepEqual(told(shared), [1]);
});

test('while alerts stream in the mail is held, but not for ever', async (t) => {
  const shared = share();
  let streaming = true;
  start(t, shared, { busy: async () => streaming });
  await put(shared.outbox, pendingRows(10));
  await shared.clock.advance(MINUTE);
  await put(shared.outbox, pendingRows(10, 10));
  assert.deepEqual(told(shared), []);
  streaming = false;
  await shared.clock.advance(5 * SECOND);
  assert.deepEqual(told(shared), [20], 'the storm is one mail');

  streaming = true;
  await put(shared.outbox, pendingRows(10, 20));
  await shared.clock.advance(15 * MINUTE);
  assert.deepEqual(told(shared), [20, 10]);
});

test('a storm of many pages is one mail', async (t) => {
  const shared = share();
  start(t, shared);
  await put(shared.outbox, pendingRows(7000));
  await shared.clock.advance(MINUTE);
  assert.deepEqual(told(shared), [7000]);
  assert.equal(shared.channel.accepted[0]?.rows.length, 7000);
  assert.match(shared.channel.accepted[0]?.text ?? '', /Listed are the 50 with the highest score of 7,000/);
});

test('rows that come while a mail is made are for the next one', async (t) => {
  const shared = share();
  start(t, shared);
  await put(shared.outbox, pendingRows(3));
  let added = false;
  shared.channel.answer = async () => {
    if (!added) await put(shared.outbox, pendingRows(2, 10));
    added = true;
    return ACCEPTED;
  };
  await shared.clock.advance(MINUTE);
  assert.deepEqual(told(shared), [3]);
  await shared.clock.advance(11 * MINUTE);
  assert.deepEqual(told(shared), [3, 2]);
});

test('a row that is closed before its mail is in none', async (t) => {
  const shared = share();
  start(t, shared);
  const [one, two] = pendingRows(2);
  assert.ok(one !== undefined && two !== undefined);
  await put(shared.outbox, [one, two]);
  await shared.clock.advance(10 * SECOND);
  await shared.outbox.save([{ value: { ...one, open: false, state: 'quiet' }, version: '1' }]);
  await shared.clock.advance(MINUTE);
  assert.deepEqual(told(shared), [1]);
  assert.doesNotMatch(shared.channel.accepted[0]?.text ?? '', new RegExp(one.alert.value.replaceAll('.', '\\[\\.\\]')));
});

test('every mail is told of on ioc.actions', async (t) => {
  const shared = share();
  start(t, shared);
  await put(shared.outbox, pendingRows(3));
  await shared.clock.advance(MINUTE);
  const [mail] = shared.outbox.mails();
  assert.deepEqual(shared.actions, [
    {
      schema: 1,
      id: `mail-${mail?.id}`,
      '@timestamp': new Date(mail?.sentAt ?? 0).toISOString(),
      verb: 'mail',
      outcome: 'done',
      actor: 'alerting',
      reason: '3 indicators above 80',
      mail: { message_id: mail?.messageId, indicators: 3, recipients: 1 },
    },
  ]);
});

test('an action that could not be published is published later, the mail is not sent again', async (t) => {
  const shared = share();
  const { publish } = shared;
  const { context } = start(t, shared);
  shared.publish = async () => {
    throw new TiplineError('BUS_AWAY', 'the bus is away', { retryable: true });
  };
  await put(shared.outbox, pendingRows(1));
  await shared.clock.advance(MINUTE);
  assert.deepEqual(told(shared), [1]);
  assert.partialDeepStrictEqual(context.health.snapshot().get('alerting'), {
    state: 'down',
    detail: 'the bus is away',
  });

  shared.publish = publish;
  await shared.clock.advance(5 * MINUTE);
  await put(shared.outbox, pendingRows(1, 10));
  await shared.clock.advance(15 * MINUTE);
  assert.deepEqual(told(shared), [1, 1]);
  assert.equal(new Set(shared.actions.map(({ id }) => id)).size, 2);
  assert.equal(context.health.snapshot().get('alerting')?.state, 'up');
});

test('an outbox that is away when the mail has left: it is marked later and not sent again', async (t) => {
  const shared = share();
  start(t, shared);
  await put(shared.outbox, pendingRows(1));
  let away = false;
  shared.outbox.before = (call) => {
    if (away && call === 'saveMail') throw new TiplineError('STORE_AWAY', 'the store is away', { retryable: true });
  };
  shared.channel.answer = () => {
    away = true;
    return ACCEPTED;
  };
  await shared.clock.advance(2 * MINUTE);
  assert.equal(shared.outbox.mails()[0]?.sentAt, 0);
  away = false;
  await shared.clock.advance(2 * MINUTE);
  assert.equal(shared.channel.tried.length, 1);
  assert.ok((shared.outbox.mails()[0]?.sentAt ?? 0) > 0);
  assert.equal(shared.actions.length, 1);
});

test('a mail server that is away: one mail stands, the rest waits, and all of it arrives once', async (t) => {
  const shared = share();
  const { context, rounds } = start(t, shared);
  shared.channel.answer = () => AWAY;
  await put(shared.outbox, pendingRows(3));
  await shared.clock.advance(2 * MINUTE);
  assert.partialDeepStrictEqual(context.health.snapshot().get(MAIL_PART), {
    state: 'down',
    detail: '1 mail waits: no connection to the test',
  });
  await put(shared.outbox, pendingRows(5, 10));
  await shared.clock.advance(60 * MINUTE);
  assert.equal(shared.outbox.mails().length, 1, 'no pile of mails');
  assert.equal(new Set(shared.channel.tried).size, 1);
  const tries = shared.channel.tried.length;
  assert.ok(tries > 10 && tries < 40, `${tries} tries in an hour`);

  shared.channel.answer = () => ACCEPTED;
  await shared.clock.advance(6 * MINUTE);
  assert.deepEqual(told(shared), [3, 5]);
  assert.equal(context.health.snapshot().get(MAIL_PART)?.state, 'up');
  assert.equal(rounds.accepted(), 2);
});

test('a mail that is refused for good is kept and tried slowly, and holds up no other', async (t) => {
  const shared = share();
  const { context } = start(t, shared);
  const poison = pendingRow({ value: '203.0.113.66' });
  shared.channel.answer = ({ text }) => (text.includes('203[.]0[.]113[.]66') ? REFUSED : ACCEPTED);
  await put(shared.outbox, [poison]);
  await shared.clock.advance(MINUTE);
  assert.deepEqual(told(shared), []);
  await put(shared.outbox, pendingRows(2));
  await shared.clock.advance(20 * MINUTE);
  assert.deepEqual(told(shared), [2], 'the next mail passes');
  assert.partialDeepStrictEqual(context.health.snapshot().get(MAIL_PART), {
    state: 'down',
    detail: '1 mail waits: the test refuses the mail',
  });
  const tries = shared.channel.tried.length;
  await shared.clock.advance(60 * MINUTE);
  const slowly = shared.channel.tried.length - tries;
  assert.ok(slowly >= 3 && slowly <= 5, `${slowly} tries in an hour`);

  shared.channel.answer = () => ACCEPTED;
  await shared.clock.advance(20 * MINUTE);
  assert.deepEqual(told(shared), [2, 1], 'no alert is given up');
  assert.equal(context.health.snapshot().get(MAIL_PART)?.state, 'up');
});

test('a server that refuses every mail gets three, then rows wait together', async (t) => {
  const shared = share();
  start(t, shared);
  shared.channel.answer = () => REFUSED;
  for (let mail = 0; mail < 8; mail += 1) {
    await put(shared.outbox, pendingRows(1, mail * 10));
    await shared.clock.advance(11 * MINUTE);
  }
  assert.equal(shared.outbox.mails().length, 3);
  shared.channel.answer = () => ACCEPTED;
  await shared.clock.advance(30 * MINUTE);
  assert.deepEqual(told(shared).sort(), [1, 1, 1, 5]);
});

test('what an earlier process left is sent first, without waiting', async (t) => {
  const shared = share();
  const before = start(t, shared);
  shared.channel.answer = () => AWAY;
  await put(shared.outbox, pendingRows(4));
  await shared.clock.advance(MINUTE);
  await before.stop();
  shared.channel.answer = () => ACCEPTED;
  start(t, shared, { owner: 'two' });
  await shared.clock.advance(SECOND);
  assert.deepEqual(told(shared), [4]);
  assert.equal(new Set(shared.channel.tried).size, 1, 'the same Message-ID');
});

test('a mail that died while it took rows which closed since is withdrawn, and hurries nobody', async (t) => {
  const shared = share();
  const id = 'a'.repeat(20);
  const [closed] = pendingRows(1);
  assert.ok(closed !== undefined);
  const mail = {
    id,
    messageId: `<${id}.alert@example.org>`,
    createdAt: 1,
    sentAt: 0,
    attempts: 0,
    subject: '',
    text: '',
    html: '',
  };
  await shared.outbox.saveMail({ value: { ...mail, indicators: 0, rows: [closed.id] }, version: null });
  await put(shared.outbox, [{ ...closed, state: 'mailed', mail: id, open: false }]);
  start(t, shared);
  await shared.clock.advance(SECOND);
  assert.equal((await shared.outbox.counts()).unsent, 0);
  await put(shared.outbox, pendingRows(2, 10));
  await shared.clock.advance(20 * SECOND);
  assert.deepEqual(shared.channel.tried, []);
  await shared.clock.advance(20 * SECOND);
  assert.deepEqual(told(shared), [2]);
});

test('of two processes one sends; when it dies the other goes on after the lease', async (t) => {
  const shared = share();
  start(t, shared, { owner: 'one' });
  start(t, shared, { owner: 'two' });
  await put(shared.outbox, pendingRows(50));
  await shared.clock.advance(MINUTE);
  assert.deepEqual(told(shared), [50]);
  assert.equal(shared.channel.tried.length, 1);

  await shared.cursors.lease('lease:alerting-sender', 'dead', MINUTE);
  await put(shared.outbox, pendingRows(7, 100));
  await shared.clock.advance(30 * SECOND);
  assert.equal(shared.channel.tried.length, 1);
  await shared.clock.advance(12 * MINUTE);
  assert.deepEqual(told(shared), [50, 7]);
});

test('who could not send what another process then sent does not say that it waits', async (t) => {
  const shared = share();
  const one = start(t, shared, { owner: 'one' });
  const mail = () => one.context.health.snapshot().get('mail');
  shared.channel.answer = () => AWAY;
  await put(shared.outbox, pendingRows(3));
  await shared.clock.advance(MINUTE);
  assert.match(mail()?.detail ?? '', /^1 mail waits: /);

  const two = start(t, shared, { owner: 'two', timers: false });
  shared.channel.answer = () => ACCEPTED;
  await two.sender.flush();
  assert.deepEqual(told(shared), [3]);
  shared.channel.verify = async () => ({ ...AWAY, message: 'the test is not there' });
  await shared.clock.advance(15 * SECOND);
  assert.deepEqual(
    [mail()?.state, mail()?.detail],
    ['down', 'the test is not there'],
    'what it knows of the server still counts',
  );
  shared.channel.verify = async () => undefined;
  await shared.clock.advance(MINUTE + 15 * SECOND);
  assert.deepEqual([mail()?.state, mail()?.detail], ['up', '']);
});

test('flush sends at once and regardless of the quiet time', async (t) => {
  const shared = share();
  const { sender, rounds } = start(t, shared, { timers: false });
  await sender.flush();
  assert.deepEqual(told(shared), []);
  for (const from of [0, 10]) {
    await put(shared.outbox, pendingRows(2, from));
    await sender.flush();
  }
  assert.deepEqual(told(shared), [2, 2]);
  assert.equal(rounds.accepted(), 2);
});

test('flush tells when the mail server does not take it, and keeps it', async (t) => {
  const shared = share();
  const { sender } = start(t, shared, { timers: false });
  shared.channel.answer = () => AWAY;
  await put(shared.outbox, pendingRows(2));
  const flushed = assert.rejects(sender.flush(), {
    code: 'MAIL_NOT_SENT',
    message: /alerts wait in the outbox and are sent at the next start: no connection to the test/,
  });
  await shared.clock.advance(MINUTE);
  await flushed;
  shared.channel.answer = () => ACCEPTED;
  await sender.flush();
  assert.deepEqual(told(shared), [2]);
});

test('flush waits for the lease of a process that died', async (t) => {
  const shared = share();
  const { sender } = start(t, shared, { timers: false });
  await shared.cursors.lease('lease:alerting-sender', 'dead', MINUTE);
  await put(shared.outbox, pendingRows(1));
  const flushed = sender.flush();
  await shared.clock.advance(55 * SECOND);
  assert.deepEqual(told(shared), []);
  await shared.clock.advance(10 * SECOND);
  await flushed;
  assert.deepEqual(told(shared), [1]);
});

test('an error that waiting cannot mend ends the sender', async (t) => {
  const shared = share();
  shared.outbox.before = () => {
    throw new Error('no such column');
  };
  const { stop } = start(t, shared);
  await shared.clock.advance(SECOND);
  await assert.rejects(stop(), /no such column/);
});
