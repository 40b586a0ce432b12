import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import type { Action } from '../../core/contract/action.ts';
import type { DeadLetter } from '../../core/contract/dead-letter.ts';
import type { JournalEntry } from '../../store/port.ts';
import { freshName } from '../services/given.ts';
import { until } from '../services/wait.ts';
import { type OpenAStore, patience, storeOfSuite } from './given-store.ts';

/** An action about `indicator`. */
export function sampleAction(indicator: string, action: Partial<Action> = {}): Action {
  return {
    schema: 1,
    id: freshName('action'),
    '@timestamp': '2026-03-01T12:00:00.000Z',
    verb: 'block',
    outcome: 'done',
    actor: 'fw1',
    reason: 'score 90 by sample-feed',
    indicator: { id: indicator, type: 'ip', value: '192.0.2.7' },
    revision: 3,
    threat_score: 90,
    source: 'sample-feed',
    until: '2026-03-02T12:00:00.000Z',
    ...action,
  };
}

/** A record that could not be used. */
export function sampleDeadLetter(letter: Partial<DeadLetter> = {}): DeadLetter {
  return {
    schema: 1,
    id: freshName('ioc.raw-0'),
    '@timestamp': '2026-03-01T12:00:00.000Z',
    code: 'NOT_JSON',
    message: 'the record is no JSON',
    stage: 'enrich',
    origin: { topic: 'ioc.raw', partition: 0, offset: 7 },
    collected_at: '2026-03-01T11:59:59.000Z',
    payload: '{"indicator":',
    payload_encoding: 'utf8',
    payload_bytes: 13,
    ...letter,
  };
}

function entryOf(document: Action | DeadLetter): JournalEntry {
  return {
    id: document.id,
    day: document['@timestamp'].slice(0, 10),
    document: Buffer.from(JSON.stringify(document)),
  };
}

/** Copies of actions and dead letters. */
export function journalContract(open: OpenAStore): void {
  describe('journal', () => {
    const given = storeOfSuite(open);

    it('takes each entry once, and says how many were new', async () => {
      const { journal } = given();
      const id = randomBytes(20).toString('hex');
      const action = sampleAction(id);
      assert.equal(await journal.append('actions', [entryOf(action)], patience), 1);
      const repeated = entryOf({ ...action, reason: 'told again' });
      const other = sampleAction(id, { '@timestamp': '2026-03-01T12:00:01.000Z' });
      assert.equal(await journal.append('actions', [repeated, entryOf(other)], patience), 1);
      assert.equal(await journal.append('actions', [], patience), 0);
      await until(async () => (await journal.actionsOf(id, 10)).length === 2, { what: 'both actions' });
      assert.deepEqual(await journal.actionsOf(id, 10), [other, action], 'the first text stays');
    });

    it('gives the actions about one indicator, newest first, up to the limit', async () => {
      const { journal } = given();
      const id = randomBytes(20).toString('hex');
      const at = (day: number): Action => sampleAction(id, { '@timestamp': `2026-03-0${day}T00:00:00.000Z` });
      const actions = [at(2), at(5), at(1), at(4)];
      const foreign = sampleAction(randomBytes(20).toString('hex'));
      const { indicator: _, ...mail } = sampleAction(id, { verb: 'mail', actor: 'alerting' });
      await journal.append('actions', [...actions, foreign, mail].map(entryOf), patience);
      const times = async (limit: number): Promise<string[]> =>
        (await journal.actionsOf(id, limit)).map((action) => (action as Action)['@timestamp'].slice(8, 10));
      await until(async () => (await times(10)).length === 4, { what: 'four actions' });
      assert.deepEqual(await times(10), ['05', '04', '02', '01']);
      assert.deepEqual(await times(2), ['05', '04']);
      assert.deepEqual(await journal.actionsOf(randomBytes(20).toString('hex'), 10), []);
    });

    it('takes dead letters of any content, and many at once', async () => {
      const { journal } = given();
      const letters = Array.from({ length: 1_200 }, () =>
        sampleDeadLetter({ payload: 'grüße \u0000 "🦊" </script>', message: 'x'.repeat(500) }),
      );
      assert.equal(await journal.append('deadletters', letters.map(entryOf), patience), 1_200);
      assert.equal(await journal.append('deadletters', letters.map(entryOf), patience), 0);
    });
  });
}
