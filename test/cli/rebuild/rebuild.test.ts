import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Bus } from '../../../bus/port.ts';
import { type Rebuilt, rebuildCurrent } from '../../../cli/rebuild/rebuild.ts';
import type { EnrichedDocument } from '../../../core/contract/enriched-document.ts';
import { FEED_HEADER, OUTSIDE_HEADER } from '../../../core/contract/raw-indicator.ts';
import { INDICATOR_TYPES } from '../../../core/indicator/type.ts';
import { readSeverityFile } from '../../../core/process/config/severity-file.ts';
import { lifetimesOf } from '../../../enrich/state/policy.ts';
import { weightsOf } from '../../../enrich/state/score.ts';
import { severityRules } from '../../../enrich/state/severity.ts';
import { type Lab, openLab } from '../../enrich/embedded-lab.ts';
import { statementsOf, steadyStates } from './statements.ts';

const DAY = 86_400_000;

describe('rebuild of the states', () => {
  let lab: Lab;
  let said: string[];
  beforeEach(async () => {
    lab = await openLab();
    said = [];
    await lab.start();
  });
  afterEach(() => lab.close());

  const rebuild = (bus: Bus = lab.bus, signal = new AbortController().signal): Promise<Rebuilt> => {
    const now = Date.now();
    return rebuildCurrent({
      bus,
      store: lab.store,
      policy: {
        weights: weightsOf({ confidence: 0.7, severity: 0.3 }),
        severity: severityRules(readSeverityFile('rules/severity.yaml')),
        lifetimes: lifetimesOf(INDICATOR_TYPES, {}),
      },
      window: { earliest: now - 90 * DAY, latest: now, headersSince: 0 },
      owner: `test-${Math.random()}`,
      signal,
      say: (words) => void said.push(words),
    });
  };
  const loseStates = (): void => {
    const sqlite = new DatabaseSync(lab.store.indicators.description.replace('embedded ', ''));
    sqlite.exec('DELETE FROM current');
    sqlite.close();
  };
  const states = async (): Promise<EnrichedDocument[]> => {
    const all = await lab.store.indicators.search({ limit: 10_000 });
    return all.sort((a, b) => (a.tipline.id < b.tipline.id ? -1 : 1));
  };
  /** Says what each seed makes, in the order told; the last part is the one that the topic still has. */
  const tell = async (seed: number): Promise<number> => {
    const parts = statementsOf(seed, Date.now());
    for (const { headers, records } of parts) await lab.sayAs(headers, ...records);
    return parts.length;
  };

  for (const seed of [1, 2, 3, 4]) {
    it(`brings back what was there, in a later life, and no second history (seed ${seed})`, async () => {
      await tell(seed);
      const before = await states();
      const { history } = await lab.store.indicators.summary();
      assert.ok(before.length > 20 && history > before.length);
      loseStates();
      const rebuilt = await rebuild();
      await lab.caughtUp();
      const after = await states();
      assert.deepEqual(steadyStates(after), steadyStates(before));
      assert.equal(rebuilt.history, history);
      assert.equal((await lab.store.indicators.summary()).history, history);
      for (const [at, document] of after.entries())
        assert.ok((document.tipline.life ?? 0) > (before[at]?.tipline.life ?? 0), document.tipline.value);
    });

    it(`needs of the topic only what it still has (seed ${seed})`, async () => {
      await tell(seed);
      // what history cannot know: the same said again, seen later, or said again after something else on one day
      const before = await states();
      loseStates();
      const forgetful: Bus = { ...lab.bus, async *scan() {} };
      await rebuild(forgetful);
      await lab.caughtUp();
      const without = steadyStates(await states());
      const untold = (documents: ReturnType<typeof steadyStates>) =>
        documents.map(({ id, value, claims }) => ({
          id,
          value,
          claims: claims.map(({ feed, source, ref }) => `${feed} ${source} ${ref}`).sort(),
        }));
      assert.deepEqual(untold(without), untold(steadyStates(before)));
    });
  }

  it('goes on where it was when it was killed', async () => {
    await tell(5);
    const before = await states();
    loseStates();
    let sends = 0;
    const dying: Bus = {
      ...lab.bus,
      publish(topic, records) {
        sends += 1;
        return sends > 4 ? Promise.reject(new Error('killed')) : lab.bus.publish(topic, records);
      },
    };
    await assert.rejects(rebuild(dying), /killed/);
    const rebuilt = await rebuild();
    assert.match(said.join('\n'), /goes on at part [2-9] of 16/);
    await lab.caughtUp();
    assert.deepEqual(steadyStates(await states()), steadyStates(before));
    const { history } = await lab.store.indicators.summary();
    assert.ok(rebuilt.history === history, 'each statement once, over both');
    // the next one begins anew
    assert.equal((await rebuild()).history, history);
  });

  it('tells nothing that was not so: no state is for a moment what it does not end as', async () => {
    await tell(6);
    const before = new Map((await states()).map(({ tipline }) => [tipline.id, tipline.status]));
    loseStates();
    const told = (await lab.enriched()).length;
    await rebuild();
    await lab.caughtUp();
    const since = (await lab.enriched()).slice(told);
    assert.ok(since.length >= before.size);
    for (const { tipline } of since) assert.equal(tipline.status, before.get(tipline.id), tipline.value);
  });

  it('waits while enrichment is behind, and says so', async () => {
    await tell(7);
    const stop = new AbortController();
    let asked = 0;
    const behind: Bus = {
      ...lab.bus,
      lag: async () => {
        asked += 1;
        if (asked > 2) stop.abort(new Error('enough'));
        return 1_000_000;
      },
    };
    await assert.rejects(rebuild(behind, stop.signal), /enough|abort/i);
    assert.ok(asked > 2);
  });

  it('keeps the feed and what outsiders may', async () => {
    await lab.sayAs(
      { [FEED_HEADER]: 'push', [OUTSIDE_HEADER]: '1' },
      { indicator: '203.0.113.1', source: 'x', confidence: 99 },
    );
    await lab.sayAs({}, { indicator: '203.0.113.2', source: 'vetted', confidence: 99 });
    await lab.sayAs({ [FEED_HEADER]: 'vetted' }, { indicator: '203.0.113.3', source: 'vetted', confidence: 99 });
    loseStates();
    await rebuild();
    await lab.caughtUp();
    const claimOf = async (value: string) =>
      (await lab.current(value))?.tipline.claims.map(({ feed, outside }) => ({ feed, outside }));
    assert.deepEqual(await claimOf('203.0.113.1'), [{ feed: 'push', outside: true }]);
    assert.deepEqual(await claimOf('203.0.113.2'), [{ feed: 'external', outside: true }]);
    assert.deepEqual(await claimOf('203.0.113.3'), [{ feed: 'vetted', outside: undefined }]);
  });
});
