import assert from 'node:assert/strict';
import { once } from 'node:events';
import { before, describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { EAGER, FAILS, KILLED_OVER, SHRINKS, TELLS_ABSENCE, WAITS } from './ten-days/plan.ts';
import type { FeedOutcome, Outcome } from './ten-days/run.ts';
import { table } from './ten-days/table.ts';
import { DAY, GRAIN, HOUR, MINUTE, START } from './ten-days/time.ts';
import type { Poll } from './ten-days/watch.ts';

/** Polls that follow each other, and the time from the beginning of one to that of the next. */
function pairs({ polls }: FeedOutcome): { first: Poll; second: Poll; gap: number }[] {
  return polls.slice(1).flatMap((second, index) => {
    const first = polls[index];
    return first === undefined ? [] : [{ first, second, gap: second.at - first.at }];
  });
}

function longestAsked({ troubles, rate }: FeedOutcome): number {
  const asked = troubles.filter(({ kind }) => kind.startsWith('asks')).map(({ hours }) => hours * HOUR);
  return Math.max(0, rate?.per ?? 0, ...asked);
}

const MB = 1024 ** 2;
const inMb = (bytes: number): string => (bytes / MB).toFixed(1);
const hours = (ms: number): string => `${(ms / HOUR).toFixed(2)} h`;
const sorted = (texts: Iterable<string>): string[] => [...texts].sort();

describe('ten days by one clock: feeds of every kind, their servers, and processes that come and go', () => {
  let outcome: Outcome;
  let feeds: FeedOutcome[];
  const of = (name: string): FeedOutcome => {
    const found = feeds.find((feed) => feed.name === name);
    assert.ok(found !== undefined, name);
    return found;
  };

  before(async () => {
    const thread = new Worker(new URL('./ten-days/run.ts', import.meta.url));
    [outcome] = (await once(thread, 'message')) as [Outcome];
    feeds = outcome.feeds;
  });

  it('reads them all, and all are well in the end', (t) => {
    t.diagnostic(table(feeds));
    assert.ok(feeds.length >= 24, `${feeds.length} feeds`);
    assert.deepEqual(outcome.downInTheEnd, []);
    for (const { name, polls } of feeds) assert.equal(polls.at(-1)?.outcome, 'good', name);
  });

  it('meets each trouble of the servers', () => {
    for (const { name, troubles, struck } of feeds) {
      assert.deepEqual(sorted(struck.keys()), sorted(new Set(troubles.map(({ kind }) => kind))), name);
    }
  });

  it('asks no source before the time that it asked for, nor above its quota, whichever process asks', () => {
    for (const { name, unwelcome } of feeds) assert.deepEqual(unwelcome, [], name);
    // and one of them was asked to wait before it went over to another process
    const killedAt = (outcome.killedAt - START) / HOUR;
    const asked = of(WAITS).troubles.find(({ kind }) => kind.startsWith('asks'));
    assert.ok(asked !== undefined && asked.from < killedAt - 2 && killedAt < asked.from + asked.hours);
    assert.ok(outcome.ownedByKilled.includes(WAITS));
  });

  it('sends no more requests than a poll needs, a rate allows and a day has', () => {
    for (const { name, polls, requests, mostRequests, rate, daily } of feeds) {
      for (const { before: first, after } of polls)
        assert.ok(after - first <= mostRequests, `${name}: ${after - first}`);
      if (rate !== undefined) {
        for (const [index, at] of requests.entries()) {
          const soonest = requests[index - rate.requests];
          assert.ok(soonest === undefined || at - soonest >= rate.per, `${name}: ${hours(at - START)}`);
        }
      }
      if (daily === undefined) continue;
      const days = Map.groupBy(requests, (at) => Math.floor(at / DAY));
      for (const [day, asked] of days) assert.ok(asked.length <= daily, `${name}: ${asked.length} on day ${day}`);
    }
    const eager = of(EAGER).requests.filter((at) => at < START + 10 * DAY);
    assert.equal(eager.length, 50, 'all that the quota has, and no more');
  });

  it('keeps to the rhythm of each feed', () => {
    for (const feed of feeds) {
      const { name, every, kind } = feed;
      assert.ok((feed.polls[0]?.at ?? 0) - START <= GRAIN, name);
      const isLocal = feed.requests.length === 0;
      for (const { first, second, gap } of pairs(feed)) {
        const isTaken = first.by !== second.by;
        const where = `${name} at ${hours(second.at - START)}: ${hours(gap)} after one that was ${first.outcome}`;
        if (first.outcome === 'broken off') {
          // the other process waits for its turn, counted from the last that was good
          assert.ok(gap <= every / 10 + MINUTE + GRAIN, where);
          continue;
        }
        const isGood = first.outcome !== 'failed';
        const isReleased = first.outcome === 'held' && second.outcome === 'good';
        // whoever takes over a feed that is not well reads it at once
        // nor is anything known of what ended in the moment of the kill: states are written behind
        const isForgotten = isTaken && Math.abs(outcome.killedAt - first.at) < GRAIN;
        const isAtOnce = isReleased || isForgotten || (isTaken && (isLocal || first.outcome !== 'good'));
        const least = isAtOnce ? 0 : isGood ? 0.9 * every : every / 10;
        const most = isGood ? 1.1 * every : Math.max(every, 1.05 * longestAsked(feed));
        assert.ok(gap >= least, where);
        if (name !== EAGER) assert.ok(gap <= most + GRAIN + (isTaken ? MINUTE : 0), where);
      }
      assert.ok(kind === 'journal' || feed.polls.length >= 10, name);
    }
  });

  it('asks a server that fails less and less often', () => {
    const { polls, every } = of(FAILS.feed);
    const failing = polls.filter(({ outcome: how }) => how === 'failed');
    const waits = failing.slice(1).map(({ at }, index) => at - (failing[index]?.at ?? 0));
    for (const [index, wait] of waits.entries()) {
      const least = Math.min(every, (every / 10) * 2 ** index);
      assert.ok(wait >= least && wait <= Math.min(every, least * 1.5) + MINUTE + GRAIN, `${index}: ${hours(wait)}`);
    }
    assert.ok(failing.length >= FAILS.hours && failing.length <= FAILS.hours + 5, String(failing.length));
  });

  it('tells all that the sources ever showed, and nothing else', () => {
    for (const { name, delivered, visible } of feeds) {
      assert.ok(visible.length > 40, name);
      assert.deepEqual(sorted(delivered), sorted(visible), name);
    }
    for (const { name, revoked, visible, present } of feeds) {
      const gone = name === TELLS_ABSENCE ? visible.filter((id) => !present.includes(id)) : [];
      assert.deepEqual(sorted(revoked), sorted(gone), name);
    }
  });

  it('has the cursors where the sources are', () => {
    for (const { name, cursorIsRight, state, quiet, kind, lastRecordAt } of feeds) {
      assert.ok(cursorIsRight, `${name}: ${JSON.stringify(state.cursor)}`);
      // for a day nothing new came out; an export is told again in time, as a list is
      if (quiet && kind === 'journal' && !name.endsWith('export')) assert.ok(lastRecordAt < START + 9.6 * DAY, name);
    }
    for (const name of ['file', 'directory']) assert.equal(of(name).records, of(name).delivered.length, 'each once');
  });

  it('lets no list expire that its source still has', () => {
    for (const { name, kind, lapsed, expired } of feeds) {
      if (kind === 'list') assert.deepEqual([lapsed, expired], [0, []], name);
    }
  });

  it('holds one list back, says so once, keeps the good one alive, and goes on when it is released', () => {
    const { name, polls, state } = of(SHRINKS.feed);
    const heldBack = outcome.warnings.filter((message) => message.includes('is held back'));
    assert.deepEqual([heldBack.length, heldBack[0]?.includes(`feeds release ${name}`)], [1, true]);
    assert.deepEqual(
      feeds.filter((feed) => feed.polls.some((poll) => poll.outcome === 'held')).map((feed) => feed.name),
      [name],
    );
    const held = polls.filter((poll) => poll.outcome === 'held');
    const shrunkAt = START + (SHRINKS.edition - 1) * SHRINKS.edits * HOUR;
    const releasedAt = START + SHRINKS.releasedAt * HOUR;
    assert.ok((held[0]?.at ?? 0) >= shrunkAt && (held[0]?.at ?? 0) <= shrunkAt + 2.2 * HOUR + GRAIN);
    assert.equal(new Set(held.map(({ by }) => by)).size, 2, 'it went over to another process meanwhile');
    const { looks, least } = outcome.grants;
    assert.ok(looks >= 50 * SHRINKS.before && least > 0, `${looks} looks, ${hours(least)}`);
    const after = polls.find(({ at }) => at >= releasedAt);
    assert.equal(after?.outcome, 'good');
    assert.ok((after?.at ?? 0) - releasedAt <= 30_000 + GRAIN);
    assert.deepEqual([state.quarantine, state.good?.records], [null, SHRINKS.after]);
  });

  it('shares the feeds among processes: none is read twice at once, and none is left alone for a minute', () => {
    const { overlaps, killedAt, ownedByKilled, stoppedAt, takeovers } = outcome;
    assert.equal(overlaps, 0);
    assert.ok(ownedByKilled.length >= 15 && ownedByKilled.length <= feeds.length - 15, `${ownedByKilled.length}`);
    const taken = takeovers.filter(({ to }) => to === 'one');
    assert.deepEqual(sorted(taken.map(({ feed }) => feed)), sorted(ownedByKilled));
    for (const { feed, at } of taken)
      assert.ok(at > killedAt && at - killedAt <= MINUTE, `${feed}: ${at - killedAt} ms`);
    const handed = takeovers.filter(({ to }) => to === 'three');
    assert.deepEqual(sorted(handed.map(({ feed }) => feed)), sorted(feeds.map(({ name }) => name)));
    for (const { feed, at } of handed) assert.ok(at - stoppedAt <= 10_000 + GRAIN, `${feed}: ${at - stoppedAt} ms`);
    assert.equal(takeovers.length, taken.length + handed.length);
    const brokenOff = feeds.flatMap(({ name, polls }) =>
      polls.filter((poll) => poll.outcome === 'broken off').map(() => name),
    );
    assert.deepEqual(brokenOff, [KILLED_OVER]);
  });

  it('needs no more memory on the tenth day than on the second', (t) => {
    const [early, middle, late] = outcome.memory;
    assert.ok(early !== undefined && middle !== undefined && late !== undefined);
    t.diagnostic(outcome.memory.map(({ hour, bytes }) => `${inMb(bytes)} MB after ${hour} hours`).join(', '));
    // what the days themselves note down is some of it, and so is the code that is compiled by and by
    assert.ok(late.bytes - early.bytes < 4.5 * MB, `${inMb(late.bytes - early.bytes)} MB more`);
    // a kilobyte that each poll left behind would be two
    assert.ok(late.bytes - middle.bytes < 1.5 * MB, `${inMb(late.bytes - middle.bytes)} MB more`);
    assert.ok(late.resources - early.resources <= 10, `${early.resources} and then ${late.resources}`);
  });
});
