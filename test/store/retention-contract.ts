import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EnrichedDocument, Status } from '../../core/contract/enriched-document.ts';
import type { StoreSummary } from '../../store/port.ts';
import { freshName } from '../services/given.ts';
import { freshDomain, freshNetwork, type OpenAStore, patience, storeOfSuite, writeAll } from './given-store.ts';
import { sampleDocument, sampleHistory, sampleWrite } from './sample-document.ts';

/** Counting, and deleting what is too old. */
export function retentionContract(open: OpenAStore): void {
  describe('summary and prune', () => {
    const given = storeOfSuite(open);

    async function counted(): Promise<StoreSummary> {
      await given().indicators.refresh();
      return given().indicators.summary();
    }

    it('counts documents by type and status, and the journal', async () => {
      const before = await counted();
      const documents = [
        sampleDocument({ type: 'ip', value: `${freshNetwork()}.1` }),
        sampleDocument({ type: 'domain', value: freshDomain() }),
        sampleDocument({ type: 'domain', value: freshDomain(), status: 'expired' }),
      ];
      await writeAll(
        given(),
        documents.map((document) => sampleWrite(document)),
      );
      const entry = (day: string) => ({
        id: freshName('entry'),
        day,
        document: Buffer.from(JSON.stringify({ '@timestamp': `${day}T00:00:00.000Z`, code: 'SAMPLE' })),
      });
      await given().journal.append('actions', [entry('2026-03-01')], patience);
      await given().journal.append('deadletters', [entry('2026-03-01'), entry('2026-03-02')], patience);
      const after = await counted();
      const grown = (count: (summary: StoreSummary) => number | undefined): number =>
        (count(after) ?? 0) - (count(before) ?? 0);
      assert.equal(
        grown(({ current }) => current),
        3,
      );
      assert.equal(
        grown(({ history }) => history),
        3,
      );
      assert.equal(
        grown(({ byType }) => byType.ip),
        1,
      );
      assert.equal(
        grown(({ byType }) => byType.domain),
        2,
      );
      assert.equal(
        grown(({ byStatus }) => byStatus.active),
        2,
      );
      assert.equal(
        grown(({ byStatus }) => byStatus.expired),
        1,
      );
      assert.equal(
        grown(({ actions }) => actions),
        1,
      );
      assert.equal(
        grown(({ deadLetters }) => deadLetters),
        2,
      );
    });

    it('deletes history days and states past their time, and nothing else', async () => {
      const { indicators } = given();
      const nothing = { historyBefore: 0, expiredBefore: 0, actionsBefore: 0, deadLettersBefore: 0 };
      const write = async (document: EnrichedDocument, days: readonly string[]): Promise<string> => {
        const history = days.map((day) => sampleHistory(document, day, day));
        await writeAll(given(), [sampleWrite(document, history)]);
        return document.tipline.id;
      };
      const expired = { type: 'domain', status: 'expired' } as const;
      const old = await write(sampleDocument({ ...expired, value: freshDomain(), expiresAt: '2003-05-01T00:00:00Z' }), [
        '2003-05-01',
        '2003-05-02',
        '2003-05-09',
      ]);
      const young = sampleDocument({ ...expired, value: freshDomain(), expiresAt: '2003-05-20T00:00:00Z' });
      const youngId = await write(young, ['2003-05-01']);
      const active = await write(sampleDocument({ type: 'domain', value: freshDomain() }), []);
      await counted();
      await indicators.prune({
        ...nothing,
        historyBefore: Date.parse('2003-01-01'),
        expiredBefore: Date.parse('2003-01-01'),
      });

      const before = await counted();
      assert.deepEqual(await indicators.prune(nothing), { historyDays: 0, states: 0 });
      assert.equal((await counted()).history, before.history);

      const limits = { historyBefore: Date.parse('2003-05-09T13:00:00Z'), expiredBefore: Date.parse('2003-05-15') };
      assert.deepEqual(await indicators.prune({ ...nothing, ...limits }), { historyDays: 2, states: 1 });
      const after = await counted();
      assert.equal(before.history - after.history, 3, 'the day of the limit stays whole');
      assert.equal(before.current - after.current, 1);
      assert.equal(await indicators.get(old), undefined);
      assert.deepEqual(await indicators.get(youngId), young);
      assert.ok((await indicators.get(active)) !== undefined);
      assert.deepEqual(await indicators.prune({ ...nothing, ...limits }), { historyDays: 0, states: 0 });
    });

    it('deletes a state that ended, whichever way, and never one that still counts, however old', async () => {
      const { indicators } = given();
      const limits = {
        historyBefore: 0,
        actionsBefore: 0,
        deadLettersBefore: 0,
        expiredBefore: Date.parse('2002-02-01'),
      };
      const put = async (status: Status, expiresAt: string): Promise<string> => {
        const document = sampleDocument({ type: 'domain', value: freshDomain(), status, expiresAt });
        await writeAll(given(), [sampleWrite(document, [])]);
        return document.tipline.id;
      };
      await indicators.prune(limits);
      const [old, young] = ['2002-01-01T00:00:00.000Z', '2002-03-01T00:00:00.000Z'];
      const gone = [await put('expired', old), await put('revoked', old), await put('allowed', old)];
      // Its expiry must be told first: the sweep has not come to it yet.
      const kept = [await put('active', old), await put('revoked', young), await put('active', young)];
      assert.deepEqual(await indicators.prune(limits), { historyDays: 0, states: 3 });
      for (const id of gone) assert.equal(await indicators.get(id), undefined);
      for (const id of kept) assert.ok((await indicators.get(id)) !== undefined);
    });

    it('deletes journal days past their time, each kind by its own', async () => {
      const append = (kind: 'actions' | 'deadletters', day: string): Promise<number> => {
        const document = Buffer.from(JSON.stringify({ '@timestamp': `${day}T00:00:00.000Z`, code: 'SAMPLE' }));
        return given().journal.append(kind, [{ id: freshName('entry'), day, document }], patience);
      };
      for (const kind of ['actions', 'deadletters'] as const) {
        for (const day of ['2004-01-01', '2004-01-02', '2004-01-03']) await append(kind, day);
      }
      const before = await counted();
      await given().indicators.prune({
        historyBefore: 0,
        expiredBefore: 0,
        actionsBefore: Date.parse('2004-01-03'),
        deadLettersBefore: Date.parse('2004-01-02'),
      });
      const after = await counted();
      assert.equal(before.actions - after.actions, 2);
      assert.equal(before.deadLetters - after.deadLetters, 1);
    });
  });
}
