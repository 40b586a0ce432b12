import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { seeded } from '../../bench/events.ts';
import { until } from '../services/wait.ts';
import { documentsStyle, dropStyle, linesStyle } from './ingest-kill/files.ts';
import { openForeignTopic } from './ingest-kill/foreign-topic.ts';
import { type Account, assertSame, readLedger } from './ingest-kill/ledger.ts';
import {
  absenceListStyle,
  catalogueStyle,
  daysStyle,
  generatedAtStyle,
  growingListStyle,
} from './ingest-kill/lists.ts';
import { manifestStyle, mispSearchStyle } from './ingest-kill/misp.ts';
import { pulsesStyle } from './ingest-kill/otx.ts';
import { type Ended, openStation, type Running, type Station } from './ingest-kill/station.ts';
import type { Style } from './ingest-kill/style.ts';
import { taxii1Style, taxii2Style } from './ingest-kill/taxii.ts';

const PATIENCE = 120_000;
/** Eighteen starts of the process, each of which takes seconds of a core that others use as well. */
const timeout = 420_000;
const random = seeded(23);

describe('ingest that is killed', { concurrency: true, timeout }, () => {
  it('loses nothing between and inside pages, and invents nothing, however a feed keeps its place', {
    timeout,
  }, async (t) => {
    const station = await openStation(t);
    const drop = dropStyle(station.folder);
    const styles = await openStyles(t, station.folder, drop);
    station.configure(styles.map(({ feed }) => feed));
    const kills = createKills(station, styles);

    await kills.insidePages(() => 1);
    await kills.at('ingest-published', ({ deliveries }) => deliveries);
    await kills.at('ingest-publishing', () => 1, 2);
    await kills.between();
    await kills.insidePages(({ keptBehind }) => (keptBehind === 'end' ? 1 : 2));
    await kills.at('ingest-published', () => 1);
    await kills.atRandom();
    await kills.at('ingest-publishing', ({ deliveries }) => deliveries, 1);
    await kills.atRandom();
    await kills.between();
    await kills.atRandom();

    for (const style of styles) {
      style.grow();
      style.finish?.();
    }
    await readOnce(station);
    const first = await readLedger(station.bus);
    for (const style of styles) {
      const account = first.get(style.feed.name) ?? assert.fail(`nothing of ${style.feed.name}`);
      t.diagnostic(reportOf(style, account, kills.count(style)));
      assertComplete(style, account);
    }
    assertSame(readdirSync(join(drop.folder, 'done')), drop.dropped, 'files that were moved');
    assert.deepEqual(readdirSync(join(drop.folder, 'failed')), []);

    await readOnce(station);
    const second = await readLedger(station.bus);
    for (const style of styles) {
      const [before, after] = [first, second].map((ledger) => ledger.get(style.feed.name));
      if (style.exact) assert.equal(after?.records, before?.records, `${style.called}: one more reading`);
      else assertSame(after?.revoked.keys() ?? [], before?.revoked.keys() ?? [], `${style.called}: one more reading`);
    }
    await assertUndisturbedEndsThere(t, station, styles);
  });

  it('reads on in the topic of another Kafka where its group stands', async (t) => {
    const station = await openStation(t);
    const topic = await openForeignTopic(station);
    station.configure([topic.feed]);
    // the group waits ten seconds for each dead member
    const points = ['ingest-published@partner:2', 'ingest-publishing@partner:6', 'ingest-publishing@partner:2+1'];
    for (const point of points) {
      await topic.grow();
      const { signal, stderr } = await ending(station.start([], point), `the feed to come to ${point}`);
      assert.equal(signal, 'SIGKILL', stderr);
    }
    await topic.grow();
    const last = station.start([]);
    await until(async () => (await topic.lag()) === 0, { what: 'the group to stand at the end', timeout: PATIENCE });
    last.child.kill('SIGTERM');
    const { code, stderr } = await ending(last, 'the process to stop');
    assert.equal(code, 0, stderr);
    const account = (await readLedger(station.bus)).get('partner') ?? assert.fail('nothing was read');
    const [records, told] = [account.records, topic.told.size];
    t.diagnostic(`kafka: offsets of a group: ${points.length} kills, ${records} delivered, ${records - told} repeated`);
    assertSame(account.revoked.keys(), topic.told, 'the topic');
  });
});

async function openStyles(t: TestContext, folder: string, drop: Style): Promise<Style[]> {
  const [next, range, windows] = await Promise.all([taxii2Style('2.1'), taxii2Style('2.0'), taxii1Style()]);
  const styles: Style[] = [
    linesStyle(folder),
    documentsStyle(folder),
    drop,
    await growingListStyle(),
    await absenceListStyle(),
    await generatedAtStyle(),
    await catalogueStyle(),
    await daysStyle(),
    next,
    range,
    windows,
    await mispSearchStyle(t),
    await manifestStyle(),
    await pulsesStyle(),
  ];
  t.after(async () => {
    for (const { gate } of styles) gate?.close();
    for (const { close } of [next, range, windows]) await close();
  });
  return styles;
}

type Kind = 'in a page' | 'in a publish' | 'before the cursor' | 'behind the cursor' | 'at random';

/** Ways to kill one process that reads all feeds, each feed at the point that is meant. */
function createKills(station: Station, styles: readonly Style[]) {
  const struck = new Map<Style, Map<Kind, number>>(styles.map((style) => [style, new Map()]));

  function note(kind: Kind, hit: readonly Style[]): void {
    for (const style of hit) {
      const counts = struck.get(style);
      counts?.set(kind, (counts.get(kind) ?? 0) + 1);
    }
  }

  async function killed(running: Running, what: string): Promise<void> {
    const { signal, stderr } = await ending(running, what);
    assert.equal(signal, 'SIGKILL', stderr);
    assertCalm(stderr);
  }

  function grow(): void {
    for (const style of styles) style.grow();
  }

  return {
    count: (style: Style): ReadonlyMap<Kind, number> => struck.get(style) ?? new Map(),

    /** Every feed has come to its point and waits there; with `delay` all go on, and so many ms later they are dead. */
    async at(
      point: 'ingest-publishing' | 'ingest-published',
      nth: (style: Style) => number,
      delay?: number,
    ): Promise<void> {
      grow();
      const places = styles.map((style) => `${point}@${style.feed.name}:${nth(style)}`).join();
      await killed(
        station.start([], delay === undefined ? places : `${places}+${delay}`),
        `all feeds to come to ${point}`,
      );
      note(point === 'ingest-published' ? 'before the cursor' : 'in a publish', styles);
    },

    /** Behind a page whose cursor is kept, with more to come; or behind the whole list. */
    async between(): Promise<void> {
      grow();
      const places = styles.map(({ feed, keptBehind }) =>
        keptBehind === 'end' ? `ingest-state-kept@${feed.name}` : `ingest-publishing@${feed.name}:${keptBehind + 1}`,
      );
      await killed(station.start([], places.join()), 'all feeds to keep a cursor');
      note('behind the cursor', styles);
    },

    /** Every server holds its page half given. */
    async insidePages(nth: (style: Style) => number): Promise<void> {
      grow();
      const served = styles.filter(({ gate }) => gate !== undefined);
      const holding = new Set(served);
      for (const style of served) void style.gate?.hold(nth(style)).then(() => holding.delete(style));
      const running = station.start([]);
      const names = (): string => [...holding].map(({ feed }) => feed.name).join(' ');
      await until(() => holding.size === 0 || running.child.exitCode !== null, {
        what: 'all servers to hold a page',
        timeout: PATIENCE,
      }).catch((error: unknown) => assert.fail(`${error}: not ${names()}`));
      running.child.kill('SIGKILL');
      await killed(running, 'the process to die');
      for (const { gate } of served) gate?.release();
      note('in a page', served);
    },

    /** After so many questions to all servers together; half-way their sources say more. */
    async atRandom(): Promise<void> {
      grow();
      const asked = (): number => styles.reduce((sum, { gate }) => sum + (gate?.asked ?? 0), 0);
      const before = asked();
      const questions = 10 + Math.floor(random() * 150);
      const running = station.start([]);
      const reached = (count: number): Promise<unknown> =>
        until(() => asked() - before >= count || running.child.exitCode !== null, {
          what: `${count} questions`,
          timeout: PATIENCE,
          every: 5,
        });
      await reached(questions / 2);
      grow();
      await reached(questions);
      running.child.kill('SIGKILL');
      await killed(running, 'the process to die');
      note('at random', styles);
    },
  };
}

async function ending({ child, ended }: Running, what: string): Promise<Ended> {
  let result: Ended | undefined;
  void ended.then((end) => {
    result = end;
  });
  try {
    return await until(() => result, { what, timeout: PATIENCE });
  } catch (error) {
    child.kill('SIGKILL');
    throw new Error(`${String(error)}\n${(await ended).stderr}`);
  }
}

/** Reads all feeds to their present end. */
async function readOnce(station: Station): Promise<void> {
  const { code, stderr } = await ending(station.start(['--once']), 'a reading of all feeds');
  assert.equal(code, 0, stderr);
  assertCalm(stderr);
}

/** Nothing failed and nothing was held back or left out: kills are no fault of a source. */
function assertCalm(stderr: string): void {
  const told = stderr.split('\n').filter((line) => line !== '');
  // feeds are asked twice a second here, which a busy machine does not manage, and they are kept waiting at their points
  assert.deepEqual(
    told.filter((line) => !line.includes('"detail":"not read well for three intervals')),
    [],
  );
}

function assertComplete({ called, told, list }: Style, { revoked }: Account): void {
  const fleeting = list?.fleeting ?? new Set();
  assertSame(
    [...revoked.keys()].filter((value) => !fleeting.has(value)),
    told,
    called,
  );
  const withdrawn = [...revoked].filter(([, isRevoked]) => isRevoked).map(([value]) => value);
  const gone = list === undefined ? [] : [...revoked.keys()].filter((value) => !list.now.has(value));
  assertSame(withdrawn, gone, `${called}: what was withdrawn`);
}

/** Another process, which read all of it at once and in peace, keeps the same places. */
async function assertUndisturbedEndsThere(t: TestContext, station: Station, styles: readonly Style[]): Promise<void> {
  const calm = await openStation(t);
  calm.configure(styles.map(({ feed }) => feed));
  await readOnce(calm);
  const [disturbed, undisturbed] = await Promise.all([station.states(), calm.states()]);
  for (const { feed, called, place } of styles) {
    const [there, here] = [undisturbed, disturbed].map((states) => states.get(feed.name));
    assert.deepEqual(place(here?.cursor), place(there?.cursor), called);
    assert.equal(here?.quarantine, null, called);
    assert.equal(here?.failures, 0, called);
  }
}

function reportOf(
  { called, pages, told }: Style,
  { records, revoked }: Account,
  kills: ReadonlyMap<Kind, number>,
): string {
  const withdrawn = [...revoked.values()].filter(Boolean).length;
  const total = [...kills.values()].reduce((sum, count) => sum + count, 0);
  const where = [...kills].map(([kind, count]) => `${count} ${kind}`).join(', ');
  return `${called}: ${total} kills (${where}), ${pages()} pages, ${records} delivered, ${records - told.size - withdrawn} repeated`;
}
