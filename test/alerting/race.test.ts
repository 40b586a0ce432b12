import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { openMailBook } from '../../alerting/mail-book.ts';
import { createMailRounds, type MailRounds } from '../../alerting/mail-round.ts';
import { recordAlerts } from '../../alerting/record-alerts.ts';
import type { Cursors, Outbox } from '../../store/port.ts';
import { sampleDocument } from '../store/sample-document.ts';
import { type FakeChannel, fakeChannel, fakeCursors, fakeOutbox, quietContext } from './fakes.ts';

const NOW = Date.parse('2026-05-10T12:00:00Z');
const policy = { threshold: 80, repeatAfter: 86_400_000 };

/** Every call of the outbox takes its turn when the scheduler says so. */
function scheduled(outbox: Outbox, scheduler: fc.Scheduler): Outbox {
  return {
    read: scheduler.scheduleFunction(outbox.read),
    save: scheduler.scheduleFunction(outbox.save),
    pending: scheduler.scheduleFunction(outbox.pending),
    readMail: scheduler.scheduleFunction(outbox.readMail),
    saveMail: scheduler.scheduleFunction(outbox.saveMail),
    unsent: scheduler.scheduleFunction(outbox.unsent),
    counts: outbox.counts,
  };
}

function sender(outbox: Outbox, cursors: Cursors, channel: FakeChannel): MailRounds {
  const context = quietContext();
  const book = openMailBook(cursors);
  const settings = { ...policy, maxRows: 50, domain: 'example.org', recipients: 1 };
  return createMailRounds({
    fill: { outbox, book, seam: context.seam, settings },
    send: {
      outbox,
      book,
      bus: { publish: async () => {} },
      channel,
      seam: context.seam,
      now: () => NOW,
      unmarked: new Set(),
      settings,
    },
    cursors,
    lease: { key: 'lease', owner: 'x', ms: 60_000 },
    quiet: 1,
    context,
  });
}

/** The addresses that a mail tells of. */
function valuesIn(text: string): string[] {
  return [...text.matchAll(/^ *\d+\. \[\d+\] (\S+)$/gm)].map((match) => String(match[1]).replaceAll('[.]', '.'));
}

/** Lets `steps` turns of the scheduler pass first. */
async function after<T>(steps: number, scheduler: fc.Scheduler, work: () => Promise<T>): Promise<T> {
  const turn = scheduler.scheduleFunction(async () => {});
  for (let step = 0; step < steps; step += 1) await turn();
  return work();
}

// The lease is granted to everybody here: it spares double work, but what keeps alerts from being lost or told in two mails must be
// the compare-and-set of every step. (One and the same mail can go out twice without it.)
test('senders and a consumer at once, in any order: every open alert is told, in one mail', async () => {
  let shared = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(fc.nat(30), { minLength: 4, maxLength: 4 }),
      async (scheduler, starts) => {
        const store = fakeOutbox();
        const cursors: Cursors = { ...fakeCursors(() => NOW), lease: async () => true };
        const channel = fakeChannel();
        const slow = scheduled(store, scheduler);
        const patience = { heartbeat: async () => {}, signal: new AbortController().signal };
        const document = (last: number, revision: number, score: number) =>
          sampleDocument({ value: `192.0.2.${last}`, revision, score });

        await recordAlerts([document(1, 1, 90), document(2, 1, 91), document(3, 1, 92)], store, policy, NOW, patience);
        const send = () => sender(slow, cursors, channel).go({ compose: 'at-once', force: true });
        const consume = () =>
          recordAlerts([document(4, 1, 93), document(1, 2, 10), document(2, 2, 95)], slow, policy, NOW, patience);
        const steps: (() => Promise<unknown>)[] = [send, send, send, consume];
        const work = steps.map((step, index) => after(starts[index] ?? 0, scheduler, step));
        await scheduler.waitFor(Promise.all(work));

        // What a later round, or the next start, finds.
        await sender(store, cursors, channel).go({ compose: 'at-once', force: true });
        await sender(store, cursors, channel).go({ compose: 'at-once', force: true });

        const mails = new Map(channel.accepted.map((mail) => [mail.id, mail.text]));
        if (mails.size < channel.accepted.length) shared += 1;
        const told = [...mails.values()].flatMap(valuesIn);
        for (const open of store.rows().filter((row) => row.open)) {
          assert.ok(told.includes(open.alert.value), `${open.alert.value} is told in no mail`);
          assert.equal(open.state, 'mailed');
        }
        assert.equal(new Set(told).size, told.length, `an alert is told in two mails: ${told.join(' ')}`);
        assert.deepEqual(
          store.mails().filter(({ sentAt, text }) => sentAt === 0 && text !== ''),
          [],
          'a sealed mail was left',
        );
      },
    ),
    { numRuns: 300 },
  );
  assert.ok(shared > 0, 'two senders never had the same mail in hand: the test tries nothing');
});
