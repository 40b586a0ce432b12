import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { indicatorId } from '../../core/indicator/id.ts';
import type { OutboxMail, OutboxRow } from '../../store/port.ts';
import { freshName } from '../services/given.ts';
import { until } from '../services/wait.ts';
import { freshDomain, type OpenAStore, storeOfSuite } from './given-store.ts';

/** A row that waits for a mail. */
export function sampleRow(row: Partial<OutboxRow> = {}, score = 90): OutboxRow {
  const value = freshDomain();
  const id = indicatorId({ type: 'domain', value });
  return {
    id: `threshold:${id}`,
    policy: 'threshold',
    revision: 3,
    born: 'ioc.raw-0-1',
    open: true,
    state: 'pending',
    alertedAt: 0,
    mail: null,
    alert: {
      id,
      type: 'domain',
      value,
      threat_score: score,
      confidence: 90,
      severity: 80,
      sources: ['sample-feed'],
      tags: ['malicious'],
      why: 'sample-feed says so',
      first_seen: '2026-02-01T00:00:00.000Z',
      malware: ['Sample Loader'],
      again: false,
    },
    ...row,
  };
}

/** A mail that is not sent. */
export function sampleMail(mail: Partial<OutboxMail> = {}): OutboxMail {
  const id = freshName('mail');
  return {
    id,
    messageId: `<${id}@tipline.example>`,
    createdAt: Date.parse('2026-03-01T12:00:00Z'),
    sentAt: 0,
    attempts: 0,
    subject: 'Alert',
    text: 'One indicator',
    html: '<p>One indicator</p>',
    indicators: 1,
    rows: ['threshold:a', 'threshold:b'],
    ...mail,
  };
}

/** Alert rows and mails. */
export function outboxContract(open: OpenAStore): void {
  describe('outbox', () => {
    const given = storeOfSuite(open);

    /** Takes all rows of other tests out of `pending`. */
    async function settleAll(): Promise<void> {
      const { rows } = await given().outbox.pending(10_000);
      const quiet = rows.map(({ value, version }) => ({ value: { ...value, state: 'quiet' as const }, version }));
      assert.ok((await given().outbox.save(quiet)).every(Boolean));
    }

    it('saves rows by compare-and-set, each by itself', async () => {
      const { outbox } = given();
      const [a, b] = [sampleRow(), sampleRow()];
      assert.deepEqual(await outbox.save([{ value: a, version: null }]), [true]);
      assert.deepEqual(await outbox.save([]), []);
      const news = [a, b].map((value) => ({ value: { ...value, revision: 4 }, version: null }));
      assert.deepEqual(await outbox.save(news), [false, true], 'a is there already');

      const read = await outbox.read([a.id, b.id, 'threshold:missing']);
      assert.deepEqual([...read.keys()].sort(), [a.id, b.id].sort());
      const version = read.get(a.id)?.version ?? null;
      assert.deepEqual(read.get(a.id)?.value, a);
      assert.equal(typeof version, 'string');
      const mailed: OutboxRow = { ...a, state: 'mailed', mail: 'mail-1', alertedAt: 5 };
      assert.deepEqual(await outbox.save([{ value: mailed, version }]), [true]);
      assert.deepEqual(await outbox.save([{ value: a, version }]), [false], 'the version is used up');
      assert.deepEqual((await outbox.read([a.id])).get(a.id)?.value, mailed);
    });

    it('gives pending rows with the highest score first, and the number of all', async () => {
      const { outbox } = given();
      await settleAll();
      const scores = [81, 99, 85, 100, 90];
      const rows = scores.map((score) => sampleRow({}, score));
      const others = [sampleRow({ state: 'mailed', mail: 'm' }), sampleRow({ state: 'quiet' })];
      await outbox.save([...rows, ...others].map((value) => ({ value, version: null })));
      const { rows: found, total } = await outbox.pending(3);
      assert.equal(total, 5);
      assert.deepEqual(
        found.map(({ value }) => value.alert.threat_score),
        [100, 99, 90],
      );
      const [first] = found;
      assert.ok(first !== undefined);
      const taken: OutboxRow = { ...first.value, state: 'mailed', mail: 'mail-2' };
      assert.deepEqual(await outbox.save([{ value: taken, version: first.version }]), [true]);
      const rest = await outbox.pending(10);
      assert.equal(rest.total, 4);
      assert.equal(rest.rows[0]?.value.alert.threat_score, 99);
    });

    it('keeps mails by compare-and-set, and gives those that are not sent, oldest first', async () => {
      const { outbox } = given();
      const second = sampleMail({ createdAt: Date.parse('2006-01-02') });
      const first = sampleMail({ createdAt: Date.parse('2006-01-01') });
      const sent = sampleMail({ createdAt: Date.parse('2005-01-01'), sentAt: Date.parse('2006-01-01') });
      for (const value of [second, first, sent]) assert.equal(await outbox.saveMail({ value, version: null }), true);
      assert.equal(await outbox.saveMail({ value: first, version: null }), false);

      const ids = [first.id, second.id, sent.id];
      const unsent = async (): Promise<string[]> =>
        (await outbox.unsent()).map(({ value }) => value.id).filter((id) => ids.includes(id));
      await until(async () => (await unsent()).length === 2, { what: 'both mails that are not sent' });
      assert.deepEqual(await unsent(), [first.id, second.id]);

      const stored = await outbox.readMail(first.id);
      assert.deepEqual(stored?.value, first);
      const done = { ...first, sentAt: Date.now(), attempts: 1 };
      assert.equal(await outbox.saveMail({ value: done, version: stored?.version ?? null }), true);
      assert.equal(await outbox.saveMail({ value: first, version: stored?.version ?? null }), false);
      assert.deepEqual((await outbox.readMail(first.id))?.value, done);
      await until(async () => (await unsent()).length === 1, { what: 'one mail that is not sent' });
      assert.equal(await outbox.readMail('mail-missing'), undefined);
    });

    it('keeps a mail that takes very many rows', async () => {
      const { outbox } = given();
      const rows = Array.from({ length: 20_000 }, (_, at) => `threshold:${at}`.padEnd(50, 'x'));
      const mail = sampleMail({ rows, indicators: rows.length });
      assert.equal(await outbox.saveMail({ value: mail, version: null }), true);
      assert.deepEqual((await outbox.readMail(mail.id))?.value, mail);
    });

    it('counts', async () => {
      const { outbox } = given();
      const before = await outbox.counts();
      await outbox.save([sampleRow(), sampleRow({ state: 'quiet' })].map((value) => ({ value, version: null })));
      await outbox.saveMail({ value: sampleMail(), version: null });
      await outbox.saveMail({ value: sampleMail({ sentAt: 1 }), version: null });
      const expected = {
        rows: before.rows + 2,
        pending: before.pending + 1,
        mails: before.mails + 2,
        unsent: before.unsent + 1,
      };
      await until(
        async () => {
          assert.deepEqual(await outbox.counts(), expected);
          return true;
        },
        { what: 'the counts' },
      );
    });
  });
}

/** Small named values and leases. */
export function cursorContract(open: OpenAStore): void {
  describe('cursors', () => {
    const given = storeOfSuite(open);

    it('keep any JSON value by compare-and-set', async () => {
      const { cursors } = given();
      const key = `${freshName('feed')}/cursor`;
      assert.equal(await cursors.get(key), undefined);
      const first = await cursors.put(key, { page: 1, etag: '"x"', 'a.b': [{ deep: null }] }, null);
      assert.equal(typeof first, 'string');
      assert.equal(await cursors.put(key, 'other', null), undefined, 'it is there already');
      assert.deepEqual(await cursors.get(key), {
        value: { page: 1, etag: '"x"', 'a.b': [{ deep: null }] },
        version: first,
      });
      const second = await cursors.put(key, 'text now', first ?? null);
      assert.equal(typeof second, 'string');
      assert.notEqual(second, first);
      assert.equal(await cursors.put(key, 'late', first ?? null), undefined, 'the version is used up');
      assert.deepEqual(await cursors.get(key), { value: 'text now', version: second });
      assert.equal(await cursors.put(freshName('feed'), 1, first ?? null), undefined, 'nothing there has that version');
    });

    it('let one of many win', async () => {
      const { cursors } = given();
      const key = freshName('feed');
      const tries = await Promise.all(Array.from({ length: 8 }, (_, at) => cursors.put(key, at, null)));
      const winners = tries.flatMap((version, at) => (version === undefined ? [] : [at]));
      assert.equal(winners.length, 1);
      assert.equal((await cursors.get(key))?.value, winners[0]);
    });

    it('are listed by prefix', async () => {
      const { cursors } = given();
      const prefix = freshName('list');
      for (const name of ['b', 'a', 'a%', 'a*']) await cursors.put(`${prefix}/${name}`, name, null);
      await cursors.put(`${prefix}x`, 'not below', null);
      await cursors.lease(`${prefix}/lease`, 'me', 10_000);
      const expected = new Map(['a', 'a%', 'a*', 'b'].map((name) => [`${prefix}/${name}`, name]));
      await until(async () => (await cursors.list(`${prefix}/`)).size === 4, { what: 'four cursors' });
      assert.deepEqual(await cursors.list(`${prefix}/`), expected);
      assert.deepEqual(await cursors.list(`${prefix}/a*`), new Map([[`${prefix}/a*`, 'a*']]));
    });
  });

  describe('leases', () => {
    const given = storeOfSuite(open);

    it('go to whoever comes first, and stay with the owner while renewed', async () => {
      const { cursors } = given();
      const key = freshName('lease');
      assert.equal(await cursors.lease(key, 'one', 30_000), true, 'free');
      assert.equal(await cursors.lease(key, 'two', 30_000), false, 'foreign');
      assert.equal(await cursors.lease(key, 'one', 30_000), true, 'own');
      assert.equal(await cursors.lease(freshName('lease'), 'two', 30_000), true, 'another key');
    });

    it('can be given back by the owner alone', async () => {
      const { cursors } = given();
      const key = freshName('lease');
      await cursors.lease(key, 'one', 30_000);
      await cursors.release(key, 'two');
      assert.equal(await cursors.lease(key, 'two', 30_000), false);
      await cursors.release(key, 'one');
      assert.equal(await cursors.lease(key, 'two', 30_000), true);
      await cursors.release(freshName('lease'), 'one');
    });

    it('run out', async () => {
      const { cursors } = given();
      const key = freshName('lease');
      assert.equal(await cursors.lease(key, 'one', 1_000), true);
      const begun = performance.now();
      await until(() => cursors.lease(key, 'two', 30_000), { what: 'the lease to run out', every: 50 });
      assert.ok(performance.now() - begun > 500, 'not before its time');
      assert.equal(await cursors.lease(key, 'one', 1_000), false);
    });

    it('let one of many win', async () => {
      const { cursors } = given();
      const key = freshName('lease');
      const tries = await Promise.all(Array.from({ length: 8 }, (_, at) => cursors.lease(key, `owner ${at}`, 30_000)));
      assert.equal(tries.filter(Boolean).length, 1);
    });
  });
}
