import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pause } from '../../core/process/backoff.ts';
import { silentLog } from '../../core/process/log.ts';
import type { Clock } from '../../ingest/clock.ts';
import { inTurn, type TurnContext } from '../../ingest/turn.ts';
import { createMemoryCursors, type MemoryCursors } from './memory-cursors.ts';

/** A clock of its own: a wait ends as soon as everybody waits, and time jumps to the earliest end. */
function createFastClock(): Clock & { at: number } {
  const waits = new Set<{ at: number; end(): void }>();
  const clock = {
    at: 1_000_000,
    now: () => clock.at,
    async pause(ms: number, signal: AbortSignal): Promise<void> {
      if (signal.aborted) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const wait = { at: clock.at + ms, end: resolve };
      waits.add(wait);
      signal.addEventListener('abort', () => resolve(), { once: true });
      setImmediate(advance);
      await promise;
      waits.delete(wait);
    },
  };
  function advance(): void {
    const first = [...waits].sort((a, b) => a.at - b.at)[0];
    if (first === undefined) return;
    clock.at = Math.max(clock.at, first.at);
    first.end();
  }
  return clock;
}

/** Leases by that clock. */
function createLeases(clock: Clock): MemoryCursors {
  const held = new Map<string, { owner: string; until: number }>();
  return {
    ...createMemoryCursors(),
    async lease(key, owner, ms) {
      const lease = held.get(key);
      if (lease !== undefined && lease.owner !== owner && lease.until > clock.now()) return false;
      held.set(key, { owner, until: clock.now() + ms });
      return true;
    },
    async release(key, owner) {
      if (held.get(key)?.owner === owner) held.delete(key);
    },
  };
}

describe('a feed that two processes share', () => {
  const contextOf = (
    owner: string,
    changes: Partial<TurnContext> & Pick<TurnContext, 'clock' | 'cursors'>,
  ): TurnContext => ({
    name: 'list',
    owner,
    log: silentLog,
    signal: new AbortController().signal,
    ...changes,
  });
  const aborted = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

  it('is read by one of them; the other takes over at once when that one stops', async () => {
    const clock = createFastClock();
    const cursors = createLeases(clock);
    const [first, second] = [new AbortController(), new AbortController()];
    const reading: string[] = [];
    const both: string[][] = [];
    const read =
      (owner: string) =>
      async (held: AbortSignal): Promise<void> => {
        reading.push(owner);
        both.push([...reading]);
        setImmediate(() => (owner === 'second' ? second : first).abort());
        await aborted(held);
        reading.splice(reading.indexOf(owner), 1);
      };
    const quiet = { wait: true, waiting: () => {} };
    const one = inTurn(contextOf('first', { clock, cursors, signal: first.signal }), quiet, read('first'));
    const other = inTurn(contextOf('second', { clock, cursors, signal: second.signal }), quiet, read('second'));
    await Promise.all([one, other]);
    assert.deepEqual(both, [['first'], ['second']]);
    assert.equal(await cursors.lease('lease:feed:list', 'third', 45_000), true, 'the lease was given back');
  });

  it('is taken over within a minute when its reader dies', async () => {
    const clock = createFastClock();
    const cursors = createLeases(clock);
    // a process that took the lease and is gone
    await cursors.lease('lease:feed:list', 'dead', 45_000);
    const stop = new AbortController();
    let takenAt = 0;
    let waited = 0;
    await inTurn(
      contextOf('heir', { clock, cursors, signal: stop.signal }),
      { wait: true, waiting: () => (waited += 1) },
      async () => {
        takenAt = clock.at;
        stop.abort();
      },
    );
    assert.ok(waited > 0);
    assert.ok(takenAt - 1_000_000 <= 60_000, String(takenAt));
  });

  it('is left by a reader that was frozen for longer than its lease', async () => {
    const clock = createFastClock();
    const cursors = createLeases(clock);
    const stop = new AbortController();
    let turns = 0;
    await inTurn(
      contextOf('frozen', { clock, cursors, signal: stop.signal }),
      { wait: true, waiting: () => {} },
      async (held) => {
        turns += 1;
        if (turns === 2) {
          stop.abort();
          return;
        }
        clock.at += 100_000;
        await cursors.lease('lease:feed:list', 'other', 45_000);
        await aborted(held);
        assert.equal(stop.signal.aborted, false);
      },
    );
    assert.equal(turns, 2, 'it comes back when the other is gone');
  });

  it('is passed over when it need not be waited for', async () => {
    const clock = createFastClock();
    const cursors = createLeases(clock);
    await cursors.lease('lease:feed:list', 'other', 45_000);
    const turn = await inTurn(contextOf('one', { clock, cursors }), { wait: false, waiting: () => {} }, async () =>
      assert.fail(),
    );
    assert.equal(turn, 'taken');
  });

  it('is read although the store is away', async () => {
    const clock = createFastClock();
    const cursors = createLeases(clock);
    cursors.lease = async () => {
      await pause(1, new AbortController().signal);
      throw new Error('the store is away');
    };
    let read = false;
    await inTurn(contextOf('one', { clock, cursors }), { wait: true, waiting: () => {} }, async () => {
      read = true;
    });
    assert.ok(read);
  });
});
