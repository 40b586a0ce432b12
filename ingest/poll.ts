import { TiplineError } from '../core/process/errors.ts';
import type { Page, PolledFeed } from './feed.ts';
import {
  BusFailure,
  deliver,
  type FeedCounts,
  type FeedRun,
  reportFailure,
  reportQuarantine,
  reportReading,
  reportUsability,
} from './feed-run.ts';
import { FetchError } from './fetch/fetch-error.ts';
import { createLimitCheck } from './limits.ts';
import { grantOf } from './schedule.ts';
import { keepGoodAlive, type ListReading, Quarantined, readWholeList } from './snapshot/read-list.ts';

export type PollOutcome =
  | { kind: 'ok' }
  | { kind: 'failed'; error: TiplineError; retryAfterMs: number | undefined }
  /** The source is well, but its list is held back. */
  | { kind: 'held'; error: TiplineError }
  | { kind: 'stopped' };

export interface PollOptions {
  once: boolean;
  /** Milliseconds after which an unchanged list is published again. */
  republishAfter: number;
}

/** Looks at a local feed come every second; its state is written when something came, or so often. */
const SAVE_LOCAL_MS = 60_000;

/**
 * Reads a feed once: page by page, each on the bus before the next is asked for, and its cursor kept as soon as it is there. A fault of the
 * feed is an outcome; only a BusFailure is thrown.
 */
export async function pollOnce(run: FeedRun, feed: PolledFeed, options: PollOptions): Promise<PollOutcome> {
  const { keeper, signal } = run;
  const startedAt = run.clock.now();
  const before = { ...run.counts };
  run.usability?.begin(feed.local);
  const wholeList = isJudged(run, feed);
  const withinLimits = createLimitCheck(run.settings.limits ?? {}, startedAt, wholeList);
  const reading: ListReading = {
    startedAt,
    validUntil: new Date(startedAt + grantOf(feed.every)).toISOString(),
    republishDue:
      startedAt - keeper.state.publishedAt >= options.republishAfter ||
      // an unchanged list does not say what is on it
      (keeper.state.absencesOwed && run.settings.revoke_on_absence === true),
  };
  const pages = feed.poll({
    ...reading,
    cursor: keeper.state.cursor,
    once: options.once,
    signal,
    tally: run.tally,
    memory: run.memory,
    postpone: (until) => keeper.update({ notBefore: until }),
  });
  async function* limited(): AsyncGenerator<Page> {
    for await (const page of pages) {
      withinLimits(page.records, run.clock.now());
      yield page;
    }
  }
  try {
    if (wholeList) await readWholeList(run, limited(), reading);
    else await publishPages(run, limited());
    if (signal.aborted) return { kind: 'stopped' };
  } catch (error) {
    if (error instanceof BusFailure) throw error;
    if (signal.aborted) return { kind: 'stopped' };
    if (wholeList && isAnswer(error)) await keepAlive(run, reading);
    if (signal.aborted) return { kind: 'stopped' };
    reportReading(run, before, feed.local);
    // one bad file fails the feed, and the others were read
    const read = run.counts.read - before.read;
    if (feed.local && read > 0) keeper.update({ records: read });
    if (error instanceof Quarantined) {
      reportQuarantine(run, error);
      return { kind: 'held', error };
    }
    const retryAfterMs = error instanceof FetchError ? error.retryAfterMs : undefined;
    // kept, so that neither a restart nor another process that takes the feed over asks before its time
    const postponed = keeper.state.notBefore > startedAt;
    if (retryAfterMs !== undefined && !postponed) keeper.update({ notBefore: run.clock.now() + retryAfterMs });
    return { kind: 'failed', error: reportFailure(run, error), retryAfterMs };
  }
  noteSuccess(run, feed, startedAt, before);
  reportReading(run, before, feed.local);
  return { kind: 'ok' };
}

async function publishPages(run: FeedRun, pages: AsyncIterable<Page>): Promise<void> {
  for await (const page of pages) {
    await deliver(run, page.records);
    if (page.cursor !== undefined) run.keeper.update({ cursor: page.cursor });
    if (run.signal.aborted) return;
  }
}

/** A list about which nothing is asked need not be read to its end before it is published. */
function isJudged({ settings }: FeedRun, feed: PolledFeed): boolean {
  return feed.snapshot === true && (settings.checks !== false || settings.revoke_on_absence === true);
}

async function keepAlive(run: FeedRun, reading: ListReading): Promise<void> {
  try {
    await keepGoodAlive(run, reading);
  } catch (error) {
    if (error instanceof BusFailure) throw error;
    if (!run.signal.aborted)
      run.log.warn({ error }, 'the last good list cannot be kept alive; what stood on it expires by itself');
  }
}

/** The source answered, but not with the list: a page in HTML, an empty or broken document. */
function isAnswer(error: unknown): boolean {
  return error instanceof TiplineError && !(error instanceof FetchError);
}

function noteSuccess(run: FeedRun, feed: PolledFeed, startedAt: number, before: FeedCounts): void {
  const { keeper, counts } = run;
  const now = run.clock.now();
  const read = counts.read - before.read;
  const usable = reportUsability(run, `${counts.read} records since the start`);
  const { failures, lastOk } = keeper.state;
  if (read > 0 || !feed.local || failures > 0 || now - lastOk > SAVE_LOCAL_MS) {
    keeper.update({
      lastOk: now,
      lasted: now - startedAt,
      ...usable,
      fingerprint: run.fingerprint,
      ...(read > 0 ? { records: read, expired: counts.expired - before.expired, publishedAt: startedAt } : {}),
    });
  }
}
