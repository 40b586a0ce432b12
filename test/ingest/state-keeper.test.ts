import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { silentLog } from '../../core/process/log.ts';
import { parseFeedState } from '../../ingest/feed-state.ts';
import { StateKeeper } from '../../ingest/state-keeper.ts';
import { until } from '../services/wait.ts';
import { createMemoryCursors, type MemoryCursors } from './memory-cursors.ts';

const never = new AbortController().signal;
const keeperOf = (cursors: MemoryCursors, owner: string): StateKeeper =>
  new StateKeeper({ name: 'list', cursors, log: silentLog, owner, loadPatience: 50 });
const stored = (cursors: MemoryCursors): unknown => parseFeedState(cursors.values.get('feed:list')?.value).cursor;

describe('the state of a feed that two processes had', () => {
  it('is moved no more by the one that was overtaken, which is told', async () => {
    const cursors = createMemoryCursors();
    const [frozen, heir] = [keeperOf(cursors, 'frozen'), keeperOf(cursors, 'heir')];
    let told = 0;
    await frozen.load(never, () => (told += 1));
    frozen.update({ cursor: 1 });
    await until(() => stored(cursors) === 1, { what: 'the first cursor' });
    await heir.load(never);
    heir.update({ cursor: 5 });
    await until(() => stored(cursors) === 5, { what: "the heir's cursor" });
    frozen.update({ cursor: 2 });
    await until(() => told === 1, { what: 'the news' });
    frozen.update({ cursor: 3 });
    await frozen.flush(1000);
    assert.equal(stored(cursors), 5);
    await frozen.load(never);
    assert.equal(frozen.state.cursor, 5);
    frozen.update({ cursor: 6 });
    await frozen.flush(1000);
    assert.equal(stored(cursors), 6, 'with the feed again it writes again');
    assert.equal(told, 1);
  });

  it('is written by both when they listen, each for itself', async () => {
    const cursors = createMemoryCursors();
    const [one, other] = [keeperOf(cursors, 'one'), keeperOf(cursors, 'other')];
    await one.load(never);
    await other.load(never);
    one.update({ cursor: 1 });
    await until(() => stored(cursors) === 1, { what: 'the first' });
    other.update({ cursor: 2 });
    await until(() => stored(cursors) === 2, { what: 'the second' });
    one.update({ cursor: 3 });
    await one.flush(1000);
    assert.equal(stored(cursors), 3);
    assert.equal(one.state.cursor, 3);
  });

  it('is not stored when the lease was lost first', async () => {
    const cursors = createMemoryCursors();
    const keeper = keeperOf(cursors, 'one');
    await keeper.load(never);
    cursors.away = true;
    keeper.update({ cursor: 1 });
    keeper.letGo();
    cursors.away = false;
    await keeper.flush(1000);
    assert.equal(cursors.values.size, 0);
  });

  it('is written over by a process that began while the store was away, and after an answer that was lost', async () => {
    const cursors = createMemoryCursors();
    const other = keeperOf(cursors, 'other');
    other.update({ cursor: 1 });
    await other.flush(1000);
    cursors.away = true;
    const keeper = keeperOf(cursors, 'one');
    await keeper.load(never);
    cursors.away = false;
    keeper.update({ cursor: 2 });
    await keeper.flush(1000);
    assert.equal(stored(cursors), 2);
    const { put } = cursors;
    let lost = 0;
    cursors.put = async (...args) => {
      const version = await put(...args);
      lost += 1;
      if (lost === 1) throw new Error('the answer was lost');
      return version;
    };
    const again = keeperOf(cursors, 'one');
    await again.load(never);
    again.update({ cursor: 3 });
    await until(() => lost >= 2 && stored(cursors) === 3, { what: 'the write', timeout: 5000 });
    again.update({ cursor: 4 });
    await again.flush(2000);
    assert.equal(stored(cursors), 4);
  });
});
