import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RawIndicator } from '../../core/contract/raw-indicator.ts';
import { TiplineError } from '../../core/process/errors.ts';
import type { Health } from '../../core/process/health.ts';
import type { ConfiguredFeed, Page, PollContext } from '../../ingest/feed.ts';
import { releaseFeed } from '../../ingest/snapshot/release.ts';
import { openLab } from './lab.ts';
import { createSteppedClock } from './stepped-clock.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 10, 1);

type Read = (context: PollContext) => AsyncIterable<Page>;

/** A feed without a network. */
function feedOf(name: string, every: number, read: Read, snapshot = false): ConfiguredFeed {
  return {
    settings: { name, type: 'made-up', enabled: true, tags: [] },
    fingerprint: name,
    open: () => ({ kind: 'polled', every, local: false, snapshot, poll: read }),
  };
}

async function* pageOf(records: RawIndicator[], cursor: unknown): AsyncGenerator<Page> {
  yield { records, cursor };
}

describe('ten days by one clock', () => {
  it('rhythm, retries, a quota, a quarantine and its release, and two processes that share the feeds', async (t) => {
    const lab = openLab(t);
    const clock = createSteppedClock(START);
    const polls: { name: string; by: string; at: number }[] = [];
    /** Readings that have begun and not reported yet. */
    const open = new Set<string>();
    const day = (): number => (clock.at - START) / DAY;
    const leases = new Map<string, { owner: string; until: number }>();
    Object.assign(lab.cursors, {
      lease: async (key: string, owner: string, ms: number) => {
        const held = leases.get(key);
        if (held !== undefined && held.owner !== owner && held.until > clock.at) return false;
        leases.set(key, { owner, until: clock.at + ms });
        return true;
      },
      release: async (key: string, owner: string) => {
        if (leases.get(key)?.owner === owner) leases.delete(key);
      },
    });

    const told =
      (by: string, name: string, read: Read): Read =>
      (context) => {
        polls.push({ name, by, at: clock.at });
        open.add(`${by} ${name}`);
        return read(context);
      };
    const members = (count: number): RawIndicator[] =>
      Array.from({ length: count }, (_, n) => ({ indicator: `192.0.2.${n}`, type: 'ip' }));
    const feedsOf = (by: string): ConfiguredFeed[] => [
      feedOf(
        'steady',
        HOUR,
        told(by, 'steady', ({ cursor }) => {
          const count = Number(cursor ?? 0) + 1;
          return pageOf([{ indicator: `a${count}.example` }], count);
        }),
      ),
      feedOf(
        'failing',
        HOUR,
        // biome-ignore lint/correctness/useYield: it fails before its first page
        told(by, 'failing', async function* () {
          throw new TiplineError('FEED_SERVER_ERROR', 'its own fault', { retryable: true });
        }),
      ),
      feedOf(
        'quota',
        HOUR,
        told(by, 'quota', ({ postpone, startedAt }) => {
          postpone(startedAt + DAY);
          return pageOf([], startedAt);
        }),
      ),
      feedOf(
        'list',
        6 * HOUR,
        told(by, 'list', ({ startedAt }) => pageOf(members(day() < 4 ? 100 : 20), startedAt)),
        true,
      ),
    ];
    const process = (owner: string): ReturnType<typeof lab.start> => {
      const health: Health = {
        ...lab.health,
        report(part, state, detail) {
          // the poll is over with its report; that of a feed that others read is none
          if (state !== 'starting') open.delete(`${owner} ${part.slice('feed:'.length)}`);
          lab.health.report(part, state, detail);
        },
      };
      const context = { ...lab.context, health };
      return lab.start([], { feeds: feedsOf(owner), owner, clock, context });
    };
    const one = process('one');
    const two = process('two');
    let stoppedOne = false;
    let released = false;
    while (day() < 10) {
      // what is done between two waits takes no time
      for (let turns = 0; turns < 3 || open.size > 0; turns += 1) await nextTurn();
      if (day() > 2 && !stoppedOne) {
        stoppedOne = true;
        await one.stop();
      }
      if (day() > 7 && !released) {
        released = true;
        await releaseFeed(lab.cursors, 'list');
      }
      clock.step();
    }
    const before = clock.at;
    assert.ok(clock.waiting > 0);
    await two.stop();
    assert.equal(clock.at, before);

    const of = (name: string): number[] => polls.filter((poll) => poll.name === name).map(({ at }) => at);
    const gaps = (times: number[]): number[] => times.slice(1).map((at, index) => at - (times[index] ?? 0));
    assert.ok(Math.abs(of('steady').length - 240) <= 12, `${of('steady').length} polls of an hourly feed`);
    assert.ok(gaps(of('steady')).every((gap) => gap > 0.85 * HOUR));
    assert.equal(new Set(polls.filter(({ at }) => at > START + 2.1 * DAY).map(({ by }) => by)).size, 1);
    assert.ok(
      new Set(polls.filter(({ at }) => at < START + 2 * DAY).map(({ name, by }) => `${name} ${by}`)).size === 4,
      'no feed was read by both',
    );
    // a tenth of an hour, then twice as long, up to an hour
    assert.ok(
      of('failing').length >= 240 && of('failing').length <= 270,
      `${of('failing').length} polls of a feed that fails`,
    );
    assert.ok(of('quota').length <= 11, `${of('quota').length} polls of one call a day`);
    assert.equal(lab.state('steady').cursor, of('steady').length, 'no reading was done twice, and none was lost');

    const list = lab.state('list');
    assert.deepEqual([list.quarantine, list.good?.records], [null, 20]);
    const heldBack = lab.logged.filter(({ message }) => /held back/.test(message));
    assert.equal(heldBack.length, 1);
    // alive all the time that it was held back
    const said = lab.bus.values().filter(({ indicator }) => indicator === '192.0.2.99');
    const validUntil = said.map(({ collected_at, valid_until }) => [
      Date.parse(String(collected_at)),
      Date.parse(String(valid_until)),
    ]);
    for (const [index, [collected = 0]] of validUntil.slice(1).entries()) {
      const [, until = 0] = validUntil[index] ?? [];
      assert.ok(Number.isNaN(until) || collected < until, 'renewed before it expired');
    }
    assert.ok((validUntil.at(-1)?.[0] ?? 0) > START + 6.5 * DAY);
    const releasedAt = of('list').find((at) => at > START + 7 * DAY) ?? 0;
    assert.ok(releasedAt - START - 7 * DAY < 5 * 60_000, 'read soon after its release');
  });
});
