import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { createHealth } from '../../../core/process/health.ts';
import { silentLog } from '../../../core/process/log.ts';
import { openEmbeddedStore } from '../../../store/embedded/store.ts';
import type { Store } from '../../../store/port.ts';
import { freshName } from '../../services/given.ts';
import { freshDomain, patience } from '../given-store.ts';
import { sampleMail } from '../outbox-contract.ts';
import { sampleDocument, sampleHistory, sampleWrite } from '../sample-document.ts';
import { storeContract } from '../store-contract.ts';

const data = mkdtempSync(join(tmpdir(), 'tipline-store-'));
after(() => rm(data, { recursive: true }));

function openIn(folder: string): Store {
  return openEmbeddedStore({ data: folder, log: silentLog, health: createHealth() });
}

storeContract('embedded', async () => {
  const store = openIn(data);
  return { store, close: () => store.close() };
});

describe('embedded store', () => {
  const nothing = { historyBefore: 0, expiredBefore: 0, actionsBefore: 0, deadLettersBefore: 0 };

  it('says at set-up which tables it made', async () => {
    const store = openIn(join(data, freshName('new')));
    assert.deepEqual(await store.setup(), [
      'current',
      'history',
      'history_ids',
      'outbox',
      'mails',
      'cursors',
      'leases',
      'journal',
    ]);
    assert.deepEqual(await store.setup(), []);
    await store.close();
  });

  it('rejects a document that it could not find again, and stores the others', async () => {
    const store = openIn(data);
    const [bad, good] = [0, 1].map(() => sampleDocument({ type: 'domain', value: freshDomain() }));
    assert.ok(bad !== undefined && good !== undefined);
    const broken = { ...sampleWrite(bad), current: Buffer.from('{"tipline":') };
    const outcomes = await store.indicators.write([broken, sampleWrite(good)], patience);
    assert.deepEqual(outcomes, [
      { kind: 'rejected', code: 'DOCUMENT_UNFIT', message: 'the document is no JSON', currentWritten: false },
      { kind: 'written', historyCreated: 1 },
    ]);
    assert.equal(await store.indicators.get(bad.tipline.id), undefined);
    await store.close();
  });

  it('writes the history of a write that is lost: the claim was made all the same', async () => {
    const store = openIn(data);
    const document = sampleDocument({ type: 'domain', value: freshDomain(), revision: 2 });
    await store.indicators.write([sampleWrite(document)], patience);
    const before = await store.indicators.summary();
    const late = sampleDocument({ type: 'domain', value: document.tipline.value });
    const outcomes = await store.indicators.write([sampleWrite(late, [sampleHistory(late, 'late')])], patience);
    assert.deepEqual(outcomes, [{ kind: 'lost' }]);
    assert.equal((await store.indicators.summary()).history, before.history + 1);
    await store.close();
  });

  it('takes an indicator again, from revision 1, that it had deleted', async () => {
    const store = openIn(data);
    const old = { type: 'domain', value: freshDomain(), status: 'expired', expiresAt: '2002-01-01T00:00:00Z' } as const;
    await store.indicators.write([sampleWrite(sampleDocument({ ...old, revision: 9 }))], patience);
    await store.indicators.prune({ ...nothing, expiredBefore: Date.parse('2002-02-01') });
    const reborn = sampleWrite(sampleDocument({ type: 'domain', value: old.value }), []);
    assert.deepEqual(await store.indicators.write([reborn], patience), [{ kind: 'written', historyCreated: 0 }]);
    await store.close();
  });

  it('deletes mails that were sent long ago, and no others', async () => {
    const store = openIn(data);
    const mails = [1_000, 0, Date.now()].map((sentAt) => sampleMail({ sentAt, createdAt: 500 }));
    for (const value of mails) await store.outbox.saveMail({ value, version: null });
    await store.indicators.prune({ ...nothing, actionsBefore: 2_000 });
    const kept = await Promise.all(mails.map(async ({ id }) => (await store.outbox.readMail(id)) !== undefined));
    assert.deepEqual(kept, [false, true, true]);
    await store.close();
  });

  it('copies journal entries that are no actions at all', async () => {
    const store = openIn(data);
    const entries = ['{', 'null', '{"indicator":7}'].map((text) => ({
      id: freshName('odd'),
      day: '2026-03-01',
      document: Buffer.from(text),
    }));
    assert.equal(await store.journal.append('actions', entries, patience), 3);
    await store.close();
  });
});
