import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort } from 'node:worker_threads';
import { type Log, silentLog } from '../../../core/process/log.ts';
import type { FeedState } from '../../../ingest/feed-state.ts';
import { releaseFeed } from '../../../ingest/snapshot/release.ts';
import { configured, openLab } from '../../ingest/lab.ts';
import { createSteppedClock } from '../../ingest/stepped-clock.ts';
import { openFolders } from './folders.ts';
import { createLedger } from './ledger.ts';
import { KILLED_OVER, LAST_EDITION, plansOfTenDays, SHRINKS, WAITS } from './plan.ts';
import { createLeases, type Process, startProcess, type Takeover } from './process.ts';
import { openSite, type Site, type Trouble } from './site.ts';
import { DAY, GRAIN, HOUR, START } from './time.ts';
import { createWatch, type Poll } from './watch.ts';

/** What the ten days came to; it goes from one thread to another. */
export interface Outcome {
  feeds: FeedOutcome[];
  overlaps: number;
  /** Bytes of the heap and things that keep a process alive: once one process is gone, once the last one has begun, and before the end. */
  memory: { hour: number; bytes: number; resources: number }[];
  /** Looks at members of the list that is held back, hour by hour: how many, and what is the least that one was still valid, ms. */
  grants: { looks: number; least: number };
  warnings: string[];
  killedAt: number;
  /** Feeds that the one that was killed had, and where each feed went. */
  ownedByKilled: string[];
  stoppedAt: number;
  takeovers: Takeover[];
  downInTheEnd: string[];
}

export interface FeedOutcome {
  name: string;
  kind: 'list' | 'journal';
  every: number;
  polls: readonly Poll[];
  requests: readonly number[];
  mostRequests: number;
  rate: { requests: number; per: number } | undefined;
  daily: number | undefined;
  unwelcome: readonly string[];
  struck: Site['struck'];
  troubles: readonly Trouble[];
  records: number;
  lastRecordAt: number;
  quiet: boolean;
  /** Ids of indicators: that were delivered, that could be seen, that were withdrawn, that stand on the list in the end. */
  delivered: string[];
  visible: string[];
  revoked: string[];
  present: string[];
  /** Of those the ones whose `valid_until` had passed in the end, and how often one passed before it was told again. */
  expired: string[];
  lapsed: number;
  state: FeedState;
  cursorIsRight: boolean;
}

export async function runTenDays(days = 10): Promise<Outcome> {
  const endings: (() => Promise<void> | void)[] = [];
  const lab = openLab({ after: (ending) => void endings.push(ending as () => Promise<void>) });
  const warnings: string[] = [];
  // what is told of each reading would be most of what the days leave behind
  const log: Log = { ...silentLog, warn: (_, message) => void warnings.push(message), child: () => log };
  const clock = createSteppedClock(START, GRAIN);
  const now = (): number => clock.at;
  const watch = createWatch(now);
  const ledger = createLedger(now);
  const leases = createLeases(now);
  const folders = openFolders();
  endings.push(folders.remove);
  const fetched = await Promise.all(
    plansOfTenDays().map(async (plan) => {
      const { stand, edits, troubles, daily } = plan;
      const timing = { start: START, edits: edits * HOUR, lastEdition: LAST_EDITION * HOUR };
      const site = await openSite({ stand, clock, ...timing, troubles, daily });
      endings.push(site.close);
      const feed = configured({ ...stand.section(site.url), ...plan.settings });
      return { name: feed.settings.name, feed, plan, site };
    }),
  );
  const local = folders.sections.map((section) => ({ name: String(section.name), feed: configured(section) }));
  const names = [...fetched, ...local].map(({ name }) => name);

  const start = (name: string, first: (feed: string) => boolean): Process =>
    startProcess({
      name,
      lab,
      log,
      feeds: [
        ...fetched.map(({ feed, site }) => watch.feed(feed, name, () => site.requests.length)),
        ...local.map(({ feed }) => watch.feed(feed, name, () => 0)),
      ],
      clock,
      watch,
      leases,
      bus: ledger.bus,
      cursors: lab.cursors,
      first: (feed) => clock.at > START || first(feed),
    });

  /** Every other feed, and those that matter when it is killed. */
  const isOfTwo = (feed: string): boolean => feed === KILLED_OVER || feed === WAITS || names.indexOf(feed) % 2 === 1;
  const one = start('one', (feed) => !isOfTwo(feed));
  const two = start('two', isOfTwo);
  let three: Process | undefined;
  const memory: Outcome['memory'] = [];
  const grants: Outcome['grants'] = { looks: 0, least: Number.POSITIVE_INFINITY };
  let ownedByKilled: string[] = [];
  let stoppedAt = 0;

  function measure(hour: number): void {
    memory.push({ hour, bytes: heapUsed(), resources: process.getActiveResourcesInfo().length });
  }

  function noteGrants(): void {
    if (lab.state(SHRINKS.feed).quarantine === null) return;
    const site = fetched.find(({ name }) => name === SHRINKS.feed)?.site;
    const { entries } = ledger.of(SHRINKS.feed);
    for (const id of site?.idsOf(SHRINKS.edition - 1) ?? []) {
      grants.looks += 1;
      grants.least = Math.min(grants.least, (entries.get(id)?.validUntil ?? 0) - clock.at);
    }
  }

  const events: [hour: number, event: () => unknown][] = [
    [
      45,
      () => {
        ownedByKilled = names.filter((name) => leases.ownerOf(name) === 'two');
        two.killInNextOf(KILLED_OVER);
      },
    ],
    [
      144,
      () => {
        three = start('three', () => true);
      },
    ],
    [
      147,
      () => {
        stoppedAt = clock.at;
        return one.stop();
      },
    ],
    [SHRINKS.releasedAt, () => releaseFeed(lab.cursors, SHRINKS.feed)],
    ...[60, 160, 239].map((hour): [number, () => void] => [hour, () => measure(hour)]),
    ...Array.from({ length: 31 }, (_, index): [number, () => void] => [index * 7, folders.write]),
    ...Array.from({ length: 240 }, (_, hour): [number, () => void] => [hour, noteGrants]),
  ];
  events.sort(([a], [b]) => a - b);

  let killedIsGone = false;
  while (clock.at < START + days * DAY) {
    await watch.settled();
    if (two.killedAt !== undefined && !killedIsGone) {
      killedIsGone = true;
      await two.stop();
    }
    for (let [next] = events; next !== undefined && START + next[0] * HOUR <= clock.at; [next] = events) {
      events.shift();
      await next[1]();
    }
    clock.step();
  }
  await watch.settled();
  const downInTheEnd = [...lab.health.snapshot()].flatMap(([part, { state }]) => (state === 'up' ? [] : [part]));
  for (const process of [one, two, three]) await process?.stop();

  const feeds = [...fetched, ...local.map((each) => ({ ...each, plan: undefined, site: undefined }))].map(
    ({ name, feed, plan, site }): FeedOutcome => {
      const { entries, records, lapsed, lastAt } = ledger.of(name);
      const isList = plan?.stand.kind === 'list';
      const present = site !== undefined && isList ? site.idsOf(site.seenEdition) : [];
      const all = (): string[] =>
        Array.from({ length: site?.edition ?? 0 }, (_, index) => site?.idsOf(index + 1) ?? []).flat();
      const lastGoodAt = watch.of(name).findLast(({ outcome }) => outcome === 'good')?.at ?? 0;
      return {
        name,
        kind: isList ? 'list' : 'journal',
        every: watch.every(name),
        polls: watch.of(name),
        requests: site?.requests ?? [],
        mostRequests: plan?.requests ?? 0,
        rate: feed.settings.rate as FeedOutcome['rate'],
        daily: plan?.daily,
        unwelcome: site?.unwelcome ?? [],
        struck: site?.struck ?? new Map(),
        troubles: plan?.troubles ?? [],
        records,
        lastRecordAt: lastAt,
        quiet: plan?.stand.quiet ?? true,
        delivered: [...entries.keys()],
        visible: [...(site === undefined ? folders.written(name) : isList ? site.visible : all())],
        revoked: [...entries].flatMap(([id, { revoked }]) => (revoked ? [id] : [])),
        present,
        expired: present.filter((id) => (entries.get(id)?.validUntil ?? 0) <= clock.at),
        lapsed,
        state: lab.state(name),
        cursorIsRight: site === undefined || plan?.isCursorRight(lab.state(name).cursor, site, lastGoodAt) === true,
      };
    },
  );
  for (const ending of endings) await ending();
  return {
    feeds,
    overlaps: watch.overlaps,
    memory,
    grants,
    warnings,
    killedAt: two.killedAt ?? 0,
    ownedByKilled,
    stoppedAt,
    takeovers: leases.takeovers,
    downInTheEnd,
  };
}

function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  collect();
  collect();
  return getHeapStatistics().used_heap_size;
}

// in a thread of its own: the test runner watches each promise of its thread, and this makes many millions
if (parentPort !== null) parentPort.postMessage(await runTenDays());
