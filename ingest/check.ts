import type { RawIndicator } from '../core/contract/raw-indicator.ts';
import type { Log } from '../core/process/log.ts';
import { createAdmission } from './admission.ts';
import { type Clock, REAL_CLOCK } from './clock.ts';
import { type ConfiguredFeed, Unreadable } from './feed.ts';
import type { Fetcher } from './fetch/fetcher.ts';
import { transported, transportOf } from './fetch/transport.ts';
import { createAgeing, type LifetimeOf } from './lifetime.ts';
import { toOutgoing } from './outgoing.ts';
import { grantOf } from './schedule.ts';
import { createTally, type TallyReport } from './tally.ts';
import { createUsabilityWatch, type Judge, type Usability } from './usability.ts';

export interface FeedCheck {
  /** The first records as they would be published, at most `show`. Those of a `file` are as unchecked as they came. */
  records: RawIndicator[];
  /** Records of the first page. */
  read: number;
  /** Of them no JSON objects: they would become dead letters. */
  unreadable: number;
  /** Of them kept out by the feed's own rules. */
  notAdmitted: number;
  /** Of them over when they were read. */
  expired: number;
  leftOut: TallyReport;
  /** What the enricher would do with the records of the page; undefined when there was none, or nobody to ask. */
  usability: Usability | undefined;
  /** False for a feed that listens: there is nothing to fetch. */
  fetched: boolean;
}

const SHOWN = 5;

/** Fetches one page of a feed as if for the first time. Publishes nothing and moves no cursor. Rejects with what the feed says. */
export async function checkFeed(
  configured: ConfiguredFeed,
  context: {
    fetcher: Fetcher;
    log: Log;
    lifetimeOf: LifetimeOf;
    judge?: Judge;
    clock?: Clock;
    signal?: AbortSignal;
    show?: number;
  },
): Promise<FeedCheck> {
  const tally = createTally();
  const check: FeedCheck = {
    records: [],
    read: 0,
    unreadable: 0,
    notAdmitted: 0,
    expired: 0,
    leftOut: tally.take(),
    usability: undefined,
    fetched: false,
  };
  const { settings } = configured;
  const { show = SHOWN, clock = REAL_CLOCK, judge } = context;
  const usability = judge === undefined ? undefined : createUsabilityWatch(judge);
  const rules = { admits: createAdmission(settings), ageing: createAgeing(settings, context.lifetimeOf) };
  const fetcher = transported(context.fetcher, transportOf(settings), clock);
  const feed = configured.open({ fetcher, log: context.log, clock });
  if (feed.kind === 'listening') return check;
  const startedAt = clock.now();
  const pages = feed.poll({
    cursor: null,
    startedAt,
    validUntil: new Date(startedAt + grantOf(feed.every)).toISOString(),
    republishDue: true,
    once: true,
    signal: context.signal ?? new AbortController().signal,
    tally,
    postpone: () => {},
  });
  try {
    for await (const page of pages) {
      for (const record of page.records) {
        const outgoing = toOutgoing(record, settings, new Date(startedAt).toISOString(), rules);
        if (typeof outgoing !== 'string') {
          usability?.see(outgoing, startedAt);
          if (outgoing.over) check.expired += 1;
        }
        if (record instanceof Unreadable) check.unreadable += 1;
        else if (outgoing === 'too_large') tally.tooLong(1);
        else if (typeof outgoing === 'string') check.notAdmitted += 1;
        else if (check.records.length < show) check.records.push(record as RawIndicator);
      }
      check.read = page.records.length;
      if (check.read > 0) break;
    }
  } finally {
    await feed.close?.();
    await fetcher.close();
  }
  return { ...check, leftOut: tally.take(), usability: usability?.now(), fetched: true };
}
