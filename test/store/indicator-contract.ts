import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import type { WriteOutcome } from '../../store/port.ts';
import { freshDomain, type OpenAStore, patience, storeOfSuite, writeAll } from './given-store.ts';
import { sampleClaim, sampleDocument, sampleHistory, sampleWrite } from './sample-document.ts';

/** Reading and writing states and history. */
export function indicatorContract(open: OpenAStore): void {
  describe('states and history', () => {
    const given = storeOfSuite(open);

    it('says which adapter it is, and is ready', async () => {
      const store = given();
      assert.match(store.indicators.description, /^(elasticsearch|embedded) /);
      await store.check();
      assert.deepEqual(await store.setup(), [], 'a second set-up has nothing to create');
    });

    it('writes a new indicator with its history, and gives it back', async () => {
      const { indicators } = given();
      const document = sampleDocument({ type: 'domain', value: freshDomain() });
      const { id } = document.tipline;
      const history = [sampleHistory(document, 'one'), sampleHistory(document, 'two', '2026-02-28')];
      const outcomes = await indicators.write([sampleWrite(document, history)], patience);
      assert.deepEqual(outcomes, [{ kind: 'written', historyCreated: 2 }]);
      assert.deepEqual(await indicators.get(id), document);
      assert.equal(await indicators.get('0'.repeat(40)), undefined);
    });

    it('reads what the enricher merges with', async () => {
      const { indicators } = given();
      const claims = [sampleClaim(), sampleClaim({ source: 'other', ref: 'two', revoked: true })];
      const document = sampleDocument({
        type: 'domain',
        value: freshDomain(),
        revision: 7,
        status: 'revoked',
        action: 'revoked',
        sources: ['other'],
        changedAt: '2026-03-02T01:02:03.000Z',
        firstSeen: '2025-12-31T23:59:59.000Z',
        origin: 'ioc.raw-3-77',
        claims,
      });
      await indicators.write([sampleWrite(document)], patience);
      const states = await indicators.readStates([document.tipline.id], patience);
      assert.deepEqual(states.get(document.tipline.id), {
        tipline: document.tipline,
        changedAt: '2026-03-02T01:02:03.000Z',
        firstSeen: '2025-12-31T23:59:59.000Z',
        action: 'revoked',
        provider: 'other',
      });
    });

    it('leaves out states that do not exist, and reads many at once', async () => {
      const store = given();
      const documents = Array.from({ length: 1_500 }, () => sampleDocument({ type: 'domain', value: freshDomain() }));
      await writeAll(
        store,
        documents.map((document) => sampleWrite(document, [])),
      );
      const ids = documents.map(({ tipline }) => tipline.id);
      const missing = Array.from({ length: 1_500 }, () => randomBytes(20).toString('hex'));
      const states = await store.indicators.readStates([...missing, ...ids], patience);
      assert.deepEqual(new Set(states.keys()), new Set(ids));
      assert.equal((await store.indicators.readStates([], patience)).size, 0);
    });

    it('lets a higher revision replace a lower one, and reads it at once', async () => {
      const { indicators } = given();
      const value = freshDomain();
      for (const revision of [1, 2, 5]) {
        const document = sampleDocument({ type: 'domain', value, revision, score: revision });
        const outcomes = await indicators.write([sampleWrite(document, [])], patience);
        assert.deepEqual(outcomes, [{ kind: 'written', historyCreated: 0 }]);
        const states = await indicators.readStates([document.tipline.id], patience);
        assert.equal(states.get(document.tipline.id)?.tipline.threat_score, revision);
      }
    });

    it('loses a write of a revision that is not above the stored one', async () => {
      const { indicators } = given();
      const value = freshDomain();
      const stored = sampleDocument({ type: 'domain', value, revision: 4, score: 44 });
      await indicators.write([sampleWrite(stored)], patience);
      for (const revision of [4, 3]) {
        const late = sampleDocument({ type: 'domain', value, revision, score: 11 });
        assert.deepEqual(await indicators.write([sampleWrite(late)], patience), [{ kind: 'lost' }]);
      }
      assert.deepEqual(await indicators.get(stored.tipline.id), stored);
    });

    it('gives one outcome a write, in order, and a lost one hurts no other', async () => {
      const { indicators } = given();
      const old = sampleDocument({ type: 'domain', value: freshDomain(), revision: 3 });
      await indicators.write([sampleWrite(old)], patience);
      const fresh = [0, 1].map(() => sampleDocument({ type: 'domain', value: freshDomain() }));
      const [first, last] = fresh.map((document) => sampleWrite(document));
      assert.ok(first !== undefined && last !== undefined);
      const outcomes = await indicators.write([first, sampleWrite(old), last], patience);
      assert.deepEqual(
        outcomes.map(({ kind }) => kind),
        ['written', 'lost', 'written'] satisfies WriteOutcome['kind'][],
      );
      for (const document of fresh) assert.deepEqual(await indicators.get(document.tipline.id), document);
      assert.deepEqual(await indicators.write([], patience), []);
    });

    it('counts a history document that is there already as written, once', async () => {
      const store = given();
      const document = sampleDocument({ type: 'domain', value: freshDomain() });
      await writeAll(store, [sampleWrite(document, [sampleHistory(document, 'one')])]);
      const before = await store.indicators.summary();
      // After a crash: the current document is there, its history is written again with one more.
      const again = sampleWrite(document, [sampleHistory(document, 'one'), sampleHistory(document, 'two')]);
      const outcomes = await store.indicators.write([{ ...again, current: null }], patience);
      assert.deepEqual(outcomes, [{ kind: 'written', historyCreated: 1 }]);
      await store.indicators.refresh();
      const after = await store.indicators.summary();
      assert.equal(after.history - before.history, 1);
      assert.equal(after.current, before.current);
    });

    it('keeps any text unchanged', async () => {
      const { indicators } = given();
      const text = 'grüße "🦊" \\ \n\t\u0001 </script> $(x) \u2028';
      const claims = [sampleClaim({ description: text, tags: [text], source: 'a/b' })];
      const document = sampleDocument({ type: 'domain', value: freshDomain(), sources: [text], claims });
      await indicators.write([sampleWrite(document)], patience);
      assert.deepEqual(await indicators.get(document.tipline.id), document);
    });

    it('takes JSON text as a string or as a Buffer, of any script and size', async () => {
      const { indicators } = given();
      const texts = ['plain', 'grüße', 'злой 🦊', '\ud800 alone', 'x'.repeat(1_000_000), 'ж'.repeat(400_000)];
      for (const text of texts) {
        const document = sampleDocument({ type: 'domain', value: freshDomain() });
        document.threat.indicator.description = 'here';
        const { current, history, ...write } = sampleWrite(document);
        // Put in as it is: JSON.stringify would escape what is no text.
        const raw = (json: string | Buffer): string => json.toString().replaceAll('"here"', () => `"${text}"`);
        assert.ok(current !== null);
        const strings = {
          ...write,
          current: raw(current),
          history: history.map((item) => ({ ...item, document: raw(item.document) })),
        };
        assert.deepEqual(await indicators.write([strings], patience), [{ kind: 'written', historyCreated: 1 }]);
        const kept = await indicators.get(document.tipline.id);
        assert.equal(kept?.threat.indicator.description, text.toWellFormed());
        const buffers = { ...write, revision: 2, current: Buffer.from(strings.current), history: [] };
        assert.deepEqual(await indicators.write([buffers], patience), [{ kind: 'written', historyCreated: 0 }]);
        assert.deepEqual(await indicators.get(document.tipline.id), kept);
      }
    });

    it('is there when the store is opened again', async () => {
      const { indicators } = given();
      const document = sampleDocument({ type: 'domain', value: freshDomain() });
      await indicators.write([sampleWrite(document)], patience);
      const again = await open();
      try {
        assert.deepEqual(await again.store.indicators.get(document.tipline.id), document);
      } finally {
        await again.close();
      }
    });
  });
}
